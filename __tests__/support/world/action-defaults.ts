// The defaults of action.yml, as the runner hands them to the action; expressions are left empty.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';

export async function readActionDefaults(): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(join(import.meta.dirname, '../../../action.yml'), 'utf8');
  const { inputs } = parse(text) as { readonly inputs: Readonly<Record<string, { readonly default?: string }>> };
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { default: preset = '' }]) => [name, preset.includes('${{') ? '' : preset]),
  );
}
