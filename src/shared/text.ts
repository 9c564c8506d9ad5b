// Texts for messages: sizes, errors, and text from outside, shortened and made safe.

/** `12.3 MB` */
export function formatMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** `12.3 s` */
export function formatSeconds(seconds: number): string {
  return `${seconds.toFixed(1)} s`;
}

/** What a server says, for a message: on one line, printable, and no longer than a message can bear. */
export function toSingleLine(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, LONGEST_LINE);
}

const LONGEST_LINE = 200;

/** The message of anything that was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown reason';
}

/** Colours and the like: https://ecma-international.org/publications-and-standards/standards/ecma-48/ */
const TERMINAL_CODES = /\p{Cc}\[[0-?]*[ -/]*[@-~]/gu;

/** Output for a terminal -> plain text. */
export function withoutTerminalCodes(text: string): string {
  return text.replace(TERMINAL_CODES, '');
}

/**
 * Shows a value in an error message on one line, shortened, with control characters escaped.
 * Never call it with a secret.
 */
export function quote(value: string): string {
  // People sometimes give a URL with a login where a name belongs.
  const plain = value.replace(/\/\/[^/\s]*@/g, '//***@');
  const shown = plain.length > 80 ? `${plain.slice(0, 77)}...` : plain;
  return JSON.stringify(shown);
}

/**
 * Whether a text is made of these parts, in their order, with anything or nothing between them. In time that grows with the
 * text: a regular expression with as many wildcards would try every way there is.
 */
export function isMadeOf(text: string, parts: readonly string[]): boolean {
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  // Each part as early as it can be.
  let position = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, position);
    if (found === -1) return false;
    position = found + part.length;
  }
  return text.length - last.length >= position && text.endsWith(last);
}

export function getLastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

/**
 * The name that was probably meant: at most a third of its letters differ, or one is a part of the other
 * (`COMMIT`, `COMMIT_SHA`). Upper and lower case are not told apart.
 * @returns null when none is near
 */
export function findNearest<Name extends string>(word: string, names: readonly Name[]): Name | null {
  const text = word.toLowerCase();
  const ranked = names
    .map((name) => ({ name, other: name.toLowerCase() }))
    .map(({ name, other }) => ({ name, distance: countEdits(text, other), isPart: isPartOf(text, other) }))
    .filter(({ name, distance, isPart }) => isPart || distance <= Math.max(1, name.length / 3))
    .sort((one, other) => one.distance - other.distance);
  return ranked[0]?.name ?? null;
}

/** Whole words of one name make up the other: `COMMIT` and `COMMIT_SHA`, not `A` and `SHA`. */
function isPartOf(one: string, other: string): boolean {
  const words = (name: string): string => `_${name.replace(/[^a-z0-9]+/g, '_')}_`;
  return one !== '' && other !== '' && (words(one).includes(words(other)) || words(other).includes(words(one)));
}

/** Levenshtein's distance. */
function countEdits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of Array.from(from).entries()) {
    const next = [index + 1];
    for (const [column, other] of Array.from(to).entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
