// Finds secrets in texts that must not hold them. Pure; never repeats what it found.

/** Shorter values are found everywhere by chance; as a whole value they count all the same. */
const SHORTEST_SECRET = 8;

/**
 * Whether a text holds a secret: as a whole, without the white space around it, one of its lines, or any of these in
 * base64 (also inside a longer text that was encoded, such as `user:password`).
 */
export function holdsSecret(text: string, secret: string): boolean {
  return listParts(secret).some(
    (part) => text.includes(part) || listBase64Cores(part).some((core) => text.includes(core)),
  );
}

/**
 * What the runner is told to mask for a secret: the whole, and each of its lines without the white space around it, since
 * builds print them one by one. Lines of a few characters (`{`) would blacken the whole log and hide nothing.
 */
export function listMasks(secret: string): string[] {
  const lines = secret.split(/[\r\n]+/).map((line) => line.trim());
  return [...new Set([secret, ...lines.filter((line) => line.length >= SHORTEST_MASKED_LINE)])].filter(
    (mask) => mask.trim() !== '',
  );
}

const SHORTEST_MASKED_LINE = 4;

function listParts(secret: string): string[] {
  const whole = secret.trim();
  return [whole, ...whole.split('\n').map((line) => line.trim())].filter((part) => part.length >= SHORTEST_SECRET);
}

/** The characters of a secret's base64 that do not depend on what stands around it, for each of the three alignments. */
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
/** A switch or a placeholder that frameworks ask for (`SECRET_KEY_BASE_DUMMY=1`). */
const NO_SECRET_VALUE = /^(?:|\d{1,3}|true|false|yes|no|on|off|none|dummy)$/i;

/** @param value null when it comes from the environment */
export function looksLikeSecret(name: string, value: string | null): boolean {
  return SECRET_NAME.test(name) && !NO_SECRET_NAME.test(name) && !(value !== null && NO_SECRET_VALUE.test(value));
}
