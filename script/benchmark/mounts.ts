// `script/bench --mounts`: what cache mounts (RUN --mount=type=cache) would save that have their content already, where
// dependencies have changed. Each hosted runner starts with empty ones. The content is that of a run which installed
// everything; what it costs to take it out of the engine, pack it, and put it into a fresh one is measured beside it.
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrThrow } from '../../lab/command.js';
import { median } from './report/figures.js';
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
  const target = mountOf(await readFile(join(stand.place.service.folder, 'Dockerfile'), 'utf8'));
  const content = await openContent(stand, target);
  const seconds: Record<(typeof FORMS)[number], number[]> = { empty: [], filled: [] };
  const puts: number[] = [];
  for (let round = 1; round <= options.pairs; round++) {
    for (const form of round % 2 === 0 ? FORMS : FORMS.toReversed()) {
      // The same work before both, so that the engine has had the same time since it was emptied: only the mount differs.
      const ready = async () => {
        puts.push(await content.putInto(form === 'filled' ? target : '/elsewhere'));
      };
      const one = await stand.try({ ...dependencies!, name: `dependencies-${form}`, variant: 'bundle', round, ready });
      if (one.code !== 0) throw new Error(`The run with ${form} mounts failed.`);
      seconds[form].push(one.seconds);
      say(`${store} ${round}/${options.pairs} ${form}: ${one.seconds.toFixed(1)} s`);
    }
  }
  const { megabytes, packed, taken } = content;
  const put = median(puts);
  // Of pairs, since times drift.
  const saved = (more: number) => {
    const shares = seconds.empty.map((empty, index) => 1 - (seconds.filled[index]! + more) / empty);
    return `${(median(shares) * 100).toFixed(0)} %`;
  };
  return [
    '| Service | Mounts empty, s | Filled, s | Saved | Content, MB (zstd) | Taken and packed, s | Put back, s | Saved after that |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    `| ${[
      options.service,
      ...[median(seconds.empty), median(seconds.filled)].map((value) => value.toFixed(1)),
      saved(0),
      `${megabytes} (${packed})`,
      ...[taken, put].map((value) => value.toFixed(1)),
      saved(taken + put),
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
    return timed(() => runOrThrow(lab.tools.docker, ['buildx', 'build', ...args, directory], { env: engine.env }));
  };
  const mount = `RUN --mount=type=cache,target=${target}`;
  // Each step is another one, since none may come from the cache. --no-cache would empty the mount.
  let number = 0;
  const out = await build(
    `${mount} : ${number++}; tar -c -C ${target} -f /content.tar .\nFROM scratch\nCOPY --from=mount /content.tar /\n`,
    ...['--output', `type=local,dest=${directory}`],
  );
  const pack = await timed(() => runOrThrow('zstd', ['-q', '-f', archive]));
  const size = async (path: string) => Math.round((await stat(path)).size / 1e6);
  const megabytes = await size(archive);
  if (megabytes === 0) throw new Error(`The cache mount ${target} is empty after a run that has used it.`);
  return {
    megabytes,
    packed: await size(`${archive}.zst`),
    taken: out + pack,
    /** Gives the seconds. */
    putInto: async (place: string) => {
      const unpack = await timed(() => runOrThrow('zstd', ['-q', '-f', '-d', `${archive}.zst`]));
      const put = await build(
        `RUN --mount=type=cache,target=${place} --mount=type=bind,source=content.tar,target=/in.tar : ${number++}; tar -x -C ${place} -f /in.tar\n`,
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
