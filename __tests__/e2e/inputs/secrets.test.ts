// Marked secrets on every path that a run can take: they are found nowhere but where they must be.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { runOrThrow } from '../../../lab/command.js';
import type { ImageStore } from '../../../lab/engine/engine.js';
import type { ActionResult } from '../../../lab/runner/action-run.js';
import type { WorkflowRun } from '../../../lab/runner/workflow-run.js';
import { READER, type Team, type TeamRun, WRITER } from '../../../lab/services/team.js';
import { expectSuccess, useLab } from '../../support/e2e.js';
import {
  findLeaks,
  listForms,
  readFolder,
  readRepository,
  watchCommandLines,
  writeShims,
} from '../../support/leaks.js';
import { sampleOf } from '../../support/nightly.js';

/** Unguessable, with characters that encodings change. */
const mark = (): string => `c4${randomBytes(9).toString('hex')}+/"&=`;

const SECRETS = {
  password: mark(),
  readerPassword: mark(),
  githubToken: mark(),
  secret: mark(),
  secretOfLines: `{\n  ${mark()}\n  ${mark()}\n}`,
  secretEnv: mark(),
  secretFile: `${mark()}\n${mark()}\n`,
  userLogin: mark(),
  jobVariable: mark(),
  remoteToken: randomBytes(12).toString('hex'),
  scanToken: mark(),
  mirrorPassword: mark(),
};
const MIRRORER = 'mirrorer';

const fixture = useLab({
  stores: ['containerd', 'overlay2'],
  users: [
    { ...WRITER, password: SECRETS.password },
    { ...READER, password: SECRETS.readerPassword },
    { ...WRITER, name: MIRRORER, password: SECRETS.mirrorPassword },
  ],
});

interface Path {
  readonly store?: ImageStore;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: TeamRun['signal'];
  readonly event?: (team: Team) => Promise<WorkflowRun>;
  /** Replaces text in the Dockerfile. */
  readonly edit?: readonly [string, string];
  /** Adds a mirror, whose login has this before its password. */
  readonly mirror?: string;
  readonly succeeds: boolean;
  /** No build is started. */
  readonly early?: true;
}

const MOUNTS =
  '--mount=type=secret,id=one --mount=type=secret,id=lines --mount=type=secret,id=two --mount=type=secret,id=three';
const STEP = 'RUN ./src/build';

interface Walk {
  readonly result: ActionResult;
  readonly leaks: readonly string[];
  readonly sshKey: string;
  readonly team: Team;
  readonly started: Awaited<ReturnType<Awaited<ReturnType<typeof writeShims>>['started']>>;
}

/** Runs the action with every kind of secret, and searches all that there is afterwards. */
async function walk(name: string, path: Path): Promise<Walk> {
  const lab = fixture.lab();
  const engine = lab.engine(path.store ?? 'containerd');
  const team = await fixture.team(name);
  const directory = await mkdtemp(join(lab.directory, 'walk-'));
  const at = (...parts: readonly string[]) => join(directory, ...parts);
  for (const folder of ['home', 'temp', 'tmp', 'config/cli-plugins', 'given'])
    await mkdir(at(folder), { recursive: true });
  await runOrThrow('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at('given/key')]);
  const sshKey = (await readFile(at('given/key'), 'utf8')).replace(/^-.*\n/gm, '').trim();
  // Where a fork's run may have it too.
  await mkdir(at('temp/given'));
  await writeFile(at('temp/given/secret'), SECRETS.secretFile);
  await symlink(lab.tools.buildx, at('config/cli-plugins/docker-buildx'));
  const auth = Buffer.from(`someone:${SECRETS.userLogin}`).toString('base64');
  await writeFile(at('config/config.json'), JSON.stringify({ auths: { 'registry.test': { auth } } }));

  const dockerfile = join(team.service.directory, 'Dockerfile');
  const text = (await readFile(dockerfile, 'utf8')).replace(STEP, `RUN ${MOUNTS} wc -c /run/secrets/* && ./src/build`);
  await writeFile(dockerfile, path.edit === undefined ? text : text.replace(...path.edit));
  await team.service.commit('Use secrets');
  await team.service.git('remote', 'add', 'origin', `https://x:${SECRETS.remoteToken}@git.test/octo/app.git`);

  const real = (program: string) =>
    runOrThrow('sh', ['-c', `command -v ${program}`], { env: { PATH: engine.env.PATH ?? '' } });
  const shims = await writeShims(directory, { docker: (await real('docker')).trim(), git: (await real('git')).trim() });
  const watch = watchCommandLines();
  const result = await team.build(await (path.event ?? (({ push }) => push()))(team), {
    engine,
    inputs: {
      password: SECRETS.password,
      'github-token': SECRETS.githubToken,
      secrets:
        `one=${SECRETS.secret.replaceAll('"', '""')}\n"lines=${SECRETS.secretOfLines.replaceAll('"', '""')}"`.replace(
          /^one=(.*)$/m,
          '"one=$1"',
        ),
      'secret-envs': 'two=PASSED_SECRET',
      'secret-files': `three=${at('temp/given/secret')}`,
      ssh: `default=${at('given/key')}`,
      'scan-token': SECRETS.scanToken,
      ...(path.mirror !== undefined && {
        mirrors: `${lab.registry.host}/${team.repository}-copy`,
        'mirror-logins': `"${lab.registry.host}=${path.mirror}${SECRETS.mirrorPassword.replaceAll('"', '""')}"`,
      }),
      ...path.inputs,
    },
    env: {
      PATH: `${shims.bin}:${engine.env.PATH ?? ''}`,
      HOME: at('home'),
      RUNNER_TEMP: at('temp'),
      TMPDIR: at('tmp'),
      DOCKER_CONFIG: at('config'),
      PASSED_SECRET: SECRETS.secretEnv,
      JOB_VARIABLE: SECRETS.jobVariable,
      ...path.env,
    },
    ...(path.signal === undefined ? {} : { signal: path.signal }),
  });
  const commandLines = watch.stop();
  const started = await shims.started();
  const phases = [result.main, result.post].filter((phase) => phase !== undefined);
  const evidence = [
    ...commandLines,
    ...started.map(({ args }) => [`the arguments of ${args[0] ?? ''} ${args[1] ?? ''}`, args.join('\0')] as const),
    ['the log', result.rawLog.replace(/^::add-mask::.*$/gm, '')] as const,
    ['the annotations', JSON.stringify(result.annotations)] as const,
    ['the summary', result.summary] as const,
    ...phases.map(
      ({ outputs, state, exported, addedPath }) =>
        [
          'a command file',
          JSON.stringify([outputs, state, exported, addedPath]) + Object.values(outputs).join('\n'),
        ] as const,
    ),
    // What was there before, and the Docker config of the user's own, are looked at apart.
    ...(await Promise.all(['home', 'temp', 'tmp'].map((folder) => readFolder(at(folder), /\/given\/secret$/)))).flat(),
    ...(await readFolder(at('config'), path.inputs?.logout === 'false' ? /config\/config\.json$/ : /^$/)).map(
      ([place, content]) => [place, content.replace(auth, '')] as const,
    ),
    ...(await readFolder(team.service.directory, /\/\.git\//)),
    ...(await readRepository(lab.registry, team.repository)),
    ...(await readRepository(lab.registry, `${team.repository}-copy`)),
  ];
  return { result, leaks: findLeaks({ ...SECRETS, sshKey }, evidence), sshKey, team, started };
}

const SLOW = [STEP.replace('RUN ', '&& '), '&& echo slow && sleep 20 && ./src/build'] as const;
const PATHS: Readonly<Record<string, Path>> = {
  'success-containerd': { succeeds: true },
  'success-overlay2': { store: 'overlay2', succeeds: true },
  provenance: { inputs: { provenance: 'mode=max' }, succeeds: true },
  debug: { env: { RUNNER_DEBUG: '1', ACTIONS_STEP_DEBUG: 'true', ACTIONS_RUNNER_DEBUG: 'true' }, succeeds: true },
  'failing-builder': { edit: ['&& ./src/build', '&& false'], succeeds: false },
  'failing-production': { edit: ['USER nobody', 'RUN false\nUSER nobody'], succeeds: false },
  'refused-login': { inputs: { password: `${SECRETS.password}x` }, succeeds: false, early: true },
  'denied-push': { inputs: { username: READER.name, password: SECRETS.readerPassword }, succeeds: true },
  'denied-must-push': {
    inputs: { username: READER.name, password: SECRETS.readerPassword, push: 'true' },
    succeeds: false,
    early: true,
  },
  unreachable: { inputs: { image: '127.0.0.1:1/octo/x' }, succeeds: false, early: true },
  sigterm: { edit: SLOW, signal: { signal: 'SIGTERM', after: /\| slow$/m }, succeeds: false },
  sigkill: { edit: SLOW, signal: { signal: 'SIGKILL', after: /\| slow$/m }, succeeds: false },
  'dry-run': { inputs: { 'dry-run': 'true' }, succeeds: true, early: true },
  'no-push': { inputs: { push: 'false' }, succeeds: true },
  fork: { event: ({ pullRequest }) => pullRequest({ number: 7, head: 'main', fork: 'stranger/app' }), succeeds: true },
  'logout-false': { inputs: { logout: 'false' }, succeeds: true },
  'no-engine': { env: { DOCKER_HOST: 'unix:///nowhere.sock' }, succeeds: false, early: true },
  'secret-in-build-args': { inputs: { 'build-args': `A=x${SECRETS.secret}` }, succeeds: false, early: true },
  'secret-in-the-environment': {
    inputs: { 'build-args': 'COPY' },
    env: { COPY: `x${SECRETS.secret}` },
    succeeds: false,
    early: true,
  },
  'token-in-labels': {
    inputs: { labels: `a=${Buffer.from(`x:${SECRETS.githubToken}`).toString('base64')}` },
    succeeds: false,
    early: true,
  },
  'verify-passes': { inputs: { verify: 'docker run --rm --network=none "$IMAGE"' }, succeeds: true },
  'verify-fails': { store: 'overlay2', inputs: { verify: 'exit 3' }, succeeds: false },
  // There is no snyk on PATH, and its image cannot be had.
  'scan-in-a-container': { inputs: { scan: 'snyk' }, succeeds: false },
  mirrored: { mirror: `${MIRRORER}:`, succeeds: true },
  'refused-mirror-login': { mirror: `${MIRRORER}:x`, succeeds: false, early: true },
  'mirror-login-without-a-name': { mirror: '', succeeds: false, early: true },
  'no-such-secret-file': { inputs: { 'secret-files': 'a=missing' }, succeeds: false, early: true },
};

/** By day one path of each kind: those that end before a build are alike, and so are those that fail in one. */
const BY_DAY = [
  ...['success-containerd', 'success-overlay2', 'failing-production', 'sigterm', 'fork', 'logout-false'],
  ...['secret-in-build-args', 'verify-passes', 'scan-in-a-container', 'mirrored'],
];
const SAMPLE = sampleOf(Object.entries(PATHS), ([name]) => BY_DAY.includes(name));

test.each(SAMPLE)('no secret is left or seen anywhere: %s', async (name, path) => {
  const { result, leaks, started } = await walk(name, path);
  if ((result.main?.code === 0) !== path.succeeds) throw new Error(`The run did not end as expected:\n${result.log}`);
  expect(leaks).toEqual([]);
  const builds = started.filter(({ args }) => args.includes('build'));
  expect(builds.length > 0).toBe(path.early !== true);

  // The environment carries the secrets of the build to the build, and the login nowhere.
  for (const { args, env } of started) {
    const has = (secret: string) => env.some((variable) => variable.includes(secret));
    for (const secret of [
      SECRETS.password,
      SECRETS.readerPassword,
      SECRETS.githubToken,
      SECRETS.userLogin,
      SECRETS.secretFile,
      SECRETS.mirrorPassword,
    ])
      expect(has(secret)).toBe(false);
    // Buildx hands its own on to git, which it asks about the commit.
    if (args[0]?.endsWith('/docker') === true) expect(has(SECRETS.secret)).toBe(args.includes('build'));
    // By its image's name, since a build of another path has no scanner.
    expect(has(SECRETS.scanToken)).toBe(args.some((argument) => argument.startsWith('snyk/')));
  }
  for (const key of Object.keys(result.main?.state ?? {})) expect(key).toBe('directory');
});

describe('masks', () => {
  test('are set for every secret in each of its forms before anything else is done', async () => {
    const { result } = await walk('masks', { mirror: `${MIRRORER}:`, succeeds: true });
    const masks = result.main?.masks ?? [];
    const logins = [`${WRITER.name}:${SECRETS.password}`, `${MIRRORER}:${SECRETS.mirrorPassword}`];
    const lines = [SECRETS.secretOfLines, SECRETS.secretFile].flatMap((secret) =>
      secret.split('\n').map((line) => line.trim()),
    );
    const wanted = [
      SECRETS.password,
      SECRETS.githubToken,
      SECRETS.secret,
      SECRETS.secretEnv,
      SECRETS.mirrorPassword,
      ...logins.map((login) => Buffer.from(login).toString('base64')),
      ...lines.filter((line) => line.length > 1),
    ];
    for (const secret of wanted) expect(masks).toContain(secret);
    // A brace alone would blacken the log, and the runner takes a mask of several lines apart.
    expect(masks.flatMap((mask) => mask.split('\n'))).not.toContain('{');
    const printed = result.rawLog.split('\n');
    expect(printed.findLastIndex((line) => line.startsWith('::add-mask::'))).toBeLessThan(
      printed.findIndex((line) => !line.startsWith('::add-mask::')),
    );
  });

  test('hide what a Dockerfile prints of its secrets', async () => {
    const edit = ['wc -c /run/secrets/*', 'cat /run/secrets/*'] as const;
    const { result, leaks } = await walk('echo', { edit, succeeds: true });
    expectSuccess(result);
    // As printed it is there, and the search sees it; as people see it, it is not.
    expect(leaks).toEqual(
      expect.arrayContaining(['secret (raw of part 0) in the log', 'secretEnv (raw of part 0) in the log']),
    );
    expect(leaks.filter((leak) => !leak.endsWith(' in the log'))).toEqual([]);
    const { secret, secretOfLines, secretEnv, secretFile } = SECRETS;
    expect(findLeaks({ secret, secretOfLines, secretEnv, secretFile }, [['the masked log', result.log]])).toEqual([]);
    expect(result.log).toContain('***');
  });
});

test('the search finds every form of a secret, wherever it is planted', async () => {
  const secret = mark();
  for (const text of listForms(secret).values()) {
    expect(text.length).toBeGreaterThanOrEqual(24);
    expect(findLeaks({ secret }, [['x', `a${text}b`]])).not.toEqual([]);
  }
  for (const before of ['', 'a', 'ab', 'user:'])
    for (const encoding of ['base64', 'base64url', 'hex'] as const)
      expect(findLeaks({ secret }, [['x', Buffer.from(`${before}${secret}after`).toString(encoding)]])).not.toEqual([]);
  expect(findLeaks({ secret }, [['x', mark()]])).toEqual([]);

  const watch = watchCommandLines();
  await runOrThrow('sh', ['-c', 'sleep 1; true', secret]);
  expect(findLeaks({ secret }, watch.stop())).not.toEqual([]);
  const { lab } = fixture;
  await lab().registry.putManifest(
    'octo/planted',
    'x',
    'application/vnd.oci.image.manifest.v1+json',
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        digest: await lab().registry.putBlob(
          'octo/planted',
          Buffer.from(JSON.stringify({ history: [{ created_by: secret }] })),
        ),
        size: 1,
      },
      layers: [],
    }),
  );
  expect(findLeaks({ secret }, await readRepository(lab().registry, 'octo/planted'))).not.toEqual([]);
});
