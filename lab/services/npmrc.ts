// What an image needs of this machine's npm settings to get packages as the machine gets them. Pure.
import type { JsonObject } from '../json.js';

/** Where packages come from, and the way there; with the variable that npm knows too. None is a login to a registry. */
const SETTINGS = [
  ['registry', ''],
  ['strict-ssl', ''],
  ['proxy', 'HTTP_PROXY'],
  ['https-proxy', 'HTTPS_PROXY'],
  ['noproxy', 'NO_PROXY'],
] as const;

/**
 * An npmrc.
 * @param settings what `npm config list --json` prints
 * @param cafile where the image has the certificates that npm's setting names; null where there is none
 */
export function toNpmrc(
  settings: JsonObject,
  env: Readonly<Record<string, string | undefined>>,
  cafile: string | null,
): string {
  const found = SETTINGS.map(([name, variable]) => {
    const fromVariable = env[variable] ?? env[variable.toLowerCase()] ?? '';
    return [name, textOf(settings[name]) || fromVariable] as const;
  });
  return [...found, ['cafile', cafile ?? ''] as const]
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.map(textOf).join(',');
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : '';
}
