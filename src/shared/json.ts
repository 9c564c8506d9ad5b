// Foreign JSON is `unknown` until it is checked: the checks, and readers that give something of the type in any case.

export type JsonRecord = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** A JSON list of texts, such as that of an instruction's exec form; null for anything else. */
export function parseStringList(text: string): readonly string[] | null {
  try {
    const value: unknown = JSON.parse(text);
    return isStringList(value) ? value : null;
  } catch {
    return null;
  }
}

/** A size, an index or a number of things: 0 or a whole number above it. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** @returns null for what is not JSON, and for JSON that is no object */
export function parseObject(text: string | Buffer): JsonRecord | null {
  try {
    const value: unknown = JSON.parse(text.toString());
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

/** @returns the member at that path; undefined where there is none, and for what an object merely inherits */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const key of path) {
    if (!isRecord(found) || !Object.hasOwn(found, key)) return undefined;
    found = found[key];
  }
  return found;
}

/** Empty for what is no object. */
export function asRecord(value: unknown): JsonRecord {
  return isRecord(value) ? value : {};
}

/** Empty for what is no list. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The objects of a list; empty for what is no list. */
export function asRecords(value: unknown): readonly JsonRecord[] {
  return asList(value).filter(isRecord);
}

/** Empty for what is no text. */
export function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A date as text (ISO 8601, RFC 3339, or that of an HTTP header) -> milliseconds since 1970; null for anything else. */
export function asTime(value: unknown): number | null {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}
