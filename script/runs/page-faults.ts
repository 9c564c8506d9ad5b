// What is wrong with a rendered summary: what the Markdown means to be, beside what came of it. Pure.

export interface Chart {
  /** What Mermaid says. */
  readonly error: string | null;
  readonly bars: number;
}

/** What Chromium made of a summary. */
export interface Rendered {
  readonly tables: number;
  /** Without charts. */
  readonly codeBlocks: number;
  readonly charts: readonly Chart[];
  /** Elements and attributes that GitHub would take out. */
  readonly removed: readonly string[];
  /** Pixels. */
  readonly height: number;
}

/** What a summary is written to contain. */
export interface Blocks {
  readonly tables: number;
  readonly codeBlocks: number;
  /** Of each chart, its bars. */
  readonly charts: readonly number[];
}

/** Counts by lines alone, so that a parser's opinion of them can be compared. */
export function countBlocks(markdown: string): Blocks {
  let [tables, codeBlocks] = [0, 0];
  const charts: number[] = [];
  let fence: { readonly marks: string; readonly chart: boolean } | null = null;
  for (const line of markdown.split('\n')) {
    if (fence === null) {
      const [, marks, language] = /^(`{3,})(\w*)$/.exec(line) ?? [];
      if (marks !== undefined) {
        fence = { marks, chart: language === 'mermaid' };
        if (fence.chart) charts.push(0);
        else codeBlocks += 1;
      } else if (/^\|(?: -+ \|)+$/.test(line)) {
        tables += 1;
      }
    } else if (line === fence.marks) {
      fence = null;
    } else if (fence.chart && / :(?:\w+, )?\d{4}-/.test(line)) {
      charts.push((charts.pop() ?? 0) + 1);
    }
  }
  return { tables, codeBlocks, charts };
}

/** @returns a sentence for each fault */
export function findFaults(expected: Blocks, rendered: Rendered): string[] {
  const faults: string[] = [];
  if (rendered.tables !== expected.tables) {
    faults.push(`${expected.tables} tables are written, ${rendered.tables} are shown as tables.`);
  }
  if (rendered.codeBlocks !== expected.codeBlocks) {
    faults.push(`${expected.codeBlocks} code blocks are written, ${rendered.codeBlocks} are shown as code.`);
  }
  if (rendered.charts.length !== expected.charts.length) {
    faults.push(`${expected.charts.length} charts are written, ${rendered.charts.length} are drawn.`);
  }
  for (const [index, { error, bars }] of rendered.charts.entries()) {
    const written = expected.charts[index] ?? 0;
    if (error !== null) faults.push(`Mermaid cannot draw chart ${index + 1}: ${error}`);
    else if (bars === 0) faults.push(`Chart ${index + 1} has no bars.`);
    else if (bars !== written) faults.push(`Chart ${index + 1} should have ${written} bars and has ${bars}.`);
  }
  if (rendered.removed.length > 0) faults.push(`GitHub would take out: ${rendered.removed.join(', ')}.`);
  return faults;
}
