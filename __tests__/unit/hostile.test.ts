// Input that somebody else wrote, made to do harm: nothing crashes, hangs, or is taken for something that it is not.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addLogin } from '../../src/docker/docker-config.js';
import { inspectEngine } from '../../src/docker/inspect-engine.js';
import { builderStages, needsOwnSource } from '../../src/plan/builder-image.js';
import { redactAttributes } from '../../src/plan/build-options.js';
import { explainMiss, isShownAs } from '../../src/plan/cache-miss.js';
import { parseDockerfile, stagesInside, stagesOutside } from '../../src/plan/dockerfile.js';
import { isTag } from '../../src/plan/image-name.js';
import { InputError, quote } from '../../src/plan/input-error.js';
import { parseList } from '../../src/plan/list-input.js';
import { planBuild } from '../../src/plan/plan.js';
import { branchTag, gitTagTag } from '../../src/plan/tags.js';
import { parseWorkflowEvent, readCommitTime, readDefaultBranch } from '../../src/plan/workflow-event.js';
import { isExportFailure, parseStage } from '../../src/progress/build-step.js';
import { RawProgressReader } from '../../src/progress/raw.js';
import { toPlanJson, toPlanLines } from '../../src/report/plan-report.js';
import { escapeMarkdown } from '../../src/report/summary.js';
import { rawProgress } from '../raw-progress.js';
import { CONTEXT, SHA, fromFork, inputsOf, messageOf, pushTo, registryWith } from './fixtures.js';

/** What a branch may be called by somebody who means harm; git refuses some, payloads may have them all the same. */
const HOSTILE_NAMES = [
  '$(touch /tmp/x)',
  '`id`',
  ';reboot',
  'a|b&c>d<e',
  '"; echo x; "',
  "'--output=x'",
  '--output=type=local,dest=/',
  '-x',
  '../../etc/passwd',
  '..',
  '.',
  '/',
  'a\nmain',
  'main\r',
  'main\n',
  ' main',
  'main ',
  'main\0',
  'Main',
  'ｍａｉｎ',
  'mаin', // a Cyrillic letter
  'ma\u200bin',
  '\u202eniam',
  '🙂',
  '\ud800',
  '',
  '::set-output name=tag::x',
  '##[add-mask]main',
  '%0A::error::x',
  'builder-main',
  'cache-main',
  'latest',
  'v1.2.3',
  '1',
  SHA,
  SHA.slice(0, 7),
  'review-pr-1-x',
  'dev-x',
  'main-0123456789',
  '__proto__',
  'constructor',
  'a'.repeat(250),
  `${'a'.repeat(249)}b`,
  '-'.repeat(250),
  '<img src=x onerror=alert(1)>',
  '[x](javascript:alert(1))',
  '${{ secrets.X }}',
];

/** Runs an action within the time that 1 MB of input may take, give or take a slow machine. */
function within(action: () => void, milliseconds = 1000): void {
  const started = performance.now();
  action();
  expect(performance.now() - started).toBeLessThan(milliseconds);
}

/** Passes where the action ends, or fails with an error that is meant for people. */
function mayRefuse(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
}

describe('branch and tag names', () => {
  test('every hostile name is a tag of its own, and never that of main or of another kind', () => {
    const tags = HOSTILE_NAMES.map((name) => branchTag(name));
    for (const tag of tags) {
      expect(isTag(tag)).toBe(true);
      expect(tag).not.toMatch(/^(?:main|latest|builder-|cache-|review-pr-|dev-)$|^(?:builder|cache|review-pr|dev)-/);
    }
    expect(new Set([...tags, branchTag('main')]).size).toBe(
      HOSTILE_NAMES.filter((name) => !/^\p{Cs}$/u.test(name)).length + 2,
    );
    for (const name of HOSTILE_NAMES) expect(isTag(gitTagTag(name))).toBe(true);
  });

  test.each(HOSTILE_NAMES.filter((name) => name !== ''))(
    'a plan for the branch %j is made of valid references',
    (name) => {
      const plan = planBuild(inputsOf(), pushTo(name), CONTEXT, registryWith());
      expect(JSON.parse(toPlanJson(plan))).toMatchObject({ scope: name, tags: { unique: SHA } });
      for (const { cacheFrom } of [plan.builder, plan.production])
        for (const source of cacheFrom) expect(source).toMatch(/^type=registry,ref=ghcr\.io\/owner\/app:[\w.-]+$/);
      expect(toPlanLines(plan).join('')).toContain(SHA);
    },
  );

  test('a fork’s branch called main has no scope, and nothing of it is imported', () => {
    const plan = planBuild(inputsOf(), fromFork({ headBranch: 'main' }), CONTEXT, registryWith('main', 'builder-main'));
    expect(plan).toMatchObject({ scope: null, push: { push: false }, tags: { moving: [] }, builder: { tag: null } });
    expect(plan.lineage.map(({ branch }) => branch)).toEqual(['develop', 'main']);
  });

  test('any two names', () =>
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 260 }),
        fc.string({ unit: 'binary', maxLength: 260 }),
        (one, other) => {
          expect(isTag(branchTag(one))).toBe(true);
          expect(branchTag(one) === branchTag(other)).toBe(one === other);
        },
      ),
      { numRuns: 1000 },
    ));
});

describe('event payloads', () => {
  const EVENTS = [
    'push',
    'pull_request',
    'pull_request_target',
    'merge_group',
    'release',
    'workflow_run',
    'schedule',
    'workflow_dispatch',
    'repository_dispatch',
    'issue_comment',
    '__proto__',
    '',
  ];
  const VALID: Readonly<Record<string, unknown>> = {
    repository: { default_branch: 'main', full_name: 'owner/app' },
    pull_request: { number: 1, head: { ref: 'x', sha: SHA, repo: { full_name: 'owner/app' } }, base: { ref: 'main' } },
    merge_group: {
      base_ref: 'refs/heads/main',
      head_sha: SHA,
      head_commit: { id: SHA, timestamp: '2026-01-01T00:00:00Z' },
    },
    release: { tag_name: 'v1' },
    workflow_run: { head_repository: { full_name: 'owner/app' }, head_commit: { id: SHA, timestamp: 1 } },
    head_commit: { id: SHA, timestamp: '2026-01-01T00:00:00Z' },
  };
  const JUNK: readonly unknown[] = [
    undefined,
    null,
    true,
    0,
    -1,
    1.5,
    '',
    'x',
    [],
    [[]],
    {},
    { toString: 1 },
    'x'.repeat(1000),
  ];
  const read = (name: string, payload: unknown): void => {
    for (const ref of ['refs/heads/main', 'refs/tags/v1', 'refs/pull/1/merge', '', 'refs/heads/'])
      mayRefuse(() => parseWorkflowEvent({ name, ref, sha: SHA, repository: 'owner/app', payload }));
    readDefaultBranch(payload);
    readCommitTime(payload, SHA);
  };

  /** Every copy of the value with one member, at any depth, replaced. */
  function* withJunk(value: unknown): Generator {
    for (const junk of JUNK) yield junk;
    if (typeof value !== 'object' || value === null) return;
    for (const [key, member] of Object.entries(value))
      for (const junk of withJunk(member)) yield { ...value, [key]: junk };
  }

  test.each(EVENTS)('%s with any member missing or of another type is refused or read', (name) => {
    let tried = 0;
    for (const payload of withJunk(VALID)) {
      read(name, payload);
      tried += 1;
    }
    expect(tried).toBeGreaterThan(300);
  });

  test('whose prototype is named in the JSON gives no members', () => {
    const payload: unknown = JSON.parse(`{"__proto__":${JSON.stringify(VALID)}}`);
    expect(
      messageOf(() =>
        parseWorkflowEvent({ name: 'pull_request', ref: '', sha: SHA, repository: 'owner/app', payload }),
      ),
    ).toContain('pull_request');
    expect(readDefaultBranch(payload)).toBeNull();
  });

  test('that are deep or large', () =>
    within(() => {
      const deep: unknown = JSON.parse(`${'{"pull_request":'.repeat(50_000)}1${'}'.repeat(50_000)}`);
      for (const name of EVENTS) read(name, deep);
      for (const name of EVENTS)
        read(name, { ...VALID, release: { tag_name: 'v'.repeat(1e6) }, junk: 'x'.repeat(1e6) });
    }));

  test.each(['2026-01-01 (\n::x)', '2026-01-01T00:00:00Z\n', '1', 'Thu, 01 Jan 2026'])(
    '%j is no commit time',
    (timestamp) => expect(readCommitTime({ head_commit: { id: SHA, timestamp } }, SHA)).toBeNull(),
  );

  test('any JSON', () =>
    fc.assert(
      fc.property(fc.constantFrom(...EVENTS), fc.jsonValue(), (name, value) =>
        read(name, { ...VALID, pull_request: value, workflow_run: value }),
      ),
      { numRuns: 1000 },
    ));
});

describe('inputs', () => {
  test.each([
    ['builder', '--bootstrap'],
    ['builder', '-D'],
    ['context', '--output=x'],
    ['context', '-'],
    ['builder-target', '--push'],
    ['production-target', '-x'],
    ['tag', '--x'],
    ['extra-tags', 'a,-x'],
    ['image', '--all'],
    ['platforms', '--output=x'],
    ['build-args', '--output=x'],
    ['ulimit', '--x=1'],
    ['shm-size', '--x'],
  ])('%s: %s is refused', (name, value) =>
    expect(messageOf(() => inputsOf({ [name]: value }))).toMatch(new RegExp(`^InputError: ${name}`)),
  );

  const NAMES = [
    'image',
    'username',
    'password',
    'context',
    'file',
    'builder-target',
    'platforms',
    'build-args',
    'secrets',
    'secret-envs',
    'secret-files',
    'labels',
    'ulimit',
    'provenance',
    'cache-from',
    'tag',
    'extra-tags',
    'builder',
    'push',
    'ssh',
    'add-hosts',
    'shm-size',
    'allow',
  ] as const;
  test('any text in any input is read or refused', () =>
    fc.assert(
      fc.property(fc.constantFrom(...NAMES), fc.string({ unit: 'binary', maxLength: 200 }), (name, text) =>
        mayRefuse(() => inputsOf({ [name]: text })),
      ),
      { numRuns: 3000 },
    ));

  // The kernel takes 128 kB for an environment variable, and inputs are such; the parsers themselves stand 1 MB.
  const LONG: Readonly<Record<string, (size: number) => string>> = {
    letters: (size) => 'a'.repeat(size),
    spaces: (size) => `x${' '.repeat(size)}x`,
    breaks: (size) => `x${'\n'.repeat(size)}x`,
    commas: (size) => ','.repeat(size),
    pairs: (size) => 'a=b\n'.repeat(size / 4),
    quotes: (size) => '"'.repeat(size),
    slashes: (size) => '/'.repeat(size),
    hyphens: (size) => `a${'-'.repeat(size)}`,
  };
  test.each(Object.entries(LONG))('much of one thing takes no long: %s', (_, repeat) => {
    for (const name of NAMES) within(() => mayRefuse(() => inputsOf({ [name]: repeat(128_000) })));
    for (const shorten of [quote, redactAttributes, escapeMarkdown]) within(() => shorten(repeat(1e6)));
    // Linear too, and the CSV parser's own speed.
    within(() => mayRefuse(() => parseList('x', repeat(1e6), { separator: 'line' })), 5000);
  });

  test('a credential with a comma in a quoted field of a cache source is hidden as a whole', () =>
    expect(redactAttributes('type=s3,"secret_access_key=one,two",region=x')).toBe(
      'type=s3,secret_access_key=***,region=x',
    ));
});

describe('Dockerfiles', () => {
  const read = (text: string): void =>
    mayRefuse(() => {
      const dockerfile = parseDockerfile(text);
      stagesInside(dockerfile, 'production');
      stagesOutside(dockerfile, 'production');
      const plan = planBuild(inputsOf(), pushTo('main'), CONTEXT, registryWith());
      builderStages(plan, dockerfile);
      needsOwnSource(plan, dockerfile);
    });

  test('any text', () => {
    const words = fc.constantFrom(
      'FROM a AS builder',
      'FROM builder AS production',
      'RUN <<A <<"B C"',
      'A',
      'COPY --from=0 . .',
      'RUN --mount=from=x',
      '\\',
      '`',
      '# escape=`',
      '"',
      "'",
      '<<',
      '\t',
      '\r',
      '\0',
      '\u2028',
      'ARG A=$A',
      'ONBUILD RUN <<-E',
      'E',
    );
    fc.assert(
      fc.property(
        fc.array(fc.oneof(words, fc.string({ unit: 'binary' }))),
        fc.constantFrom('\n', '\r\n', ' ', ''),
        (parts, between) => read(parts.join(between)),
      ),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['stages', 'FROM a AS b\n'.repeat(80_000)],
    ['stages of each other', Array.from({ length: 1000 }, (_, index) => `FROM s${index} AS s${index + 1}\n`).join('')],
    ['a stage that is made of itself', 'FROM production AS production\nCOPY --from=production . .\n'],
    ['continued lines', 'RUN \\\n'.repeat(150_000)],
    ['mounts', `FROM a AS production\nRUN --mount=${'from=x,'.repeat(140_000)} y\n`],
    ['flags', `FROM ${'--platform=x '.repeat(75_000)} a b c\n`],
    ['spaces', `FROM a${' '.repeat(1e6)}b\n`],
    ['heredocs', `RUN ${'<<A '.repeat(250_000)}\n`],
    ['one word', `RUN ${'a'.repeat(1e6)}\n`],
    ['backslashes', `RUN ${'\\'.repeat(1e6)}\n`],
    ['quotes', `RUN ${'"'.repeat(1e6)}\n`],
    ['an open quote', `RUN '${'a '.repeat(5e5)}\n`],
    ['comments', '# a=b\n'.repeat(160_000)],
  ])('1 MB of %s takes no long', (_, text) => within(() => read(text), 2000));

  test('many variables in a step do not make comparing it with its progress slow', () =>
    within(() => {
      const instruction = `RUN echo ${'$A '.repeat(1000)}end`;
      expect(isShownAs(instruction, `RUN echo ${'x '.repeat(20_000)}no`)).toBe(false);
      expect(isShownAs(instruction, `RUN echo ${'x '.repeat(20_000)}end`)).toBe(true);
    }));

  test.each([
    ['RUN a $B c', 'RUN a x y c', true],
    ['RUN a ${B:-x} c', 'RUN a y c', true],
    ['RUN $A$B', 'RUN xy', true],
    ['RUN a${B}a', 'RUN a', false],
    ['RUN a $B c $D e', 'RUN a 1 e', false],
    ['run a', 'RUN a', true],
    ['RUN a', 'RUN ab', false],
  ])('%j shown as %j: %j', (instruction, shown, expected) => expect(isShownAs(instruction, shown)).toBe(expected));
});

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
    for (const line of LINES)
      within(() => {
        const reader = new RawProgressReader();
        reader.read(line, 0);
        for (const text of rawProgress(
          { name: line },
          { name: line, error: line, output: line, statuses: [line] },
        ).split('\n'))
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
      }, 2000);
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
      { numRuns: 1000 },
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
      { numRuns: 1000 },
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

test.each([
  '<script>x</script>',
  '</td><img src=x>',
  '[a](javascript:b)',
  '![a](http://b)',
  '`code`',
  '| cell |',
  '@team',
  'a\n# title',
  'a\r\n- item',
  '<!-- x',
  '&lt;script&gt;',
])('%j is only text in the summary', (text) =>
  expect(escapeMarkdown(text)).not.toMatch(/<|(?<!\\)[[\]`|]|@|[\r\n]|&(?!amp;|lt;|#64;|#8203;)/),
);
