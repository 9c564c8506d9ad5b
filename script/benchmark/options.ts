// The benchmark's command line. Pure.
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { ImageStore } from '../../lab/engine/engine.js';
import { SCENARIOS, type ScenarioName } from './scenarios.js';

/** The action's bundle, and the recipe that it is compared with. */
const VARIANTS = ['bundle', 'recipe'] as const;
export type VariantName = (typeof VARIANTS)[number];

const STORES = ['containerd', 'overlay2'] as const satisfies readonly ImageStore[];

const SERVICES = ['random', 'node', 'python'] as const;
export type ServiceName = (typeof SERVICES)[number];

export interface BenchOptions {
  readonly pairs: number;
  readonly stores: readonly ImageStore[];
  readonly service: ServiceName;
  readonly scenarios: readonly ScenarioName[];
  readonly variants: readonly VariantName[];
  /** Tries in a row; 0 = the comparison. */
  readonly determinism: number;
  /** Instead of the comparison: what filled cache mounts save. */
  readonly mounts: boolean;
  /** The folder with action.yml and dist/. */
  readonly action: string;
  /** Between the engines and the registry; 0 = no proxy at all. */
  readonly delayMs: number;
  /** MB/s of that proxy; 0 = as fast as it goes. */
  readonly bandwidth: number;
  readonly json: string | undefined;
  /** Where the log of every try goes. */
  readonly logs: string | undefined;
}

export const HELP = `usage: script/bench [options]

Compares the action's bundle with the recipe (two plain "docker buildx build --push" with inline cache), alternating,
each try on a fresh engine, and prints Markdown tables.

  --pairs N           pairs per scenario (default 5)
  --stores LIST       ${STORES.join(',')} (default both)
  --service NAME      what is built: random (a service of random bytes, the default), or node or python (those of
                      lab/real-services, with packages from the registries that this machine uses)
  --scenarios LIST    ${SCENARIOS.map(({ name }) => name).join(',')} (default all)
  --only VARIANT      ${VARIANTS.join(' or ')}, without the other one
  --parsers           instead of the comparison, and without any engine: how long what reads the output of builds takes on
                      the outputs that it is slowest on, at their size, twice and four times that
  --determinism N     instead of the comparison: N tries in a row each of a commit that equals its branch, main, or the
                      merged pull request, with 11 scopes in the registry; the bundle unless --only recipe
  --mounts            instead of the comparison: what the content of cache mounts saves where dependencies changed, and
                      what it costs to keep it, with --service node or python; needs zstd
  --delay MS          put a proxy that waits so long before every answer between engines and registry
  --bandwidth MBPS    let that proxy carry so much in each direction
  --action DIR        the folder with action.yml and dist/ (default: this project)
  --json FILE         write every single try to FILE
  --logs DIR          write the log of every try to DIR
  --help              print this`;

/** Throws where the command line is wrong. */
export function parseOptions(args: readonly string[]): BenchOptions | 'help' | 'parsers' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      pairs: { type: 'string', default: '5' },
      stores: { type: 'string', default: STORES.join(',') },
      scenarios: { type: 'string', default: SCENARIOS.map(({ name }) => name).join(',') },
      service: { type: 'string', default: 'random' },
      only: { type: 'string' },
      determinism: { type: 'string' },
      delay: { type: 'string' },
      bandwidth: { type: 'string' },
      action: { type: 'string', default: join(import.meta.dirname, '../..') },
      json: { type: 'string' },
      logs: { type: 'string' },
      mounts: { type: 'boolean', default: false },
      parsers: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  if (values.parsers) return 'parsers';
  const determinism = values.determinism === undefined ? 0 : parseCount('--determinism', values.determinism);
  if (values.mounts && values.service === 'random') throw new Error('--mounts needs --service node or python.');
  const only = values.only ?? (determinism > 0 || values.mounts ? 'bundle' : undefined);
  return {
    pairs: parseCount('--pairs', values.pairs),
    stores: parseList('--stores', values.stores, STORES),
    service: parseOne('--service', values.service, SERVICES),
    scenarios: parseList(
      '--scenarios',
      values.scenarios,
      SCENARIOS.map(({ name }) => name),
    ),
    variants: only === undefined ? VARIANTS : parseList('--only', only, VARIANTS),
    determinism,
    mounts: values.mounts,
    action: resolve(values.action),
    delayMs: values.delay === undefined ? 0 : parseCount('--delay', values.delay),
    bandwidth: values.bandwidth === undefined ? 0 : parseCount('--bandwidth', values.bandwidth),
    json: values.json === undefined ? undefined : resolve(values.json),
    logs: values.logs === undefined ? undefined : resolve(values.logs),
  };
}

function parseCount(name: string, text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new Error(`${name} is not a number of 1 or more: ${text}`);
  return Number(text);
}

function parseList<T extends string>(name: string, text: string, known: readonly T[]): readonly T[] {
  return text.split(',').map((item) => parseOne(name, item, known));
}

function parseOne<T extends string>(name: string, text: string, known: readonly T[]): T {
  const found = known.find((one) => one === text);
  if (found === undefined) throw new Error(`${name} knows ${known.join(', ')}, but not "${text}".`);
  return found;
}
