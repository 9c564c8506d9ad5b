// `script/bench --mounts`: what cache mounts (RUN --mount=type=cache) would save that have their content already, where
// dependencies have changed. Each hosted runner starts with empty ones. The content is that of a run which installed
// everything; what it costs to take it out of the engine, pack it, and put it into a fresh one is measured beside it.
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrThrow } from '../../lab/command.js';
import { median } from './report.js';
import { SCENARIOS } from './scenarios.js';
import type { Stand } from './stand.js';

const FORMS = ['empty', 'filled'] as const;

/** A Markdown table of medians. */
export async function measureMounts(stand: Stand): Promise<string> {
  const { options, say, store } = stand;
  const [cold, dependencies] = (['cold', 'dependencies'] as const).map((wanted) =>
    SCENARIOS.find(({ name }) => name === wanted)!,
  );
  await stand.prepare(dependencies!.start);
  await stand.try({ ...cold!, variant: 'bundle', round: 0 });
  const content = await openContent(
    stand,
    mountOf(await readFile(join(stand.place.service.folder, 'Dockerfile'), 'utf8')),
  );
  const seconds: Record<(typeof FORMS)[number], number[]> = { empty: [], filled: [] };
  const puts: number[] = [];
  for (let round = 1; round <= options.pairs; round++) {
    for (const form of round % 2 === 0 ? FORMS : FORMS.toReversed()) {
      const ready = async () => {
        if (form === 'filled') puts.push(await content.put());
      };
      const one = await stand.try({ ...dependencies!, name: `dependencies-${form}`, variant: 'bundle', round, ready });
      if (one.code !== 0) throw new Error(`The run with ${form} mounts failed.`);
      seconds[form].push(one.seconds);
      say(`${store} ${round}/${options.pairs} ${form}: ${one.seconds.toFixed(1)} s`);
    }
  }
  const [empty, filled, put] = [median(seconds.empty), median(seconds.filled), median(puts)];
  const { megabytes, packed, taken } = content;
  const saved = (after: number) => `${(((empty - after) / empty) * 100).toFixed(0)} %`;
  return [
    '| Service | Mounts empty, s | Filled, s | Saved | Content, MB (zstd) | Taken and packed, s | Put back, s | Saved after that |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    `| ${[
      options.service,
      empty.toFixed(1),
      filled.toFixed(1),
      saved(filled),
      `${megabytes} (${packed})`,
      taken.toFixed(1),
      put.toFixed(1),
      saved(filled + put + taken),
    ].join(' | ')} |`,
  ].join('\n');
}

/** The target of the one cache mount, which is its ID as well. */
function mountOf(dockerfile: string): string {
  const [, target] = /--mount=type=cache,target=(\S+)/.exec(dockerfile) ?? [];
  if (target === undefined)
    throw new Error('This service has no cache mount: --mounts needs --service node or python.');
  return target;
}

async function openContent({ place }: Stand, target: string) {
  const { engine, lab } = place;
  const directory = join(lab.directory, 'mount');
  await mkdir(directory);
  const archive = join(directory, 'content.tar');
  // On another base image than the service's, which must not be there before its run.
  const build = async (steps: string, ...args: readonly string[]) => {
    const dockerfile = `FROM ${place.lab.baseImage} AS mount\n${steps}`;
    await writeFile(join(directory, 'Dockerfile'), dockerfile);
    return timed(() =>
      runOrThrow(lab.tools.docker, ['buildx', 'build', '--no-cache', ...args, directory], { env: engine.env }),
    );
  };
  const mount = `RUN --mount=type=cache,target=${target}`;
  const out = await build(
    `${mount} tar -c -C ${target} -f /content.tar .\nFROM scratch\nCOPY --from=mount /content.tar /\n`,
    ...['--output', `type=local,dest=${directory}`],
  );
  const pack = await timed(() => runOrThrow('zstd', ['-q', '-f', archive]));
  const size = async (path: string) => Math.round((await stat(path)).size / 1e6);
  return {
    megabytes: await size(archive),
    packed: await size(`${archive}.zst`),
    taken: out + pack,
    /** Gives the seconds. */
    put: async () => {
      const unpack = await timed(() => runOrThrow('zstd', ['-q', '-f', '-d', `${archive}.zst`]));
      const put = await build(
        `${mount} --mount=type=bind,target=/in tar -x -C ${target} -f /in/content.tar\n`,
        ...['--output', 'type=cacheonly'],
      );
      return unpack + put;
    },
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
