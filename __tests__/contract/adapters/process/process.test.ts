// Real processes: a command's end is the end, whatever it leaves running, whoever cancels it, and however it hangs.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { logInPersistently, readStoredLogin } from '../../../../src/adapters/docker/docker-config.js';
import { inspectEngine } from '../../../../src/adapters/docker/inspect-engine.js';
import {
  type LocalEngine,
  loadImage,
  readImageId,
  readImageSize,
  saveImage,
} from '../../../../src/adapters/docker/local-image.js';
import { listFamily } from '../../../../src/adapters/process/family.js';
import { Git } from '../../../../src/adapters/process/git.js';
import { describeLeftovers } from '../../../../src/adapters/process/leftovers.js';
import {
  CancelledError,
  type ProcessOptions,
  type RunProcess,
  TimeLimitError,
  runProcess,
} from '../../../../src/adapters/process/process.js';

// What does not listen is killed after four seconds.
jest.setTimeout(30_000);

const NEVER = new AbortController().signal;
const env = { PATH: process.env.PATH };
const bash = (script: string, change: Partial<ProcessOptions> = {}) =>
  runProcess('bash', ['-c', `echo $$\n${script}`], { env, signal: NEVER, limit: 'none', sweep: true, ...change });

/** What a script printed after the ID of its own process, and what is left of it. */
async function runScript(script: string, change: Partial<ProcessOptions> = {}) {
  const { code, stdout, leftovers } = await bash(script, change);
  const [leader = '', ...lines] = stdout.split('\n');
  return { code, lines, leftovers, left: listFamily(Number(leader), true) };
}

describe('what a command leaves running', () => {
  test.each([
    ['with its output open', 'sleep 77 & echo started'],
    ['with its output elsewhere', 'sleep 77 >/dev/null 2>&1 & echo started'],
    ['in a process group that timeout made', 'timeout 76 sleep 77 & sleep 0.2; echo started'],
    ['in a process group that the shell made', 'set -m; sleep 77 & echo started'],
    ['as the child of one that has ended', '(sleep 77 & ) & echo started'],
    ['when it fails', 'sleep 77 & echo started; exit 3'],
  ])('%s is ended too', async (_, script) => {
    const { code, lines, leftovers, left } = await runScript(script);
    expect({ code, lines, left }).toEqual({ code: script.endsWith('3') ? 3 : 0, lines: ['started'], left: [] });
    expect(leftovers?.names).toContain('sleep');
    // Nobody had waited for its 77 seconds: it would be nothing left running.
    expect(leftovers?.ended).toBe(true);
  });

  test('is killed where it does not listen', async () => {
    const { leftovers, left } = await runScript(`bash -c 'trap "" TERM; while :; do sleep 1; done' & sleep 0.2`);
    expect(leftovers?.ended).toBe(true);
    expect(left).toEqual([]);
  });

  test.each([
    ['that writes its last lines', 'exec > >(sleep 0.3; cat)\necho written', ['written']],
    ['that the script waits for', 'sleep 0.2 & wait\necho done', ['done']],
    ['nothing', 'echo done', ['done']],
  ])('is not spoken of when it ends by itself: %s', async (_, script, lines) => {
    expect(await runScript(script)).toMatchObject({ code: 0, lines, leftovers: null });
  });

  test('is not waited for where it has a session of its own, and is said to run on', async () => {
    const { lines, leftovers } = await runScript('setsid sleep 77 & echo $!; sleep 0.2');
    expect(leftovers).toEqual({ names: [], ended: false });
    expect(describeLeftovers('It', leftovers!)).toMatch(/could not be ended: they have a session of their own/);
    // Throws where it has ended, as it would have if anybody had waited for it.
    process.kill(Number(lines[0]), 'SIGKILL');
  });

  test('has names for the warning', () => {
    expect(describeLeftovers('The verify script', { names: ['sleep', 'node'], ended: true })).toBe(
      'The verify script ended and left processes running (sleep, node); they were ended too.',
    );
  });

  test('everything that was printed is there', async () => {
    const { lines } = await runScript('sleep 77 & seq 100000; printf end');
    expect(lines).toHaveLength(100_001);
    expect(lines.at(-1)).toBe('end');
  });
});

describe('a command that is cancelled', () => {
  test.each([
    ['', 'sleep 77'],
    ['with a child in a process group of its own', 'timeout 76 sleep 77'],
    ['that does not listen', 'trap "" TERM; while :; do sleep 1; done'],
  ])('ends with all its children: %s', async (_, script) => {
    const cancellation = new AbortController();
    let leader = 0;
    const onLine = (line: string): void => {
      leader ||= Number(line);
      setTimeout(() => cancellation.abort(), 300);
    };
    await expect(bash(script, { signal: cancellation.signal, onLine })).rejects.toThrow(CancelledError);
    expect(leader).toBeGreaterThan(0);
    expect(listFamily(leader, true)).toEqual([]);
  });

  test('before it starts does not start', () =>
    expect(bash('echo never', { signal: AbortSignal.abort() })).rejects.toThrow(/was not started/));
});

test('a command that takes too long is stopped, and the error says which, how long, and what to do', async () => {
  const limit = { milliseconds: 300, advice: 'Do something.' };
  await expect(runProcess('sleep', ['77'], { env, signal: NEVER, limit })).rejects.toThrow(
    new TimeLimitError('"sleep 77" gave no answer within 0.3 s, and was stopped. Do something.'),
  );
});

describe('a command that only answers', () => {
  const limit = { milliseconds: 10_000, advice: 'Do something.' };

  test('and does not read its input is judged by its exit code', async () => {
    expect((await runProcess('true', [], { env, signal: NEVER, limit, input: 'x'.repeat(1_000_000) })).code).toBe(0);
  });

  test('waits for no input where it is given none', async () => {
    expect(await runProcess('cat', [], { env, signal: NEVER, limit })).toMatchObject({ code: 0, stdout: '' });
  });

  test('is looked for on the PATH that it is given', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tpb-path-'));
    try {
      await writeFile(join(folder, 'git'), '#!/bin/sh\necho "that one: $0"\n', { mode: 0o755 });
      const { stdout } = await runProcess('git', ['--version'], { env: { PATH: folder }, signal: NEVER, limit });
      expect(stdout).toBe(`that one: ${join(folder, 'git')}`);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

test('a callback that throws fails the run, and does not end the process that waits for it', () =>
  expect(
    bash('echo x', {
      onLine: () => {
        throw new Error('mistake');
      },
    }),
  ).rejects.toThrow('mistake'));

describe('whatever hangs on PATH', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tpb-hangs-'));
    for (const name of ['docker', 'git', 'docker-credential-slow']) {
      await writeFile(join(folder, name), '#!/bin/sh\nsleep 77\n');
      await chmod(join(folder, name), 0o755);
    }
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** The real thing, with less patience. */
  const impatient: RunProcess = (command, args, options) => {
    const { limit } = options;
    if (limit === 'none') throw new Error(`${command} ${args.join(' ')} has no limit`);
    return runProcess(command, args, { ...options, limit: { ...limit, milliseconds: 300 } });
  };
  const slowStore = { directory: '', content: { credsStore: 'slow' } };
  const login = { username: 'u', password: 'canary' };
  const calls: readonly [string, (run: RunProcess, signal: AbortSignal) => Promise<unknown>][] = [
    ['docker info', (run, signal) => inspectEngine(run, hung(), null, signal)],
    ['docker buildx inspect', (run, signal) => inspectEngine(run, hung(), 'ci', signal)],
    ['docker image inspect', (run, signal) => readImageId(engine(run, signal), 'a:b')],
    ['docker image inspect, for the size', (run, signal) => readImageSize(engine(run, signal), 'a:b')],
    ['docker image save', (run, signal) => saveImage(engine(run, signal), 'a:b', '/nowhere')],
    ['docker image load', (run, signal) => loadImage(engine(run, signal), '/nowhere', 'a:b')],
    ['docker login', (run, signal) => logInPersistently(run, hung(), 'ghcr.io', login, signal)],
    ['a credential helper', (run, signal) => readStoredLogin(slowStore, 'ghcr.io', run, hung(), signal)],
    ['git rev-parse', (run, signal) => new Git(run, hung(), folder, signal).readHead()],
    ['git status', (run, signal) => new Git(run, hung(), folder, signal).hasChanges()],
  ];
  const hung = () => ({ PATH: `${folder}:${process.env.PATH ?? ''}` });
  const engine = (run: RunProcess, signal: AbortSignal): LocalEngine => ({ run, env: hung(), builder: null, signal });

  test.each(calls)('%s ends with an error that names it, and what to do', async (name, call) => {
    const error: unknown = await call(impatient, NEVER).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TimeLimitError);
    const [program = ''] = name.replace('a credential helper', 'docker-credential-slow').split(' ');
    expect(String(error)).toMatch(
      new RegExp(`^TimeLimitError: "${program} [^"]+" gave no answer within 0\\.3 s, and was stopped\\. \\w.+\\.$`),
    );
    expect(String(error)).not.toContain('canary');
  });

  test.each(calls)('%s ends when the run is cancelled', async (_, call) => {
    const cancellation = new AbortController();
    const calling = call(runProcess, cancellation.signal);
    void sleep(200).then(() => cancellation.abort());
    await expect(calling).rejects.toThrow(CancelledError);
  });
});
