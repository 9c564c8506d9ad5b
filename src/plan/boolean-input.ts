// Inputs that are true or false.
import { InputError, quote } from './input-error.js';

/**
 * The spellings of YAML 1.2's core schema, the same that `core.getBooleanInput` takes.
 * @throws InputError for any other text
 */
export function parseBoolean(input: string, text: string): boolean {
  if (/^(?:true|True|TRUE)$/.test(text)) return true;
  if (/^(?:false|False|FALSE)$/.test(text)) return false;
  throw new InputError(`${input} is ${quote(text)}. Use true or false.`);
}
