// Finds secrets in texts that must not contain them. Pure; never returns the secret.

/** Shorter secrets occur in texts by chance: they count only if they are the whole text. */
const SHORTEST_SECRET = 8;

/** A text that gives a secret away. */
export interface SecretPart {
  readonly text: string;
  /** Of the secret, counted from 1; null where it has only one, and for the whole. */
  readonly line: number | null;
}

/**
 * Finds a secret in a text: whole, trimmed, one of its lines, or any of these in base64 (also when a longer text was
 * encoded, such as `user:password`).
 * @returns which part of the secret it is; null when the text has none
 */
export function findSecret(text: string, secret: string): SecretPart | null {
  const found = listParts(secret).find(
    (part) => text.includes(part.text) || listBase64Cores(part.text).some((core) => text.includes(core)),
  );
  return found ?? null;
}

/** Whether a text is a secret and nothing else. Of any length, but for settings and words that are no secret. */
export function isSecret(text: string, secret: string): boolean {
  const whole = secret.trim();
  return whole !== '' && text === whole && canBeSecret(whole, true);
}

/**
 * The texts to mask for a secret: each of its lines, trimmed, since builds print them one by one, and the values of those
 * that are settings. Never several lines as one mask: the runner splits such a mask, and a line `{` would turn every `{`
 * of the log into asterisks. Lines that are so short are left out, and settings that are no secret.
 * https://github.com/actions/runner/blob/main/src/Runner.Worker/ActionCommandManager.cs
 */
export function listMasks(secret: string): string[] {
  const lines = listSecretLines(secret);
  const shortest = isOneLine(secret) ? SHORTEST_MASK : SHORTEST_MASKED_LINE;
  const masks = lines.filter(({ text }) => text.length >= shortest).flatMap(withValue);
  return [...new Set(masks.map(({ text }) => text))];
}

/** Whether there is something in a secret to be masked, and all of it is too short. */
export function isTooShortToMask(secret: string): boolean {
  return listSecretLines(secret).length > 0 && listMasks(secret).length === 0;
}

const SHORTEST_MASK = 3;
/** Shortest line of a secret of several lines that counts: shorter ones may be brackets and the like. */
const SHORTEST_MASKED_LINE = 4;

interface Line {
  readonly text: string;
  readonly line: number;
}

function listLines(secret: string): Line[] {
  return secret
    .split(/\r\n|\r|\n/)
    .map((text, index) => ({ text: text.trim(), line: index + 1 }))
    .filter(({ text }) => text !== '');
}

function isOneLine(secret: string): boolean {
  return listLines(secret).length === 1;
}

/** The lines that can be secrets. */
function listSecretLines(secret: string): Line[] {
  const alone = isOneLine(secret);
  return listLines(secret).filter(({ text }) => canBeSecret(text, alone));
}

function listParts(secret: string): SecretPart[] {
  const parts = listSecretLines(secret).flatMap(withValue);
  const all = isOneLine(secret)
    ? parts.map(({ text }) => ({ text, line: null }))
    : [...(parts.length === 0 ? [] : [{ text: secret.trim(), line: null }]), ...parts];
  return all.filter(({ text }) => text.length >= SHORTEST_SECRET);
}

/** A line, and the value that it sets where that is long enough not to occur by chance. */
function withValue(line: Line): Line[] {
  const { value } = parseSetting(line.text) ?? { value: '' };
  return value.length >= SHORTEST_SECRET ? [line, { ...line, text: value }] : [line];
}

/** `NODE_ENV=production`, `export A="b"`, `//registry.npmjs.org/:_authToken=…`, `timeout = 60`, also behind a `#` or `;`. */
function parseSetting(line: string): { readonly name: string; readonly value: string } | null {
  const [, name, given] =
    /^(?:[#;]\s*)?(?:export\s+)?([^\s=:"'{}]+(?::[^\s=:"'{}]+)*)\s*=\s*([^=\s].*)$/.exec(line) ?? [];
  if (name === undefined || given === undefined || name.length > LONGEST_NAME) return null;
  return { name, value: given.replace(/^(["'])(.*)\1$/, '$2') };
}

/** A longer text before a `=` is more likely a key in base64. */
const LONGEST_NAME = 100;

/**
 * Whether a line can be a secret. Settings are told by their names and values: `NODE_ENV=production` and `fund=false` of a
 * file with a token in another line are none.
 * @param alone it is the only line: it may be a password with a `=` in it, so only names in capitals and switches count
 */
function canBeSecret(line: string, alone: boolean): boolean {
  const setting = parseSetting(line);
  if (setting === null) return !COMMON_WORD.test(line);
  const { name, value } = setting;
  if (/^(?:true|false)$/.test(value)) return false;
  if (alone && !/^[A-Z][A-Z0-9_]*$/.test(name)) return true;
  if (NO_SECRET_VALUE.test(value)) return false;
  return SECRET_SETTING.test(name) || !isPlainValue(value);
}

/** Words that every log has: as a mask they would hide it. */
const COMMON_WORD = /^(?:true|false|yes|no|none|null|production|development|staging|test|main|builder)$/i;

/** Names of settings that hold secrets, in files whose names are not only words between underscores. */
const SECRET_SETTING = /pass|pwd|secret|token|auth|key|credential|private|cert|salt|dsn|webhook/i;

/** A longer value may be a pass phrase. */
const LONGEST_PLAIN = 24;

/**
 * Whether a value is no secret by its length or kind: a few words, a number or version, or the address of a public place.
 * Texts that look random are none of these, nor are addresses with a login or a query.
 */
function isPlainValue(value: string): boolean {
  if (/^https?:\/\/[^@?#\s]*$/i.test(value)) return value.split(/[^A-Za-z0-9]+/).every(isPlainWord);
  return (
    value.length <= LONGEST_PLAIN && /^[\w ./:,@+-]*$/.test(value) && value.split(/[^A-Za-z0-9]+/).every(isPlainWord)
  );
}

/** `production`, `Node`, `v20`, `8080`, `utf8`; not `hunter22x` or `aGk3Yq`. */
function isPlainWord(word: string): boolean {
  return /^(?:[A-Z]?[a-z]{0,19}\d{0,2}|[A-Z]{1,12}|\d{1,8})$/.test(word);
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
