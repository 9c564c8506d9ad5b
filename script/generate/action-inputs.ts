import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';

interface Input {
  readonly description: string;
  readonly default: string;
}
const { inputs } = parse(readFileSync('action.yml', 'utf8')) as { readonly inputs: Readonly<Record<string, Input>> };
const table = Object.fromEntries(
  Object.entries(inputs).map(([name, input]) => [name, { description: input.description, default: input.default }]),
);
writeFileSync(
  'src/inputs/action-inputs.ts',
  `// What action.yml says of each input. Written by script/write-action-inputs.
import type { InputName } from './inputs.js';

export interface ActionInput {
  readonly description: string;
  /** As in action.yml: it may be an expression of a workflow. */
  readonly default: string;
}

export const ACTION_INPUTS: Readonly<Record<InputName, ActionInput>> = ${JSON.stringify(table)};
`,
);
