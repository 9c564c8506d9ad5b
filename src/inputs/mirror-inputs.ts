// The inputs mirrors and mirror-logins: further names of the same image, each with its login. Pure.
import { type ImageName, isSameImage, parseImageName, parseRegistry } from '../image/reference.js';
import { InputError } from '../shared/errors.js';
import type { Credentials } from './secrets/credentials.js';
import { type TokenScope, checkMirrorLogin } from './secrets/github-token.js';
import { parseList } from './syntax.js';

export interface Mirror {
  readonly image: ImageName;
  /** Null: no login of its own. Then the image's login is used in the same registry, elsewhere that of the Docker config. */
  readonly credentials: Credentials | null;
}

export interface ParsedMirrors {
  readonly mirrors: readonly Mirror[];
  /** Warnings on items that were left out. */
  readonly warnings: readonly string[];
}

/**
 * @param read the text of an input as it was given
 * @param image the image that is copied
 * @param tokenScope tells GitHub's tokens, which no other registry may get
 * @throws InputError that names the input and the position of the item, and never repeats a password
 */
export function parseMirrors(
  read: (input: 'mirrors' | 'mirror-logins') => string,
  image: ImageName,
  tokenScope: TokenScope,
): ParsedMirrors {
  const names = parseList('mirrors', read('mirrors'), { separator: 'item' });
  const images = names.map((name, index) => parseImageName(name, `mirrors: item ${index + 1},`));
  for (const [index, mirror] of images.entries()) {
    if (isSameImage(mirror, image))
      throw new InputError(`mirrors: item ${index + 1} is the image itself, ${mirror.name}. Leave it out.`);
    if (images.findIndex((other) => isSameImage(other, mirror)) !== index)
      throw new InputError(`mirrors: ${mirror.name} is given twice. Leave one out.`);
  }
  const { logins, warnings } = parseLogins(read('mirror-logins'));
  for (const registry of logins.keys()) {
    if (!images.some((mirror) => mirror.registry === registry))
      throw new InputError(
        `mirror-logins: there is a login for ${registry}, and no mirror in that registry. Add one to mirrors, or leave the login out.`,
      );
  }
  const checked = new Map(
    [...logins].map(([registry, login]) => [registry, checkMirrorLogin(login, registry, tokenScope)]),
  );
  return {
    mirrors: images.map((mirror) => ({ image: mirror, credentials: checked.get(mirror.registry) ?? null })),
    warnings,
  };
}

const FORM = 'REGISTRY=USERNAME:PASSWORD';

function parseLogins(text: string): {
  readonly logins: Map<string, Credentials>;
  readonly warnings: readonly string[];
} {
  const logins = new Map<string, Credentials>();
  const warnings: string[] = [];
  const known = new Set<string>();
  for (const [index, item] of parseList('mirror-logins', text, { separator: 'line' }).entries()) {
    const [, host, username, password] = /^([^=\s]+)=([^:\s]*):(.*)$/s.exec(item) ?? [];
    if (host === undefined || username === undefined || password === undefined)
      throw new InputError(`mirror-logins: item ${index + 1} is not of the form ${FORM}.`);
    const registry = parseRegistry(host);
    if (registry === null)
      throw new InputError(
        // Not quoted: if user name and password are swapped, it is the password.
        `mirror-logins: item ${index + 1}: what stands before "=" is not the host of a registry, such as docker.io. The form is ${FORM}.`,
      );
    if (known.has(registry)) throw new InputError(`mirror-logins: ${registry} is given twice. Leave one out.`);
    known.add(registry);
    if (password === '') {
      // Runs of forks and Dependabot have no secrets: the expression is empty there.
      warnings.push(`mirror-logins: the login for ${registry} has no password in this run, so it is left out.`);
      continue;
    }
    if (username === '') throw new InputError(`mirror-logins: item ${index + 1} (${registry}) has no user name.`);
    logins.set(registry, { username, password });
  }
  return { logins, warnings };
}
