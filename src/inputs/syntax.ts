// The syntax of inputs: lists, booleans, lists of attributes.
// Source of the rules: https://github.com/docker/actions-toolkit/blob/main/src/util.ts, `Util.getList`
import { parse } from 'csv-parse/sync';
import { InputError } from '../shared/errors.js';
import { isRecord, isStringList } from '../shared/json.js';
import { quote } from '../shared/text.js';

export interface ListSyntax {
  /** `item`: commas and line breaks separate items. `line`: each line is one item, with its commas. */
  readonly separator: 'item' | 'line';
  /** Keep white space at the end of items: secrets may end with it. */
  readonly keepWhitespace?: boolean;
}

/**
 * Splits an input into its items; empty items are left out.
 * @throws InputError when a quote is not closed. The text is never repeated: it may be a secret.
 */
export function parseList(input: string, text: string, { separator, keepWhitespace = false }: ListSyntax): string[] {
  const records = parseRecords(input, keepWhitespace ? text : text.trim());
  const items = records.flatMap((record) => {
    if (separator === 'line') return [record.join(',')];
    // A quoted record of one field is split again, as docker/build-push-action does.
    return record.length === 1 ? (record[0] ?? '').split(',') : record;
  });
  return items.map((item) => (keepWhitespace ? item.trimStart() : item.trim())).filter((item) => item !== '');
}

function parseRecords(input: string, text: string): string[][] {
  let records: unknown;
  try {
    records = parse(text, { columns: false, relaxQuotes: true, relaxColumnCount: true, skipEmptyLines: true });
  } catch (error) {
    const line = isRecord(error) && typeof error.lines === 'number' ? ` near line ${error.lines}` : '';
    throw new InputError(
      `${input}: the list cannot be read${line}: a double quote is opened and not closed. Close it, or double it ("") to mean itself.`,
    );
  }
  if (!Array.isArray(records) || !records.every(isStringList))
    throw new InputError(`${input}: the list cannot be read.`);
  return records.map((record) => [...record]);
}

/**
 * The spellings of YAML 1.2's core schema, the same that `core.getBooleanInput` takes.
 * @throws InputError for any other text
 */
export function parseBoolean(input: string, text: string): boolean {
  if (/^(?:true|True|TRUE)$/.test(text)) return true;
  if (/^(?:false|False|FALSE)$/.test(text)) return false;
  throw new InputError(`${input} is ${quote(text)}. Use true or false.`);
}

/** Hides credentials among the attributes of a cache source (`type=s3,secret_access_key=…`). */
export function redactAttributes(source: string): string {
  // A field in quotes may have commas in its value.
  return source.replace(/"(?:[^"]|"")*"?|[^,"]+/g, (field) => {
    const equals = field.indexOf('=');
    const name = field.slice(0, equals).replace('"', '');
    return equals !== -1 && /secret|token|password|key/i.test(name) ? `${name}=***` : field;
  });
}

/** Buildx reads the values of --secret, --output and --attest as one CSV record. */
export function csvFields(...fields: readonly string[]): string {
  return fields.map((field) => (/[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',');
}
