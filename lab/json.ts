// JSON from outside is unknown until checked. The lab has its own few checks, since it must not test the product with the
// product's own code.

/** A JSON object whose members are not known yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Tells whether a value is an object that is neither null nor a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as an object, or an error that names what was expected to be one. */
export function parseObject(value: unknown, what: string): JsonObject {
  if (!isObject(value)) throw new Error(`${what} is not a JSON object: ${JSON.stringify(value)}`);
  return value;
}

/** A string member of an object. */
export function stringMember(object: JsonObject, name: string): string {
  const value = object[name];
  if (typeof value !== 'string') throw new Error(`"${name}" is not a string: ${JSON.stringify(value)}`);
  return value;
}

/** An object member of an object. */
export function objectMember(object: JsonObject, name: string): JsonObject {
  return parseObject(object[name], `"${name}"`);
}

/** A member that is a list of objects; a missing one is an empty list. */
export function objectList(object: JsonObject, name: string): readonly JsonObject[] {
  const value = object[name] ?? [];
  if (!Array.isArray(value)) throw new Error(`"${name}" is not a list: ${JSON.stringify(value)}`);
  return value.map((item: unknown) => parseObject(item, `an item of "${name}"`));
}

/** Text that holds one JSON object. */
export function parseJsonObject(text: string, what: string): JsonObject {
  const value: unknown = JSON.parse(text);
  return parseObject(value, what);
}
