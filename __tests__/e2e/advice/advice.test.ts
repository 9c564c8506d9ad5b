// The examples of docs/dockerfiles.md, before and after, on a real engine: a run with another source promises a saving, and
// the same run of the changed Dockerfile keeps at least half of it. npm and apk are stand-ins whose work takes its time.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { writeBusybox } from '../../../lab/engine/base-image.js';
import { pushFolderImage } from '../../../lab/engine/folder-image.js';
import type { ActionResult } from '../../../lab/runner/action-run.js';
import type { Team } from '../../../lab/services/team.js';
import { expectSuccess, useLab } from '../../support/e2e.js';
import { readLayers } from '../../support/moved-layers.js';
import { sampleOf, testByNight } from '../../support/nightly.js';

const PAGE = readFileSync(new URL('../../../docs/dockerfiles.md', import.meta.url), 'utf8');
const fixture = useLab({ stores: ['containerd'] });
let tools: string;

/** Six megabytes that no compression makes smaller: the same each time, and no two blocks alike. */
const writePackages = (): Buffer =>
  Buffer.concat(Array.from({ length: 6_000_000 / 64 }, (_, index) => createHash('sha512').update(`${index}`).digest()));

const NPM = `#!/bin/sh
set -eu
case "$*" in
  ci|'ci --omit=dev')
    sleep 3
    mkdir -p node_modules/runs
    cp /usr/local/share/packages node_modules/runs/
    [ $# -eq 2 ] || echo tests >node_modules/tests
    ;;
  'prune --omit=dev')
    sleep 3
    rm node_modules/tests
    # As tools of a build do, which keep something there.
    mkdir -p node_modules/.cache
    cat src/greeting >node_modules/.cache/build
    echo 'removed 1 package, and audited 1 package in 3s'
    ;;
  'run build')
    mkdir -p dist
    cat src/greeting >dist/service
    cp /usr/local/share/packages dist/
    ;;
  *) exit 1 ;;
esac
`;
const APK = '#!/bin/sh\nsleep 3\n';

async function writeTools(root: string): Promise<void> {
  const local = join(root, 'usr/local');
  for (const name of ['bin', 'share']) await mkdir(join(local, name), { recursive: true });
  await writeFile(join(local, 'bin/npm'), NPM, { mode: 0o755 });
  await writeFile(join(local, 'bin/apk'), APK, { mode: 0o755 });
  await writeFile(join(local, 'share/packages'), writePackages());
}

beforeAll(async () => {
  const { registry, tools: programs } = fixture.lab();
  tools = await pushFolderImage(registry, {
    repository: 'base/tools',
    tag: '1',
    what: 'stand-ins for npm and apk',
    config: { Env: ['PATH=/usr/local/bin:/usr/bin:/bin'] },
    fill: async (root) => {
      await writeBusybox(root, programs.busybox);
      await writeTools(root);
    },
  });
});

interface Example {
  readonly before: string;
  readonly after: string;
}

/** The two Dockerfiles below a heading of the page. */
function readExample(heading: string): Example {
  const [, section = ''] = PAGE.split(`\n## ${heading}\n`);
  const blocks = [...(section.split('\n## ')[0] ?? '').matchAll(/```dockerfile\n([^]*?)```/g)].map(
    ([, text = '']) => text,
  );
  const [before, after] = blocks.map((text) => text.replaceAll('FROM node:24-slim', `FROM ${tools}`));
  if (before === undefined || after === undefined || blocks.length !== 2) throw new Error(`No example in ${heading}`);
  return { before, after };
}

async function build(team: Team, inputs: Readonly<Record<string, string>> = {}): Promise<ActionResult> {
  const engine = fixture.lab().engine('containerd');
  await engine.prune();
  const result = await team.build(await team.push(), { engine, inputs: { 'build-args': '', ...inputs } });
  expectSuccess(result);
  return result;
}

interface Measured {
  /** The lines of the section. */
  readonly advice: readonly string[];
  /** Seconds in which steps ran or layers were read. */
  readonly seconds: number;
  /** Compressed bytes of layers that the image before did not have. */
  readonly bytes: number;
}

/** Builds a Dockerfile, then the next commit on a fresh engine, which is measured. */
async function measure(
  team: Team,
  dockerfile: string,
  inputs: Readonly<Record<string, string>> = {},
): Promise<Measured> {
  const { lab } = fixture;
  await writeFile(join(team.service.directory, 'Dockerfile'), dockerfile);
  await team.service.changeSource(`before ${dockerfile.length}`);
  const first = await build(team, inputs);
  await team.service.changeSource(`after ${dockerfile.length}`);
  const second = await build(team, inputs);
  const [before, after] = await Promise.all(
    [first, second].map(({ outputs }) => readLayers(lab(), team.repository, outputs.tag ?? '')),
  );
  const known = new Set(before!.map(({ digest }) => digest));
  const { builder, production } = JSON.parse(second.outputs.summary ?? '') as Record<
    string,
    { work: Record<string, number> }
  >;
  const [, section = ''] = second.summary.split('#### What would make this build faster\n\n');
  return {
    advice: section
      .split('\n\n')[0]!
      .split('\n')
      .filter((line) => line !== ''),
    seconds: [builder, production].reduce(
      (sum, one) => sum + (one?.work.run ?? 0) + (one?.work.pull ?? 0) + (one?.work.unpack ?? 0),
      0,
    ),
    bytes: after!.filter(({ digest }) => !known.has(digest)).reduce((sum, { size }) => sum + size, 0),
  };
}

const promised = (line: string, unit: 's' | 'MB'): number =>
  Number(new RegExp(`^- Saves \\*\\*.*?([\\d.]+) ${unit}\\b`).exec(line)?.[1] ?? 0);

async function prepare(name: string): Promise<Team> {
  const team = await fixture.team(name);
  await writeFile(
    join(team.service.directory, 'package.json'),
    '{"dependencies":{"runs":"^1.0.0"},"devDependencies":{"tests":"^1.0.0"}}',
  );
  await writeFile(join(team.service.directory, 'package-lock.json'), '{}');
  return team;
}

describe('what is promised is saved', () => {
  const promises: readonly [string, { seconds: number; megabytes: number; lines: RegExp }][] = [
    [
      'Manifests first',
      { seconds: 3, megabytes: 0, lines: /`RUN npm ci` \(line 4\) ran again for `COPY \. \.` \(line 3\)/ },
    ],
    [
      'Packages of the system above what changes',
      {
        seconds: 3,
        megabytes: 0,
        lines: /`COPY --from=builder \/app\/dist \.\/dist` \(line 8\): .* \(line 9\) needs none/,
      },
    ],
    [
      "Production's dependencies in a stage of their own",
      { seconds: 3, megabytes: 5, lines: /`npm prune --omit=dev` \(line 6\) ran again/ },
    ],
    ['Owner and mode with the COPY', { seconds: 0, megabytes: 5, lines: /\(line 8\) writes the same files/ }],
    [
      'Production without the whole tree',
      { seconds: 0, megabytes: 5, lines: /\(line 10\) wrote them again, although .* \(line 4\) came from the cache/ },
    ],
  ];
  // By day one that promises bytes: seconds take theirs.
  const sample = sampleOf(promises, ([heading]) => heading === 'Owner and mode with the COPY');
  test.each(sample)('%s', async (heading, { seconds, megabytes, lines }) => {
    const example = readExample(heading);
    const team = await prepare(heading.toLowerCase().replace(/[^a-z]+/g, '-'));
    const before = await measure(team, example.before);
    expect(before.advice).toEqual([expect.stringMatching(lines)]);
    const [line = ''] = before.advice;
    const [inSeconds, inMegabytes] = [promised(line, 's'), promised(line, 'MB')];
    expect(inSeconds).toBeGreaterThanOrEqual(seconds);
    expect(inMegabytes).toBeGreaterThanOrEqual(megabytes);

    const after = await measure(team, example.after);
    expect(after.advice).toEqual([]);
    if (seconds > 0) expect(before.seconds - after.seconds).toBeGreaterThanOrEqual(inSeconds / 2);
    if (megabytes > 0) expect(before.bytes - after.bytes).toBeGreaterThanOrEqual((inMegabytes * 1e6) / 2);
  });

  const habits: readonly Readonly<Record<string, string>>[] = [
    { 'reuse-cache': 'false' },
    { 'no-cache-filters': 'builder' },
  ];
  for (const habit of habits)
    testByNight(`the cache, in every push: ${JSON.stringify(habit)}`, async () => {
      const { after } = readExample('Manifests first');
      const team = await prepare(`no-cache-${Object.keys(habit).join()}`);
      const before = await measure(team, after, habit);
      expect(before.advice).toEqual([
        expect.stringMatching(/ ran line 4 of the Dockerfile, which the cache would have had\./),
      ]);
      const used = await measure(team, after);
      expect(used.advice).toEqual([]);
      expect(promised(before.advice[0]!, 's')).toBeGreaterThanOrEqual(3);
      expect(before.seconds - used.seconds).toBeGreaterThanOrEqual(promised(before.advice[0]!, 's') / 2);
    });
});
