// The times as a picture that GitHub shows, in light and dark. Pure.
import { VARIANTS, type VariantName } from '../variants/catalog.js';
import { type MeasuredRun, type ScenarioFigures, toFigures } from './figures.js';
import { toFixed } from './tables.js';

const WIDTH = 900;
const [LEFT, RIGHT] = [220, 60];
const [BAR, GAP, GROUP_GAP, HEAD] = [13, 2, 16, 34];
/** Of equal lightness but for the action's. Paul Tol's "muted" scheme, which colour-blind people can tell apart. */
const COLOURS: Readonly<Record<VariantName, string>> = {
  bundle: '#cc3311',
  limit: '#888888',
  recipe: '#4477aa',
  'docker-actions': '#228833',
  'registry-max': '#aa7722',
  'actions-cache': '#66aacc',
  'build-docker-image': '#aa4499',
};

/** Bars of the median times, a block per service and store. The real services', where there are any. */
export function toChart(runs: readonly MeasuredRun[]): string {
  const real = runs.filter(({ service }) => service !== 'random');
  let y = 16;
  const parts: string[] = [];
  for (const run of real.length > 0 ? real : runs) {
    const { svg, bottom } = drawRun(run, y);
    parts.push(svg);
    y = bottom;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y + 8}" viewBox="0 0 ${WIDTH} ${y + 8}" role="img" font-family="-apple-system, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif" font-size="12">`,
    '<title>Seconds per scenario and variant, less is better</title>',
    '<!-- Written by script/write-benchmark. -->',
    '<style>.page{fill:#ffffff}text{fill:#1f2328}@media(prefers-color-scheme:dark){.page{fill:#0d1117}text{fill:#f0f6fc}}</style>',
    `<rect class="page" width="${WIDTH}" height="${y + 8}" rx="6"/>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function drawRun(run: MeasuredRun, top: number): { svg: string; bottom: number } {
  const figures = toFigures(run);
  const longest = Math.max(...figures.flatMap(({ variants }) => variants.map(({ seconds }) => seconds || 0)));
  const scale = (WIDTH - LEFT - RIGHT) / longest;
  const lines = [
    `<text x="16" y="${top + 16}" font-size="15" font-weight="600">${run.service} service, ${run.store} store: seconds, median</text>`,
  ];
  let y = top + HEAD;
  for (const group of figures) {
    lines.push(...drawGroup(group, y, scale));
    y += group.variants.length * (BAR + GAP) + GROUP_GAP;
  }
  return { svg: lines.join('\n'), bottom: y + 8 };
}

function drawGroup({ title, variants }: ScenarioFigures, top: number, scale: number): readonly string[] {
  return variants.flatMap(({ variant, seconds }, index) => {
    const y = top + index * (BAR + GAP);
    const weight = variant === 'bundle' ? ' font-weight="600"' : '';
    const width = Number.isNaN(seconds) ? 0 : Math.max(1, seconds * scale);
    return [
      ...(index === 0 ? [`<text x="16" y="${y + 11}">${title}</text>`] : []),
      `<text x="${LEFT - 8}" y="${y + 11}" text-anchor="end" font-size="11"${weight}>${VARIANTS[variant].title}</text>`,
      `<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" fill="${COLOURS[variant]}"/>`,
      `<text x="${(LEFT + width + 5).toFixed(1)}" y="${y + 11}" font-size="11"${weight}>${toFixed(seconds, 1)}</text>`,
    ];
  });
}
