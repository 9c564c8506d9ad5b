// action.yml, cleanup/action.yml and the tag table -> the tables of docs/reference.md. Pure.
import { parse } from 'yaml';
import { toTagTable } from './tag-table.js';

interface ActionFile {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: string }>>;
  readonly outputs: Readonly<Record<string, { readonly description: string }>>;
}

/**
 * @param text docs/reference.md: what stands between `<!-- begin NAME -->` and `<!-- end NAME -->` is written anew, the
 *   rest stays
 * @param actionYaml action.yml
 * @param cleanupYaml cleanup/action.yml
 * @throws Error where a table has no place in the text, or a place has no table
 */
export function toReference(text: string, actionYaml: string, cleanupYaml: string): string {
  const action = parse(actionYaml) as ActionFile;
  const cleanup = parse(cleanupYaml) as ActionFile;
  const tables: Readonly<Record<string, readonly (readonly string[])[]>> = {
    inputs: toInputs(action),
    outputs: toOutputs(action),
    tags: toTagTable(),
    'cleanup inputs': toInputs(cleanup),
    'cleanup outputs': toOutputs(cleanup),
  };
  const placed = [...text.matchAll(/^<!-- begin (.+) -->$/gm)].map(([, name = '']) => name);
  if (placed.toSorted().join() !== Object.keys(tables).toSorted().join())
    throw new Error(
      `docs/reference.md has places for ${placed.join(', ')}; there is ${Object.keys(tables).join(', ')}.`,
    );
  return text.replace(
    /^<!-- begin (.+) -->$[^]*?^<!-- end \1 -->$/gm,
    (_, name: string) => `<!-- begin ${name} -->\n\n${toMarkdownTable(tables[name]!)}\n\n<!-- end ${name} -->`,
  );
}

function toInputs({ inputs }: ActionFile): string[][] {
  const rows = Object.entries(inputs).map(([name, { description, default: value }]) => [
    `\`${name}\``,
    value === '' ? '' : `\`${value}\``,
    description,
  ]);
  return [['Input', 'Default', 'Meaning'], ...rows];
}

function toOutputs({ outputs }: ActionFile): string[][] {
  return [
    ['Output', 'Meaning'],
    ...Object.entries(outputs).map(([name, { description }]) => [`\`${name}\``, description]),
  ];
}

/** As Prettier has it: cells of a column are equally wide. */
function toMarkdownTable(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = cells[0]!.map((_, column) => Math.max(3, ...cells.map((row) => row[column]!.length)));
  const toLine = (row: readonly string[], fill = ' '): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!, fill)).join(' | ')} |`;
  const [header = [], ...body] = cells;
  return [
    toLine(header),
    toLine(
      header.map(() => ''),
      '-',
    ),
    ...body.map((row) => toLine(row)),
  ].join('\n');
}
