// `script/bench --parsers`: how long the readers of outputs take, and how that grows with the output.
import { type ParserCase, PARSER_CASES } from './parser-cases.js';

const TRIES = 9;
const GROWTH = [1, 2, 4] as const;

/** The best of some tries, in milliseconds: what disturbs a measurement only ever makes it longer. */
function measure(work: () => void, tries = TRIES): number {
  return Math.min(
    ...Array.from({ length: tries }, () => {
      const start = performance.now();
      work();
      return performance.now() - start;
    }),
  );
}

/** A Markdown table. */
export function measureParsers(cases: readonly ParserCase[] = PARSER_CASES): string {
  const rows = cases.map(({ name, size, prepare }) => {
    const [once = 0, ...grown] = GROWTH.map((factor) => measure(prepare(size * factor)));
    const ratios = grown.map((milliseconds) => `${milliseconds.toFixed(1)} ms, ${(milliseconds / once).toFixed(1)}x`);
    return `| ${[name, `${size / 1000} kB`, `${once.toFixed(1)} ms`, ...ratios].join(' | ')} |`;
  });
  const titles = ['what is read', 'size', ...GROWTH.map((factor) => `${factor}x`)];
  return [`| ${titles.join(' | ')} |`, `|${' --- |'.repeat(titles.length)}`, ...rows].join('\n');
}
