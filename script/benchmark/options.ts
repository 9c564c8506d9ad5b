// The benchmark's command line. Pure.
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { ImageStore } from '../../lab/engine/engine.js';
import { SCENARIOS, type ScenarioName } from './scenarios.js';
import { VARIANT_NAMES, type VariantName } from './variants/catalog.js';

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

Compares the action's bundle with other ways to build, alternating, each try on a fresh engine, and prints Markdown
tables. What each variant is: script/benchmark/variants/catalog.ts, or docs/benchmark.md, which script/write-benchmark
writes from the files of --json.

  --pairs N           rounds per scenario, in each of which every variant has one try (default 5)
  --stores LIST       ${STORES.join(',')} (default both)
  --service NAME      what is built: random (a service of random bytes, the default), or node or python (those of
                      lab/real-services, with packages from the registries that this machine uses)
  --scenarios LIST    ${SCENARIOS.map(({ name }) => name).join(',')} (default all)
  --variants LIST     all, or some of ${VARIANT_NAMES.slice(0, 4).join(',')},
                      ${VARIANT_NAMES.slice(4).join(',')} (default bundle,recipe). limit starts
                      from what bundle has made and needs it. What a store or a scenario does not have is left out
  --parsers           instead of the comparison, and without any engine: how long what reads the output of builds takes on
                      the outputs that it is slowest on, at their size, twice and four times that
  --determinism N     instead of the comparison: N tries in a row each of a commit that equals its branch, main, or the
                      merged pull request, with 11 scopes in the registry; the bundle unless --variants says more
  --mounts            instead of the comparison: what the content of cache mounts saves where dependencies changed, and
                      what it costs to keep it, with --service node or python; needs zstd
  --delay MS          put a proxy that waits so long before every answer between engines and registry
  --bandwidth MBPS    let that proxy carry so much in each direction
  --action DIR        the folder with action.yml and dist/ (default: this project)
  --json FILE         write every single try to FILE, after each round of a scenario
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
      variants: { type: 'string' },
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
  const variants = values.variants ?? (determinism > 0 || values.mounts ? 'bundle' : 'bundle,recipe');
  return {
    pairs: parseCount('--pairs', values.pairs),
    stores: parseList('--stores', values.stores, STORES),
    service: parseOne('--service', values.service, SERVICES),
    scenarios: parseList(
      '--scenarios',
      values.scenarios,
      SCENARIOS.map(({ name }) => name),
    ),
    variants: parseVariants(variants),
    determinism,
    mounts: values.mounts,
    action: resolve(values.action),
    delayMs: values.delay === undefined ? 0 : parseCount('--delay', values.delay),
    bandwidth: values.bandwidth === undefined ? 0 : parseCount('--bandwidth', values.bandwidth),
    json: values.json === undefined ? undefined : resolve(values.json),
    logs: values.logs === undefined ? undefined : resolve(values.logs),
  };
}

function parseVariants(text: string): readonly VariantName[] {
  const variants = text === 'all' ? VARIANT_NAMES : parseList('--variants', text, VARIANT_NAMES);
  if (variants.includes('limit') && !variants.includes('bundle')) {
    throw new Error('--variants limit needs bundle as well: it imports the cache that the action has merged.');
  }
  // In this order, since the limit's state is made of the bundle's.
  return VARIANT_NAMES.filter((one) => variants.includes(one));
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
