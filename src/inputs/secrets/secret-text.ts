// Finds secrets in texts that must not contain them. Pure; never returns the secret.

/** Shorter secrets occur in texts by chance: they count only if they are the whole text. */
const SHORTEST_SECRET = 8;

/**
 * Whether a text contains a secret: whole, trimmed, one of its lines, or any of these in base64 (also when a longer text
 * was encoded, such as `user:password`).
 */
export function holdsSecret(text: string, secret: string): boolean {
  return listParts(secret).some(
    (part) => text.includes(part) || listBase64Cores(part).some((core) => text.includes(core)),
  );
}

/**
 * The texts to mask for a secret: each of its lines, trimmed, since builds print them one by one. Never several lines as
 * one mask: the runner splits such a mask, and a line `{` would turn every `{` of the log into asterisks. Lines that are
 * so short are left out.
 * https://github.com/actions/runner/blob/main/src/Runner.Worker/ActionCommandManager.cs
 */
export function listMasks(secret: string): string[] {
  const lines = listLines(secret);
  const shortest = lines.length === 1 ? SHORTEST_MASK : SHORTEST_MASKED_LINE;
  return [...new Set(lines.filter((line) => line.length >= shortest))];
}

/** Whether a secret is not empty, but too short to be masked. */
export function isTooShortToMask(secret: string): boolean {
  return secret.trim() !== '' && listMasks(secret).length === 0;
}

/** Whether a secret is one line, and long enough not to occur by chance. */
export function isLongLine(secret: string): boolean {
  const lines = listLines(secret);
  return lines.length === 1 && lines.every((line) => line.length >= SHORTEST_SECRET);
}

const SHORTEST_MASK = 3;
/** Shortest line of a secret of several lines that counts: shorter ones may be brackets and the like. */
const SHORTEST_MASKED_LINE = 4;

function listLines(secret: string): string[] {
  return secret
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function listParts(secret: string): string[] {
  const whole = secret.trim();
  return [whole, ...whole.split('\n').map((line) => line.trim())].filter((part) => part.length >= SHORTEST_SECRET);
}

/** The part of a secret's base64 that does not depend on the text around it, for each of the three alignments. */
function listBase64Cores(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  return [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const core = encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/**
 * Names that look like secrets: the rule of BuildKit's check SecretsUsedInArgOrEnv, whole words between underscores, and
 * GitHub's `PAT`.
 * https://github.com/moby/buildkit/blob/master/frontend/dockerfile/dockerfile2llb/validations.go
 */
const SECRET_NAME = /(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token|pat)(?:_|$)/i;
const NO_SECRET_NAME = /(?:_|^)public(?:_|$)/i;
/** Values that are no secrets: switches, and placeholders that frameworks need (`SECRET_KEY_BASE_DUMMY=1`). */
const NO_SECRET_VALUE = /^(?:|\d{1,3}|true|false|yes|no|on|off|none|dummy)$/i;

/** @param value null when it comes from the environment */
export function looksLikeSecret(name: string, value: string | null): boolean {
  return SECRET_NAME.test(name) && !NO_SECRET_NAME.test(name) && !(value !== null && NO_SECRET_VALUE.test(value));
}
