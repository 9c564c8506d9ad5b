// docs/benchmark.md, from what was measured. Pure: the same data give the same page.
import { VARIANTS, VARIANT_NAMES, titleOf } from '../variants/catalog.js';
import { type MeasuredRun, toFigures } from './figures.js';
import { toComparisonTable, toFixed, toOwnTime, toTable } from './tables.js';

/** From here on a variant counts as faster than the action. */
const NOTABLE = 1.03;

/** The whole page. @param chart address of the picture, from the page */
export function toPage(runs: readonly MeasuredRun[], chart: string): string {
  return [
    '<!-- Written by script/write-benchmark from benchmark.json. -->',
    '# Benchmark',
    'This action beside other ways to build and push an image: the same commits, the same registry, an engine with nothing in it for each try. Every figure of this page is written by a script from the tries in [benchmark.json](benchmark.json).',
    ...writeMethod(runs),
    ...writeVariants(runs),
    '## Figures',
    `![Seconds of each variant in each scenario; the tables below have the same figures](${chart})`,
    'Times, megabytes and steps are medians; in brackets the shortest and the longest, where they differ. "Time, action : it" is the median of the ratios of the rounds, so it need not be the quotient of the two medians: below 1 the action is faster. Megabytes are layers that the steps made, without those of base images; with the actions cache, what the cache service moves is in them.',
    ...runs.flatMap(writeRun),
    '## Where the action is not the fastest',
    `Every variant whose time is shorter than the action's by more than ${Math.round((NOTABLE - 1) * 100)} %, as the tables have it:`,
    listSlower(runs),
    ...writeRepeat(runs),
  ]
    .join('\n\n')
    .concat('\n');
}

function writeMethod(runs: readonly MeasuredRun[]): readonly string[] {
  const where = [...new Set(runs.map(({ where }) => where))];
  return [
    '## How it was measured',
    ...where.map((line) => `${line}.`),
    [
      '- A **try** is one run of one variant. Before it the engine is emptied (containers, images and build cache, as on a hosted runner), the registry gets a copy of the state that this variant starts from, and the disk is synchronised.',
      '- A **round** is one try of each variant in one scenario, one after the other; every second round has them in the opposite order.',
      '- **States**: each variant starts from what it has itself pushed, built by its own commands on a fresh engine per commit: main, and then a branch `topic` that changed the source.',
      '- **Scenarios**: _cold_, main with nothing in the registry; _unchanged_, a commit of `topic` that changes nothing that is built; _source changed_ and _dependencies changed_, commits of `topic` with one line of source or one more dependency.',
      "- **Time** is that of the variant's commands alone. **Unique tag served after** is from the start until the registry has the image under the commit's tag (the action's for pull requests is `review-pr-<number>-<sha>-<time>`): from then on it can be deployed, while a variant that keeps something for the next commit may go on.",
      "- **Services**: `node` and `python` are small services as teams write them ([lab/real-services](../lab/real-services)), on Debian base images with Node and Python; npm's and pip's packages come from the registries that the machine uses, and lint and tests run in the builder. `random` installs about 250 MB of random bytes, and has nearly no work besides: it shows what moving layers costs.",
      '- **Not measured**: the distance to a real registry (it listens on the same machine, so pushing and pulling cost less than on a hosted runner; `--delay` and `--bandwidth` put some in between), the cache service of GitHub, the start and download of actions, the driver docker-container, several platforms, and scans.',
    ].join('\n'),
  ];
}

function writeVariants(runs: readonly MeasuredRun[]): readonly string[] {
  const measured = VARIANT_NAMES.filter((name) =>
    runs.some(({ tries }) => tries.some(({ variant }) => variant === name)),
  );
  return [
    '## The variants',
    toTable([
      ['Variant', 'Stands for', 'To be read with it'],
      ...measured.map((name) => [titleOf(name), VARIANTS[name].standsFor, VARIANTS[name].note]),
    ]),
    'Their commands, for `SHA` on `BRANCH`. Each build also has `--progress=plain` and what the service needs: build arguments, a secret file, `--network host`.',
    `\`\`\`text\n${measured.map((name) => `${titleOf(name)}:\n${VARIANTS[name].commands.map((command) => `  ${command}`).join('\n')}`).join('\n\n')}\n\`\`\``,
  ];
}

function writeRun(run: MeasuredRun): readonly string[] {
  const rounds = [
    ...new Set(toFigures(run).map(({ variants }) => Math.max(...variants.map(({ tries }) => tries.length)))),
  ];
  return [
    `### ${run.service}, ${run.store} store`,
    `${rounds.join(' or ')} round${rounds.join() === '1' ? '' : 's'}. ${toOwnTime(run)}`,
    toComparisonTable(run),
  ];
}

function listSlower(runs: readonly MeasuredRun[]): string {
  const lines = runs.flatMap((run) =>
    toFigures(run).flatMap(({ title, variants }) =>
      variants
        .filter(({ ratio, variant }) => variant !== 'bundle' && ratio > NOTABLE)
        .map(({ ratio, variant, seconds }) => {
          const action = variants.find((one) => one.variant === 'bundle')!;
          const [own, other] = [action.seconds, seconds].map((value) => toFixed(value, 1));
          return `- ${run.service}, ${run.store}, ${title}: ${titleOf(variant)} ${other} s, action ${own} s (${toFixed(ratio, 2)})`;
        }),
    ),
  );
  return lines.length === 0 ? 'None.' : lines.join('\n');
}

function writeRepeat(runs: readonly MeasuredRun[]): readonly string[] {
  const commands = runs.map(({ service, store, tries }) => {
    const rounds = Math.max(...tries.map(({ round }) => round));
    const scenarios = toFigures({ service, store, where: '', tries }).map(({ scenario }) => scenario);
    return `script/bench --service ${service} --stores ${store} --scenarios ${scenarios.join(',')} --variants all --pairs ${rounds} --json ${service}-${store}.json`;
  });
  const files = runs.map(({ service, store }) => `${service}-${store}.json`);
  return [
    '## Repeat it',
    'On Linux, with node and git, and as root or with sudo for the private engines. The services of Node and Python need the registries of npm and pip, and `apt-get` for their base images.',
    `\`\`\`sh\n${[...commands, `script/write-benchmark ${files.join(' ')}`].join('\n')}\n\`\`\``,
    'The last command writes this page, its picture and benchmark.json, and prints which of our own goals are reached. `script/bench --help` has the other options. A scenario that was measured again can be given in a file of its own behind the others: its tries take the place of the older ones.',
  ];
}
