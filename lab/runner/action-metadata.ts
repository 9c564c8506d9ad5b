// Reads action.yml: what the runner needs of it to start a JavaScript action.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { isObject, objectMember, parseObject, stringMember } from '../json.js';

/** A JavaScript action as its action.yml describes it. */
export interface ActionMetadata {
  /** `node24` … */
  readonly using: string;
  readonly main: string;
  readonly post?: string;
  readonly postIf: string;
  /** Every declared input; without a default the value is empty, as the runner has it. */
  readonly defaults: Readonly<Record<string, string>>;
  readonly outputs: readonly string[];
}

/** Reads the action.yml of a folder. */
export async function readActionMetadata(directory: string): Promise<ActionMetadata> {
  const document: unknown = parse(await readFile(join(directory, 'action.yml'), 'utf8'));
  const action = parseObject(document, 'action.yml');
  const runs = objectMember(action, 'runs');
  const inputs = isObject(action.inputs) ? action.inputs : {};
  return {
    using: stringMember(runs, 'using'),
    main: stringMember(runs, 'main'),
    ...(typeof runs.post === 'string' && { post: runs.post }),
    postIf: typeof runs['post-if'] === 'string' ? runs['post-if'] : 'always()',
    defaults: Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, defaultOf(input)])),
    outputs: isObject(action.outputs) ? Object.keys(action.outputs) : [],
  };
}

function defaultOf(input: unknown): string {
  const value = isObject(input) ? input.default : undefined;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
