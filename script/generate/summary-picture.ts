// A recorded job summary -> an SVG picture of it, in about the form in which GitHub shows it. Pure: it needs no browser, and
// has every word and figure from the record. script/render-summaries draws what GitHub really draws.

const WIDTH = 900;
const LEFT = 24;
const INNER = WIDTH - 2 * LEFT;
const LINE = 24;
/** Of a character of the fixed-width font, and a generous mean of the other one, in pixels: fonts differ. */
const [FIXED, TEXT] = [7.25, 7.3];
const LONGEST_CELL = 48;
const BAR = 22;
const LABELS = 350;
/** By the states of Mermaid's bars: a step ran, layers were read, written or pushed, failed. */
const COLOURS: Readonly<Record<string, string>> = {
  active: '#bfc7ff',
  done: '#d3d3d3',
  crit: '#ff8888',
  '': '#8a90dd',
};

interface Bar {
  readonly label: string;
  readonly state: string;
  /** Milliseconds since the first bar began. */
  readonly start: number;
  readonly end: number;
}

/**
 * @param markdown a summary as the action writes it; what comes after the chart is left out
 * @returns an SVG document
 * @throws Error where the summary has no heading, table or chart
 */
export function toSummaryPicture(markdown: string): string {
  const [, heading] = /^### (.*)$/m.exec(markdown) ?? [];
  const [, image] = /^```text\n(.*)\n```$/m.exec(markdown) ?? [];
  const rows = [...markdown.matchAll(/^\| (?!---)(.*) \|$/gm)].map(([, row = '']) => row.split(' | '));
  const [beforeChart = '', chart = ''] = markdown.split('```mermaid\n');
  const items = [...beforeChart.matchAll(/^- (.*)$/gm)].map(([, item = '']) => item);
  const sections = readSections(chart.split('\n```')[0]!);
  if (heading === undefined || image === undefined || rows.length === 0 || sections.length === 0)
    throw new Error('The summary has not what the picture shows: heading, image, table and chart.');
  const parts = [drawHeading(heading), drawCode(image), drawTable(rows), drawList(items), drawChart(sections)];
  const { body, height } = stack(parts);
  const font = "-apple-system, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif";
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="${font}" font-size="13" fill="#1f2328">
<!-- Written by script/write-docs from the record of a run. -->
<rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="6" fill="#ffffff" stroke="#d1d9e0"/>
${body}
</svg>
`;
}

interface Part {
  readonly lines: readonly string[];
  readonly height: number;
}

/** One below the other. */
function stack(parts: readonly Part[]): { body: string; height: number } {
  let y = 20;
  const groups = parts.map(({ lines, height }) => {
    const group = `<g transform="translate(${LEFT} ${y})">\n${lines.join('\n')}\n</g>`;
    y += height + 16;
    return group;
  });
  return { body: groups.join('\n'), height: y + 4 };
}

function drawHeading(heading: string): Part {
  return { lines: [toText(0, 20, heading, 'font-size="18" font-weight="600"')], height: 26 };
}

function drawCode(code: string): Part {
  return {
    lines: [
      `<rect width="${INNER}" height="44" rx="6" fill="#f6f8fa"/>`,
      toText(16, 27, shorten(code, (INNER - 32) / FIXED), MONOSPACE),
    ],
    height: 44,
  };
}

function drawTable(table: readonly (readonly string[])[]): Part {
  const rows = table.map((row) => row.map((cell) => shorten(cell, LONGEST_CELL)));
  const columns = rows[0]!.map((_, column) => Math.max(...rows.map((row) => toPlain(row[column]!).length)) * TEXT + 24);
  const scale = Math.min(1, INNER / columns.reduce((sum, width) => sum + width, 0));
  const widths = columns.map((width) => Math.floor(width * scale));
  const height = 32;
  const lines = rows.flatMap((row, index) => {
    let x = 0;
    return row.flatMap((cell, column) => {
      const width = widths[column]!;
      const box = `<rect x="${x}" y="${index * height}" width="${width}" height="${height}" fill="none" stroke="#d1d9e0"/>`;
      const style = index === 0 ? 'font-weight="600"' : '';
      const text = toText(x + 10, index * height + 21, shorten(cell, (width - 16) / (TEXT * scale)), style);
      x += width;
      return [box, text];
    });
  });
  return { lines, height: rows.length * height };
}

function drawList(items: readonly string[]): Part {
  const lines = items.flatMap((item, index) => [
    `<circle cx="8" cy="${index * LINE + 12}" r="2.5"/>`,
    toText(22, index * LINE + 17, shorten(item, (INNER - 22) / TEXT)),
  ]);
  return { lines, height: items.length * LINE };
}

function drawChart(sections: readonly { readonly name: string; readonly bars: readonly Bar[] }[]): Part {
  const end = Math.max(...sections.flatMap(({ bars }) => bars.map((bar) => bar.end)));
  const room = INNER - LABELS;
  const toX = (time: number): number => Math.round(LABELS + (time / end) * room);
  const lines: string[] = [];
  let y = 0;
  for (const { name, bars } of sections) {
    lines.push(toText(0, y + 15, name, 'font-weight="600"'));
    y += BAR;
    for (const { label, state, start, end: until } of bars) {
      lines.push(toText(0, y + 15, shorten(label, LABELS / 6), 'font-size="12"'));
      const width = Math.max(2, toX(until) - toX(start));
      lines.push(
        `<rect x="${toX(start)}" y="${y + 3}" width="${width}" height="${BAR - 6}" rx="2" fill="${COLOURS[state]!}"/>`,
      );
      y += BAR;
    }
  }
  const step = Math.max(1, Math.round(end / 1000 / 8));
  for (let second = 0; second * 1000 <= end; second += step) {
    const x = toX(second * 1000);
    lines.unshift(`<path d="M${x} 0V${y}" stroke="#eaeef2"/>`);
    lines.push(toText(x, y + 16, `${second} s`, 'font-size="11" fill="#59636e" text-anchor="middle"'));
  }
  return { lines, height: y + 20 };
}

function readSections(chart: string): { name: string; bars: Bar[] }[] {
  return chart
    .split(/^ *section /m)
    .slice(1)
    .map((section) => {
      const [name = '', ...bars] = section.trimEnd().split('\n');
      return { name, bars: bars.map(readBar) };
    });
}

/** `5/8 RUN make 0.5 s :active, 2000-01-01 00:00:08.182, 2000-01-01 00:00:08.668` */
function readBar(line: string): Bar {
  const [, label = '', state = '', start = '', end = ''] =
    /^ *(.*) :(?:(\w+), )?(\d{4}-[\d :.-]+), (\d{4}-[\d :.-]+)$/.exec(line) ?? [];
  if (label === '') throw new Error(`This is no bar of a chart: ${line}`);
  const toTime = (text: string): number => Date.parse(`${text.replace(' ', 'T')}Z`) - Date.UTC(2000, 0, 1);
  return { label, state, start: toTime(start), end: toTime(end) };
}

const MONOSPACE = `font-family="ui-monospace, 'SF Mono', Menlo, Consolas, monospace" font-size="12"`;

function toText(x: number, y: number, markdown: string, style = ''): string {
  const spans = markdown
    .split('`')
    .map((part, index) => (index % 2 === 0 ? escapeXml(part) : `<tspan ${MONOSPACE}>${escapeXml(part)}</tspan>`))
    .join('');
  return `<text x="${x}" y="${y}"${style === '' ? '' : ` ${style}`}>${spans}</text>`;
}

function toPlain(markdown: string): string {
  return markdown.replaceAll('`', '');
}

/** By characters, so that it does not run out of its box; code that is cut off ends. */
function shorten(markdown: string, most: number): string {
  if (toPlain(markdown).length <= most) return markdown;
  const cut = markdown.slice(0, Math.floor(most) - 1);
  return `${cut}${cut.split('`').length % 2 === 0 ? '`' : ''}…`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
