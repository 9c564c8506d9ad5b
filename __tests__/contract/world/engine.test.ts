// The engine of the stories answers as real ones do with real Buildx: the same builds on each, and the same assertions on
// exit code, metadata file, progress and what the registry then has.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Lab, openLab } from '../../../lab/lab.js';
import { type ProcessResult, type RunProcess, runProcess } from '../../../src/adapters/process/process.js';
import { type MemoryRegistry, startMemoryRegistry } from '../../support/world/memory-registry.js';
import { RecordedEngine } from '../../support/world/recorded-engine.js';

const STORES = ['containerd', 'overlay2'] as const;
type Store = (typeof STORES)[number];

let lab: Lab;
let memory: MemoryRegistry;
let directory: string;
beforeAll(async () => {
  lab = await openLab({ stores: STORES });
  memory = await startMemoryRegistry();
  directory = await mkdtemp(join(tmpdir(), 'tpb-world-engine-'));
});
afterAll(async () => {
  await memory.close();
  await lab.close();
  await rm(directory, { recursive: true, force: true });
});

/** An engine, its registry, and how a step is made to fail. */
interface Place {
  readonly run: RunProcess;
  readonly env: Readonly<Record<string, string>>;
  readonly host: string;
  readonly digestOf: (tag: string) => Promise<string | undefined>;
  readonly failMake: () => Promise<void>;
}

const dockerfile = (base: string, make: string): string =>
  `FROM ${base} AS builder\nRUN touch /install\nRUN ${make}\n\nFROM ${base} AS production\nCOPY --from=builder /out /app\n`;

async function openReal(store: Store): Promise<Place> {
  const write = (make: string): Promise<void> =>
    writeFile(join(directory, 'Dockerfile'), dockerfile(lab.baseImage, make));
  await write('echo made > /out');
  return {
    run: runProcess,
    env: lab.engine(store).env,
    host: lab.registry.host,
    digestOf: async (tag) => (await lab.registry.findManifest('octo/world', tag))?.digest,
    failMake: () => write('echo the reason && exit 3'),
  };
}

function openMemory(store: Store): Promise<Place> {
  const engine = new RecordedEngine(memory);
  engine.store = store;
  return Promise.resolve({
    run: engine.run,
    env: {},
    host: memory.host,
    digestOf: (tag) => Promise.resolve(memory.manifest('octo/world', tag)?.digest),
    failMake: () => {
      engine.dependencies = 'd2';
      const error = 'process "/bin/sh -c make" did not complete successfully: exit code: 3';
      engine.failing.set('RUN make', { error, output: 'the reason\n', line: 3 });
      return Promise.resolve();
    },
  });
}

interface Vertex {
  readonly digest: string;
  readonly name: string;
  readonly started?: string;
  readonly completed?: string;
  readonly cached?: boolean;
  readonly error?: string;
}
interface Status {
  readonly vertexes?: readonly Vertex[];
  readonly statuses?: readonly { readonly id: string; readonly vertex: string; readonly completed?: string }[];
  readonly logs?: readonly { readonly vertex: string; readonly stream: number; readonly data: string }[];
}

const PLACES = STORES.flatMap((store) => [
  [`a real engine on ${store}`, store, openReal] as const,
  [`the engine in memory as ${store}`, store, openMemory] as const,
]);

describe.each(PLACES)('%s', (title, store, open) => {
  let place: Place;
  let metadataFile: string;
  beforeAll(async () => {
    place = await open(store);
    metadataFile = join(directory, `${title.replaceAll(' ', '-')}.json`);
  });

  /** Production, written in the way that the store allows. */
  async function build(
    tag: string,
    output: readonly string[],
  ): Promise<{ result: ProcessResult; statuses: Status[]; text: string[] }> {
    await rm(metadataFile, { force: true });
    const reference = `${place.host}/octo/world:${tag}`;
    const lines: string[] = [];
    const args = ['--progress=rawjson', '--target', 'production', '--tag', reference, ...output, '--provenance=false'];
    const result = await place.run('docker', ['buildx', 'build', ...args, '--metadata-file', metadataFile, directory], {
      env: place.env,
      signal: null,
      limit: 'none',
      onLine: (line) => lines.push(line),
    });
    const isStatus = (line: string): boolean => line.startsWith('{"');
    return {
      result,
      statuses: lines.filter(isStatus).map((line) => JSON.parse(line) as Status),
      text: lines.filter((line) => !isStatus(line)),
    };
  }

  const PUSH = ['--push', '--cache-to', 'type=inline'];
  const readMetadata = async (): Promise<Record<string, unknown>> =>
    JSON.parse(await readFile(metadataFile, 'utf8')) as Record<string, unknown>;
  const ofStep = (statuses: readonly Status[], part: RegExp): readonly Vertex[] =>
    statuses.flatMap(({ vertexes = [] }) => vertexes).filter(({ name }) => part.test(name));

  test('a build that is pushed: its steps are named, start and end, and its digests are in the metadata file', async () => {
    const { result, statuses } = await build('first', PUSH);
    expect(result.code).toBe(0);
    const { 'containerimage.digest': digest, 'containerimage.config.digest': config } = await readMetadata();
    expect([digest, config]).toEqual([expect.stringMatching(/^sha256:/), expect.stringMatching(/^sha256:/)]);
    expect(digest).toBe(await place.digestOf('first'));
    if (store === 'overlay2') {
      const reference = `${place.host}/octo/world:first`;
      const args = ['image', 'inspect', '--format', '{{json .RepoDigests}}', reference];
      const { stdout } = await place.run('docker', args, { env: place.env, signal: null, limit: 'none' });
      expect(JSON.parse(stdout)).toEqual([`${place.host}/octo/world@${String(digest)}`]);
    }

    const run = ofStep(statuses, /^\[builder \d\/\d\] RUN (?!touch|install)/);
    expect(run[0]?.started).toBeUndefined();
    expect(run.some(({ started, completed }) => started !== undefined && completed === undefined)).toBe(true);
    expect(run.at(-1)).toMatchObject({ started: expect.any(String), completed: expect.any(String) });
    expect(run.some(({ cached }) => cached === true)).toBe(false);
    expect(new Set(run.map((vertex) => vertex.digest)).size).toBe(1);
    expect(ofStep(statuses, /^\[production \d\/\d\] COPY --from=builder \/out \/app$/)).not.toEqual([]);

    const [exporting] = ofStep(statuses, /^exporting to image$/);
    const parts = statuses
      .flatMap(({ statuses: own = [] }) => own)
      .filter(({ vertex }) => vertex === exporting?.digest);
    const ids = parts.map(({ id }) => id);
    expect(ids).toContain('exporting layers');
    if (store === 'containerd') expect(ids).toContain(`exporting manifest ${String(digest)}`);
  });

  test('the same build again: every step is cached', async () => {
    const { result, statuses } = await build('again', PUSH);
    expect(result.code).toBe(0);
    for (const step of [/^\[builder \d\/\d\] RUN /, /^\[production \d\/\d\] COPY /]) {
      const vertices = ofStep(statuses, step);
      expect(vertices.at(-1)).toMatchObject({ cached: true, completed: expect.any(String) });
    }
  });

  test('a build that is loaded: the engine calls it by the manifest or the config, as its store does', async () => {
    expect((await build('loaded', ['--load'])).result.code).toBe(0);
    const metadata = await readMetadata();
    const reference = `${place.host}/octo/world:loaded`;
    const ask = (args: readonly string[]): Promise<ProcessResult> =>
      place.run('docker', args, { env: place.env, signal: null, limit: 'none' });
    const { stdout } = await ask(['image', 'inspect', '--format', '{{.Id}}', reference]);
    expect(stdout.trim()).toBe(
      metadata[store === 'containerd' ? 'containerimage.digest' : 'containerimage.config.digest'],
    );
    const missing = await ask(['image', 'inspect', '--format', '{{.Id}}', `${reference}-not`]);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/no such image/i);
    const pushed = await ask(['push', reference]);
    expect(pushed.code).toBe(0);
    expect(/\bdigest: (sha256:[0-9a-f]{64})\b/.exec(pushed.stdout)?.[1]).toBe(await place.digestOf('loaded'));
    expect((await ask(['image', 'rm', reference])).code).toBe(0);
  });

  test('a step that fails: its error, what it printed, the excerpt of the Dockerfile, and no metadata', async () => {
    await place.failMake();
    const { result, statuses, text } = await build('failed', PUSH);
    expect(result.code).toBe(1);
    const failed = ofStep(statuses, /^\[builder \d\/\d\] RUN /).findLast(
      ({ error }) => error !== undefined && error !== '',
    );
    expect(failed?.error).toMatch(/^process ".*" did not complete successfully: exit code: 3$/);
    const logs = statuses.flatMap(({ logs: own = [] }) => own).filter(({ vertex }) => vertex === failed?.digest);
    expect(logs.map(({ data }) => Buffer.from(data, 'base64').toString()).join('')).toBe('the reason\n');
    expect(text.some((line) => /^Dockerfile:3$/.test(line))).toBe(true);
    expect(text.some((line) => /^-{20}$/.test(line))).toBe(true);
    expect(text.some((line) => /^\s*3 \| >>> /.test(line))).toBe(true);
    expect(text.at(-1)).toMatch(/^ERROR: failed to build: failed to solve: process ".*exit code: 3$/);
    expect(result.stderr).toContain('ERROR: failed to build: failed to solve: ');
    expect(await readMetadata().catch(() => ({}))).not.toHaveProperty(['containerimage.digest']);
    expect(await place.digestOf('failed')).toBeUndefined();
  });
});
