// A build as its progress tells it, made for tests: which steps ran, for how long, and what came from the cache.
import { createHash } from 'node:crypto';
import { RawProgressReader } from '../../src/adapters/progress/raw.js';
import { type ObservedBuild, observeBuild } from '../../src/advice/pure/observed.js';
import { adviseOnBuild } from '../../src/advice/pure/rules/all-rules.js';
import type { CacheHabit } from '../../src/advice/pure/rules/no-cache.js';
import { parseDockerfile } from '../../src/build/pure/dockerfile.js';
import type { ImageLayer } from '../../src/image/stored-image.js';
import { parseDigest } from '../../src/image/digest.js';

export interface TimedStep {
  /** `[builder 3/6] RUN npm ci` */
  readonly name: string;
  /** Left out: the step ran. */
  readonly cached?: true;
  /** Left out: 0.1. */
  readonly seconds?: number;
  /** Seconds since the build began; left out: when the step before it ended. */
  readonly start?: number;
  readonly output?: string;
  /** Size of the layer, in the image that the registry serves then. */
  readonly megabytes?: number;
  readonly error?: string;
}

export interface TimedBuild {
  readonly dockerfile: string;
  readonly steps: readonly TimedStep[];
  /** Build arguments that are other ones for every commit. */
  readonly changing?: readonly string[];
  /** Files of the context. */
  readonly files?: Readonly<Record<string, string>>;
  readonly habit?: Partial<CacheHabit>;
}

const STARTED = Date.parse('2026-03-04T05:06:07Z');

/** The lines that Buildx prints with `--progress=rawjson`. */
function toRawProgress(steps: readonly TimedStep[]): readonly string[] {
  let now = 0;
  return steps.flatMap(({ name, cached, seconds = 0.1, start = now, output, error }) => {
    const digest = `sha256:${createHash('sha256').update(name).digest('hex')}`;
    now = Math.max(now, start + (cached ? 0 : seconds));
    const at = (second: number): string => new Date(STARTED + second * 1000).toISOString();
    const began = { digest, name, started: at(start) };
    const data = Buffer.from(output ?? '').toString('base64');
    return [
      JSON.stringify({ vertexes: [{ digest, name }] }),
      JSON.stringify({ vertexes: [began] }),
      ...(output === undefined ? [] : [JSON.stringify({ logs: [{ vertex: digest, stream: 1, data }] })]),
      JSON.stringify({
        vertexes: [
          {
            ...began,
            completed: at(start + (cached ? 0 : seconds)),
            ...(cached && { cached }),
            ...(error !== undefined && { error }),
          },
        ],
      }),
    ];
  });
}

function toLayer({ name, megabytes = 0 }: TimedStep): ImageLayer {
  const instruction = name
    .replace(/^\[[^\]]*\] /, '')
    .replace(/ --\S+/g, '')
    .replace(/^RUN /, 'RUN |1 VERSION=1 /bin/sh -c ');
  const digest = parseDigest(`sha256:${createHash('sha256').update(name).digest('hex')}`);
  const createdBy = `${instruction} # buildkit`;
  return { digest, mediaType: '', size: megabytes * 1e6, diffId: digest, createdAt: '', createdBy };
}

export function observe({ dockerfile, steps, changing = [] }: TimedBuild): ObservedBuild {
  const reader = new RawProgressReader();
  for (const line of toRawProgress(steps)) reader.read(line, STARTED);
  return observeBuild(parseDockerfile(dockerfile), reader.progress, {
    layers: steps.filter(({ megabytes }) => megabytes !== undefined).map(toLayer),
    changesOften: (name) => changing.includes(name),
  });
}

/** The lines of advice on the build. */
export function adviceOn(build: TimedBuild): readonly string[] {
  const habit = { noCache: false, noCacheStages: [], frequent: true, ...build.habit };
  return adviseOnBuild(observe(build), new Map(Object.entries(build.files ?? {})), habit);
}
