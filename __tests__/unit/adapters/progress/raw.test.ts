import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BuildLog } from '../../../../src/adapters/progress/build-log.js';
import { isExportFailure } from '../../../../src/adapters/progress/build-progress.js';
import { findFailedPlace } from '../../../../src/adapters/progress/failed-place.js';
import { RawProgressReader } from '../../../../src/adapters/progress/raw.js';

/** Recorded from Buildx 0.29.1 with Docker Engine 28.5.2: standard error of `--progress=rawjson`. */
const recorded = (name: string): string[] =>
  readFileSync(new URL(`rawjson/${name}.jsonl`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');

function read(lines: readonly string[], log = new BuildLog(), now = 0) {
  const reader = new RawProgressReader(log);
  const news = lines.map((line) => reader.read(line, now));
  return {
    reader,
    printed: [...news.flatMap((one) => one.lines), ...reader.end()],
    ran: news.flatMap((one) => one.ran.map(({ name }) => name)),
    exporting: news.findIndex((one) => one.exporting),
    progress: reader.progress,
  };
}

const DIGEST = `sha256:${'a'.repeat(64)}`;
const START = '2026-01-01T00:00:00Z';
const vertex = (name: string, more: object = {}) =>
  JSON.stringify({ vertexes: [{ digest: DIGEST, name, started: START, ...more }] });
const ended = (name: string, more: object = {}) => vertex(name, { completed: '2026-01-01T00:00:02.5Z', ...more });
const output = (data: string | Buffer, stream = 1) =>
  JSON.stringify({ logs: [{ vertex: DIGEST, stream, data: Buffer.from(data).toString('base64'), timestamp: START }] });

describe('a recorded build', () => {
  test('from nothing: every step starts, prints and ends', () => {
    const { printed, ran, progress, exporting } = read(recorded('containerd-cold'));
    expect(printed).toEqual([
      '[builder 2/6] WORKDIR /service',
      '[builder 2/6] done in 0.0 s',
      '[builder 3/6] COPY dependencies.lock install-dependencies ./',
      '[builder 3/6] done in 0.0 s',
      '[builder 4/6] RUN ./install-dependencies dependencies.lock vendor',
      '[builder 4/6] | installed router 4.18.2',
      '[builder 4/6] | installed templates 2.0.1',
      '[builder 4/6] | installed database 8.11.0',
      '[builder 4/6] done in 0.2 s',
      '[builder 5/6] COPY src src',
      '[builder 5/6] done in 0.0 s',
      '[builder 6/6] RUN ./src/build vendor dist',
      '[builder 6/6] | built 3 dependencies into dist',
      '[builder 6/6] done in 0.1 s',
      '[production 3/3] COPY --from=builder /service/dist ./',
      '[production 3/3] done in 0.0 s',
      'exporting to image: 0.1 s',
    ]);
    expect(new Set(ran)).toEqual(new Set(progress.steps.map(({ name }) => name)));
    // BuildKit names them from the end.
    expect(progress.steps.map(({ name }) => name)).toEqual([
      '[builder 2/6] WORKDIR /service',
      '[builder 3/6] COPY dependencies.lock install-dependencies ./',
      '[builder 4/6] RUN ./install-dependencies dependencies.lock vendor',
      '[builder 5/6] COPY src src',
      '[builder 6/6] RUN ./src/build vendor dist',
      '[production 3/3] COPY --from=builder /service/dist ./',
    ]);
    expect(progress.failed).toBeNull();
    expect(exporting).toBeGreaterThan(0);
  });

  test.each(['containerd-fresh', 'overlay2-fresh'])(
    'all from a cache: one line a step, nothing has run (%s)',
    (name) => {
      const { printed, ran, progress } = read(recorded(name));
      expect(printed.slice(0, 6)).toEqual([
        '[builder 2/6] WORKDIR /service (cached)',
        '[builder 3/6] COPY dependencies.lock install-dependencies ./ (cached)',
        '[builder 4/6] RUN ./install-dependencies dependencies.lock vendor (cached)',
        '[builder 5/6] COPY src src (cached)',
        '[builder 6/6] RUN ./src/build vendor dist (cached)',
        '[production 3/3] COPY --from=builder /service/dist ./ (cached)',
      ]);
      expect(printed.join('\n')).not.toMatch(/sha256:|token|\[internal\]/);
      expect(ran).toEqual([]);
      expect(progress.steps.every(({ cached }) => cached)).toBe(true);
    },
  );

  test('that fails: the step, what it printed, the line, the checks', () => {
    const lines = recorded('containerd-fails');
    const { printed, progress, ran } = read(lines);
    expect(printed).toContain('[builder 2/2] | no newline');
    expect(printed.join('\n')).toContain('[builder 2/2] failed after 2.1 s: process "/bin/sh -c echo');
    expect(progress.failed).toMatchObject({ stage: 'builder', cached: false, output: ['hello', 'no newline'] });
    expect(progress.errors).toHaveLength(1);
    expect(progress.work.filter(({ failed }) => failed).map(({ name }) => name)).toEqual([progress.failed?.name]);
    expect(ran).toEqual([]);
    expect(isExportFailure(progress)).toBe(false);
    expect(findFailedPlace(lines, 'app/Dockerfile')).toEqual({ file: 'app/Dockerfile', line: 4, endLine: 6 });
    expect(progress.warnings).toContainEqual({
      message: 'SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ENV "API_TOKEN")',
      url: 'https://docs.docker.com/go/dockerfile/rule/secrets-used-in-arg-or-env/',
      line: 3,
    });
  });

  test('that fails in a heredoc', () => {
    const lines = recorded('containerd-heredoc');
    expect(read(lines).progress.failed?.output.toSorted()).toEqual(['one', 'two']);
    expect(findFailedPlace(lines, 'Dockerfile')).toEqual({ file: 'Dockerfile', line: 4, endLine: 8 });
  });

  test('that fails before a step has begun: the whole name is told', () => {
    const lines = recorded('containerd-missing-file');
    expect(read(lines).printed[0]).toMatch(
      /^\[1\/1\] COPY missing \/src failed after 0\.0 s: .*"\/missing": not found$/,
    );
    expect(findFailedPlace(lines, 'Dockerfile')).toMatchObject({ line: 2 });
  });
});

describe('two passes of a run', () => {
  test('tell a step once', () => {
    const known = new Set<string>();
    // The first lines name all steps; the passes run at once.
    read(recorded('containerd-cold').slice(0, 20), new BuildLog(known));
    const second = read(recorded('containerd-cold'), new BuildLog(new Set(), known));
    expect(second.printed).toEqual(['exporting to image: 0.1 s']);
    expect(second.progress.steps).toHaveLength(6);
  });
});

describe('output of a step', () => {
  const printedBy = (...parts: string[]) =>
    read([vertex('[a 1/2] RUN x'), ...parts, ended('[a 1/2] RUN x')]).printed.slice(1, -1);

  test('comes line by line, however it is cut', () =>
    expect(printedBy(output('on'), output('e\ntw'), output('o'), output('\nthree'))).toEqual([
      '[a 1/2] | one',
      '[a 1/2] | two',
      '[a 1/2] | three',
    ]));

  test('is UTF-8 even when a character is cut in two', () => {
    const bytes = Buffer.from('Zoë\n');
    expect(printedBy(output(bytes.subarray(0, 3)), output(bytes.subarray(3)))).toEqual(['[a 1/2] | Zoë']);
  });

  test('of two streams does not mix within a line', () =>
    expect(printedBy(output('out '), output('err\n', 2), output('put\n'))).toEqual([
      '[a 1/2] | err',
      '[a 1/2] | out put',
    ]));

  test('is what a terminal shows after carriage returns', () =>
    expect(printedBy(output('10%\r50%\r100%\r\nend\n'))).toEqual(['[a 1/2] | 100%', '[a 1/2] | end']));

  test('that looks like progress is output', () =>
    expect(printedBy(output(`${ended('[a 1/2] RUN x', { error: 'no' })}\n`))).toHaveLength(1));
});

describe('a step', () => {
  test('that is found in the cache and pulled later is told once, and is cached', () => {
    const pulled = {
      vertexes: [],
      statuses: [{ id: DIGEST, vertex: DIGEST, total: 5e6, current: 5e6, started: START }],
    };
    const { printed, ran, progress } = read([
      ended('[a 1/2] RUN x', { cached: true, completed: START }),
      vertex('[a 1/2] RUN x'),
      JSON.stringify(pulled),
      ended('[a 1/2] RUN x'),
    ]);
    expect(printed).toEqual(['[a 1/2] RUN x (cached)', '[a 1/2] read from the cache: 5.0 MB in 2.5 s']);
    expect([ran, progress.steps[0]?.cached]).toEqual([[], true]);
  });

  test('that other steps’ failure has ended is no failure', () => {
    const { printed, progress } = read([
      vertex('[a 1/2] RUN x'),
      ended('[a 1/2] RUN x', { error: 'context canceled' }),
    ]);
    expect([printed, progress.failed]).toEqual([['[a 1/2] RUN x'], null]);
  });

  test('that is silent for a minute is told to be still running, and again a minute later', () => {
    const { reader } = read([vertex('[a 1/2] RUN x')], new BuildLog(), Date.parse(START));
    const after = (seconds: number) => reader.heartbeat(Date.parse(START) + seconds * 1000);
    expect(after(59)).toEqual([]);
    expect(after(60)).toEqual(['[a 1/2] is still running, after 60 s']);
    expect(after(119)).toEqual([]);
    expect(after(120)).toEqual(['[a 1/2] is still running, after 120 s']);
    reader.read(output('x\n'), Date.parse(START) + 170_000);
    expect(after(200)).toEqual([]);
    reader.read(ended('[a 1/2] RUN x'), Date.parse(START) + 201_000);
    expect(after(500)).toEqual([]);
  });
});

describe('besides the steps', () => {
  test.each([
    ['[internal] load build context', []],
    ['[auth] owner/app:pull token for ghcr.io', []],
  ])('%s is told only when it takes long', (name, short) => {
    expect(read([ended(name, { completed: START })]).printed).toEqual(short);
    expect(read([ended(name)]).printed).toEqual([`${name}: 2.5 s`]);
  });

  test('the index that Buildx writes for several nodes is a push', () => {
    const name = 'merging manifest list ghcr.io/owner/app:main';
    const reader = new RawProgressReader();
    expect(reader.read(vertex(name), 0).pushing).toBe(true);
    expect(reader.read(ended(name), 0).lines).toEqual([`${name}: 2.5 s`]);
    expect(reader.progress.work).toMatchObject([{ name, kind: 'push' }]);
  });

  test('an export is told with its longest parts', () => {
    const part = (id: string, completed: string) => ({ id, vertex: DIGEST, current: 0, started: START, completed });
    const { printed } = read([
      vertex('exporting to image'),
      JSON.stringify({
        statuses: [
          part('exporting layers', '2026-01-01T00:00:01.5Z'),
          part(`exporting manifest ${DIGEST}`, '2026-01-01T00:00:00.01Z'),
          part('pushing layers', '2026-01-01T00:00:01Z'),
        ],
      }),
      ended('exporting to image'),
    ]);
    expect(printed).toEqual(['exporting to image: 2.5 s (exporting layers 1.5 s, pushing layers 1.0 s)']);
  });
});

describe('whatever the stream has', () => {
  const junk = fc.oneof(
    fc.string(),
    fc.json(),
    fc
      .record({ vertexes: fc.jsonValue(), statuses: fc.jsonValue(), logs: fc.jsonValue(), warnings: fc.jsonValue() })
      .map((status) => JSON.stringify(status)),
    fc
      .record(
        {
          digest: fc.constant(DIGEST),
          name: fc.string(),
          started: fc.jsonValue(),
          completed: fc.jsonValue(),
          error: fc.jsonValue(),
        },
        { requiredKeys: [] },
      )
      .map((one) => JSON.stringify({ vertexes: [one, null, 1] })),
  );

  test('nothing is thrown', () =>
    fc.assert(
      fc.property(fc.array(junk, { maxLength: 20 }), (lines) => {
        const { progress } = read(lines);
        expect(Array.isArray(progress.steps)).toBe(true);
      }),
    ));

  test('what is no progress is printed as it is', () =>
    expect(read(['ERROR: x', '', '{"a":1}', '{"vertexes":'].map(String)).printed).toEqual([
      'ERROR: x',
      '',
      '{"a":1}',
      '{"vertexes":',
    ]));

  test.each([
    ['no excerpt', ['ERROR: x']],
    ['no marked line', ['Dockerfile:3', '--------------------', '   3 |     RUN x', '--------------------']],
    ['no rule below', ['Dockerfile:3', '   3 | >>> RUN x']],
  ])('%s has no place', (_, lines) => expect(findFailedPlace(lines, 'Dockerfile')).toBeNull());
});
