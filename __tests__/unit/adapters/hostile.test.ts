// What Docker may print, made to do harm: nothing crashes, hangs, or is taken for something that it is not.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addLogin } from '../../../src/adapters/docker/docker-config.js';
import { inspectEngine } from '../../../src/adapters/docker/inspect-engine.js';
import { isExportFailure, parseStage } from '../../../src/adapters/progress/build-progress.js';
import { RawProgressReader } from '../../../src/adapters/progress/raw.js';
import { parseDockerfile } from '../../../src/build/pure/dockerfile.js';
import { explainMiss } from '../../../src/cache/pure/cache-miss.js';
import { InputError } from '../../../src/shared/errors.js';
import { SHA } from '../../support/fixtures.js';
import { rawProgress } from '../../support/raw-progress.js';
import { runsOf } from '../../support/nightly.js';

describe('what Docker prints', () => {
  const LINES = [
    '[',
    '#',
    '1'.repeat(1e6),
    `[${' '.repeat(1e6)}`,
    `[${'1 '.repeat(5e5)}`,
    `[${'a 1/'.repeat(2e5)}`,
    `[auth] ${':'.repeat(1e6)}`,
    `#1 ${'x '.repeat(5e5)}`,
    `{"vertexes":${'['.repeat(1e5)}`,
    '{"vertexes":[{"digest":1}],"logs":[null,{"vertex":"x"}],"statuses":{},"warnings":[{"range":[{"start":1}]}]}',
  ];
  test('progress', () => {
    for (const line of LINES) {
      const reader = new RawProgressReader();
      reader.read(line, 0);
      for (const text of rawProgress({ name: line }, { name: line, error: line, output: line, statuses: [line] }).split(
        '\n',
      ))
        reader.read(text, 0);
      isExportFailure(reader.progress);
      const step = reader.progress.failed ?? { name: line, stage: parseStage(line) };
      explainMiss(step, {
        dockerfile: parseDockerfile('FROM a AS b'),
        flags: [],
        sha: SHA,
        hadSource: true,
        noCache: false,
      });
    }
  });

  test('any line of progress', () => {
    const json = fc
      .record({ vertexes: fc.jsonValue(), statuses: fc.jsonValue(), logs: fc.jsonValue(), warnings: fc.jsonValue() })
      .map((status) => JSON.stringify(status));
    const lists = fc
      .array(
        fc.record({
          digest: fc.constant('d'),
          name: fc.string(),
          vertex: fc.constant('d'),
          id: fc.string(),
          data: fc.string(),
          started: fc.jsonValue(),
          completed: fc.jsonValue(),
          error: fc.jsonValue(),
          range: fc.jsonValue(),
          short: fc.jsonValue(),
          stream: fc.jsonValue(),
        }),
      )
      .map((all) => JSON.stringify({ vertexes: all, statuses: all, logs: all, warnings: all }));
    fc.assert(
      fc.property(fc.array(fc.oneof(json, lists, fc.string({ unit: 'binary' }))), (lines) => {
        const reader = new RawProgressReader();
        lines.forEach((line, index) => reader.read(line, index));
        reader.heartbeat(1e9);
        expect(reader.progress.steps).toBeInstanceOf(Array);
      }),
      { numRuns: runsOf(1000) },
    );
  });

  test('any answers of docker info and docker buildx inspect', async () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc
        .record({
          ServerVersion: fc.jsonValue(),
          DriverStatus: fc.jsonValue(),
          RegistryConfig: fc.record({ IndexConfigs: fc.jsonValue() }),
          ServerErrors: fc.jsonValue(),
          ClientInfo: fc.record({ Plugins: fc.jsonValue() }),
        })
        .map((value) => JSON.stringify(value)),
      fc.constant('Driver: docker\nEndpoint: x\n'),
    );
    await fc.assert(
      fc.asyncProperty(texts, texts, fc.integer({ min: 0, max: 1 }), async (info, inspect, code) => {
        const run = (_: string, args: readonly string[]) =>
          Promise.resolve({ code, stdout: args.includes('info') ? info : inspect, stderr: '', leftovers: null });
        await inspectEngine(run, {}, null, new AbortController().signal).catch((error: unknown) => {
          if (!(error instanceof InputError)) throw error;
        });
      }),
      { numRuns: runsOf(1000) },
    );
  });

  test('errors of docker info that are no texts, or nested deeply', async () => {
    const stdout = `{"ServerErrors":[{"toString":1},${'['.repeat(50_000)}${']'.repeat(50_000)},"down"]}`;
    const run = (_: string, args: readonly string[]) =>
      Promise.resolve({
        code: 0,
        stdout: args.includes('info') ? stdout : 'Driver: docker\n',
        stderr: '',
        leftovers: null,
      });
    await expect(inspectEngine(run, {}, null, new AbortController().signal)).rejects.toThrow(/does not answer: down/);
  });

  test('an engine that is down is no driver of the next line’s name', async () => {
    const stdout = 'Name:   default\nDriver:\nError:  Cannot connect to the Docker daemon\n';
    const run = () => Promise.resolve({ code: 0, stdout, stderr: '', leftovers: null });
    await expect(inspectEngine(run, {}, null, new AbortController().signal)).rejects.toThrow(
      /current Buildx builder cannot be used: Cannot connect to the Docker daemon\./,
    );
  });

  test('a Docker config with a prototype keeps it as a name', () => {
    const content = JSON.parse('{"auths":{"__proto__":{"auth":"eA=="}},"credHelpers":[]}') as Record<string, unknown>;
    const changed = JSON.stringify(addLogin(content, 'ghcr.io', { username: 'a', password: 'b' }));
    expect(changed).toContain('"__proto__":{"auth":"eA=="}');
    expect(changed).toContain('"ghcr.io":{"auth":"YTpi"}');
  });
});
