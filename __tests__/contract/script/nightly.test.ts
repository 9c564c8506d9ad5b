// The scripts of the scheduled workflows that write: what they ask GitHub, Docker Hub and Azure for, and what they take for
// right. GitHub's CLI and curl are stood in for.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

const root = new URL('../../../', import.meta.url).pathname;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'two-pass-build-nightly-'));
  mkdirSync(join(folder, 'bin'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const place = (program: string, text: string): void =>
  writeFileSync(join(folder, 'bin', program), `#!/bin/bash\n${text}`, { mode: 0o755 });
const readCalls = (): readonly string[] =>
  readdirSync(folder).includes('calls') ? readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n') : [];

function run(script: string, args: readonly string[], env: Readonly<Record<string, string>>, input = '') {
  const own = { PATH: `${join(folder, 'bin')}:${process.env.PATH ?? ''}`, STATE: folder };
  return spawnSync(join(root, 'script', script), args, { env: { ...own, ...env }, input, encoding: 'utf8' });
}

describe('script/judge-build', () => {
  const DIGEST = `sha256:${'1'.repeat(64)}`;
  const PUSHED = { pushed: 'true', digest: DIGEST, tags: 'x', changed: 'false', 'builder-digest': DIGEST };
  const pass = (cached: number, steps: number) => ({ cached, steps });
  const summarize = (builder: object | null, production: object | null): string =>
    JSON.stringify({ builder, builders: builder === null ? [] : [builder], production });
  const plan = JSON.stringify({ push: { push: false, reason: 'the registry ghcr.io refuses to take an upload' } });
  const COLD = { ...PUSHED, changed: 'true', summary: summarize(pass(0, 5), pass(0, 1)), plan };
  const UNCHANGED = { ...PUSHED, summary: summarize(pass(5, 5), pass(1, 1)), plan };
  const CHANGED = { ...COLD, summary: summarize(pass(3, 5), pass(0, 1)) };
  // What is empty is left out where outputs are made into JSON.
  const REFUSED = { pushed: 'false', summary: summarize(pass(3, 5), pass(0, 1)), plan };
  const INDEX = { ...PUSHED, summary: summarize(null, null), plan };
  const judge = (kind: string, outputs: object, builder = '') =>
    run('judge-build', [kind, builder], { OUTPUTS: JSON.stringify(outputs) });

  test.each([
    ['cold', COLD, ''],
    ['unchanged', UNCHANGED, DIGEST],
    ['changed', CHANGED, ''],
    ['refused', REFUSED, ''],
    ['index', INDEX, ''],
  ])('lets a build pass that is %s', (kind, outputs, builder) =>
    expect(judge(kind, outputs, builder)).toMatchObject({ status: 0, stderr: '' }),
  );

  test.each([
    ['cold', { ...COLD, pushed: 'false' }, '', 'it was pushed'],
    ['cold', { ...COLD, digest: undefined }, '', 'its digest is known'],
    ['cold', UNCHANGED, '', 'steps ran in both passes'],
    ['cold', { ...COLD, summary: summarize(null, pass(0, 1)) }, '', 'steps ran in both passes'],
    ['unchanged', { ...UNCHANGED, changed: 'true' }, '', 'the output changed is false'],
    ['unchanged', { ...UNCHANGED, changed: undefined }, '', 'the output changed is false'],
    ['unchanged', { ...UNCHANGED, summary: summarize(pass(4, 5), pass(1, 1)) }, '', 'no step ran'],
    ['unchanged', { ...UNCHANGED, summary: summarize(pass(5, 5), null) }, '', 'no step ran'],
    ['unchanged', UNCHANGED, `sha256:${'2'.repeat(64)}`, 'the builder image is what it was'],
    ['changed', { ...CHANGED, changed: 'false' }, '', 'the output changed is true'],
    ['changed', UNCHANGED, '', 'the builder ran what follows the change'],
    ['changed', COLD, '', 'the builder started from the cache'],
    ['refused', { ...REFUSED, digest: DIGEST }, '', 'nothing was pushed'],
    ['refused', { ...REFUSED, pushed: 'true' }, '', 'nothing was pushed'],
    ['refused', { ...REFUSED, summary: COLD.summary }, '', 'the builder started from the cache'],
    [
      'refused',
      { ...REFUSED, plan: '{"push":{"push":false,"reason":"the input push is false"}}' },
      '',
      'the plan says',
    ],
    ['index', { ...INDEX, changed: 'true' }, '', 'the output changed is false'],
  ])('%s: says what is not so (%#)', (kind, outputs, builder, says) => {
    const { status, stdout } = judge(kind, outputs, builder);
    expect(status).toBe(1);
    expect(stdout).toMatch(new RegExp(`^::error title=Not as expected of a build that is ${kind}::.*${says}`, 'm'));
  });

  test.each([
    ['anything', COLD],
    ['cold', {}],
  ])('never passes what it does not know: %s %j', (kind, outputs) => expect(judge(kind, outputs).status).not.toBe(0));
});

describe('script/fresh-engine', () => {
  beforeEach(() => place('docker', 'echo "$*" >>"$STATE/calls"; test "$2" != rm'));

  test.each([
    ['docker', 0, ['buildx prune --all --force', 'image prune --all --force']],
    // Where there is none to remove, that is no fault.
    [
      'docker-container',
      0,
      ['buildx rm --force nightly', 'buildx create --name nightly --driver docker-container --use'],
    ],
    ['remote', 2, []],
  ])('with the driver %s', (driver, status, calls) => {
    expect(run('fresh-engine', [driver], {}).status).toBe(status);
    expect(readCalls()).toEqual(calls);
  });
});

describe('script/delete-images', () => {
  const env = { USERNAME: 'octo', PASSWORD: 'dckr_"pat\\1', GH_TOKEN: 'x' };
  beforeEach(() => {
    // $STATE/absent: nothing is there. $STATE/refused: nothing may be deleted.
    place(
      'gh',
      `echo "gh $*" >>"$STATE/calls"
case "$*" in
  'api users/octo '*) echo Organization ;;
  'api users/'*) echo User ;;
  'api --method DELETE '*) test ! -f "$STATE/refused" ;;
  *) test ! -f "$STATE/absent" || { echo 'gh: Package not found. (HTTP 404)' >&2; exit 1; } ;;
esac`,
    );
    place(
      'curl',
      `echo "curl $*" >>"$STATE/calls"
sed 's/^/< /' >>"$STATE/calls"
case "$*" in
  *auth/token) echo '{"access_token":"jwt"}' ;;
  *) if test -f "$STATE/refused"; then echo 403; elif test -f "$STATE/absent"; then echo 404; else echo 202; fi ;;
esac`,
    );
  });
  const setState = (name: string): void => writeFileSync(join(folder, name), '');

  test('of an organisation and of a person on ghcr.io, as packages that are there', () => {
    const images = ['ghcr.io/Octo/App/nightly/node-docker', 'ghcr.io/mona/app/nightly/called'];
    expect(run('delete-images', images, env)).toMatchObject({ status: 0, stderr: '' });
    expect(readCalls()).toEqual([
      'gh api users/octo --jq .type',
      'gh api orgs/octo/packages/container/app%2Fnightly%2Fnode-docker --jq .name',
      'gh api --method DELETE orgs/octo/packages/container/app%2Fnightly%2Fnode-docker',
      'gh api users/mona --jq .type',
      'gh api users/mona/packages/container/app%2Fnightly%2Fcalled --jq .name',
      'gh api --method DELETE users/mona/packages/container/app%2Fnightly%2Fcalled',
    ]);
  });

  test('on Docker Hub and Azure, with no credential on a command line', () => {
    const images = ['docker.io/octo/two-pass-build-nightly-x', 'octo.azurecr.io/two-pass-build-nightly-x'];
    expect(run('delete-images', images, env)).toMatchObject({ status: 0, stderr: '' });
    const calls = readCalls();
    expect(calls.filter((call) => call.startsWith('curl'))).toEqual([
      expect.stringMatching(/ https:\/\/hub\.docker\.com\/v2\/auth\/token$/),
      expect.stringMatching(
        /--request DELETE .* https:\/\/hub\.docker\.com\/v2\/repositories\/octo\/two-pass-build-nightly-x\/$/,
      ),
      expect.stringMatching(/--request DELETE .* https:\/\/octo\.azurecr\.io\/acr\/v1\/two-pass-build-nightly-x$/),
    ]);
    expect(calls.filter((call) => call.startsWith('curl')).join()).not.toMatch(/dckr|jwt/);
    expect(calls).toContain('< header = "Authorization: Bearer jwt"');
    // As curl's configuration quotes it.
    expect(calls).toContain('< user = "octo:dckr_\\"pat\\\\1"');
  });

  test.each(['ghcr.io/octo/app/nightly/x', 'docker.io/octo/nightly', 'octo.azurecr.io/nightly'])(
    '%s: what is not there is no fault',
    (image) => {
      setState('absent');
      expect(run('delete-images', [image], env)).toMatchObject({ status: 0, stderr: '' });
      expect(readCalls().join()).not.toContain('gh api --method DELETE');
    },
  );

  test('what may not be deleted is named, and hides no other', () => {
    setState('refused');
    const images = ['ghcr.io/octo/app/nightly/x', 'docker.io/octo/nightly', 'octo.azurecr.io/nightly'];
    const { status, stderr } = run('delete-images', images, env);
    expect(status).toBe(1);
    expect(stderr).toContain(`Not deleted: ${images.join(' ')}\n`);
  });

  test.each(['ghcr.io/octo/app', 'quay.io/octo/nightly', 'ghcr.io/nightly', '--help'])('never %s', (image) => {
    expect(run('delete-images', [image], env).status).toBe(2);
    expect(readCalls()).toEqual([]);
  });
});

describe('script/report-issue', () => {
  const env = { GITHUB_REPOSITORY: 'octo/app', GITHUB_RUN_ID: '7', GH_TOKEN: 'x' };
  const RUN = 'https://github.com/octo/app/actions/runs/7';
  const report = (input: string, ...more: readonly string[]) =>
    run('report-issue', ['nightly', 'Nightly fails', ...more], env, input);
  const jobs = (results: Readonly<Record<string, string>>): string =>
    JSON.stringify(Object.fromEntries(Object.entries(results).map(([job, result]) => [job, { result, outputs: {} }])));
  const readBody = (): string => readFileSync(join(folder, 'body'), 'utf8');

  beforeEach(() =>
    // Keeps one issue, open while there is a file of that name.
    place(
      'gh',
      `echo "$*" >>"$STATE/calls"
case "$1 $2" in
  'issue list') test ! -f "$STATE/open" || echo 12 ;;
  'issue create' | 'issue edit') touch "$STATE/open"; cat >"$STATE/body" ;;
  'issue close') rm "$STATE/open" ;;
esac`,
    ),
  );

  test('opens one, brings it up to date, and closes it', () => {
    expect(report(jobs({ ghcr: 'failure', azure: 'skipped', issue: 'success' }), '--jobs').status).toBe(0);
    expect(readBody()).toBe(`- \`ghcr\`: failure\n\nThe last run: ${RUN}\n`);
    expect(report(jobs({ ghcr: 'success', azure: 'cancelled' }), '--jobs').status).toBe(0);
    expect(readBody()).toBe(`- \`azure\`: cancelled\n\nThe last run: ${RUN}\n`);
    expect(report(jobs({ ghcr: 'success', azure: 'skipped' }), '--jobs').status).toBe(0);
    expect(report(jobs({ ghcr: 'success' }), '--jobs').status).toBe(0);
    const list = 'issue list --repo octo/app --label nightly --state open --json number --jq .[0].number // empty';
    expect(readCalls()).toEqual([
      list,
      'label create nightly --repo octo/app --force --description Opened and closed by a scheduled workflow',
      'issue create --repo octo/app --label nightly --title Nightly fails --body-file -',
      list,
      'issue edit 12 --repo octo/app --title Nightly fails --body-file -',
      list,
      `issue close 12 --repo octo/app --comment All is well again: ${RUN}`,
      list,
    ]);
  });

  test('a text is what it is: no shell reads it, and an empty one means that all is well', () => {
    expect(report('- grype: `v1` -> $(touch "$STATE/run")\n').status).toBe(0);
    expect(readBody()).toContain('- grype: `v1` -> $(touch "$STATE/run")\n\nThe last run: ');
    expect(readdirSync(folder)).not.toContain('run');
    expect(report('\n').status).toBe(0);
    expect(readCalls().at(-1)).toContain('issue close 12');
  });

  test.each(['', '{}', 'null', '[1]'])('without jobs nothing is well: %j', (needs) => {
    expect(report(needs, '--jobs').status).not.toBe(0);
    expect(readCalls()).toEqual([]);
  });

  test('a list that cannot be had opens no second issue', () => {
    place('gh', 'echo "$*" >>"$STATE/calls"; exit 1');
    expect(report('something').status).toBe(1);
    expect(readCalls()).toHaveLength(1);
  });
});

describe('the nightly workflow', () => {
  interface Job {
    readonly needs?: string | readonly string[];
    readonly with?: { readonly image?: string };
    readonly strategy?: { readonly matrix: Readonly<Record<'runner' | 'driver' | 'service', readonly string[]>> };
  }
  const { env, jobs } = parse(readFileSync(join(root, '.github/workflows/nightly-registries.yml'), 'utf8')) as {
    readonly env: { readonly IMAGES: string };
    readonly jobs: Readonly<Record<string, Job>>;
  };

  test('deletes every image that it writes to ghcr.io', () => {
    const { runner = [], driver = [], service = [] } = jobs.ghcr?.strategy?.matrix ?? {};
    const own = 'ghcr.io/${{ github.repository }}/nightly';
    const combined = service.flatMap((one) =>
      runner.flatMap((label) => driver.map((kind) => `${own}/${one}-${label}-${kind}`)),
    );
    const called = Object.values(jobs).flatMap((job) => job.with?.image ?? []);
    expect(env.IMAGES.trim().split('\n').toSorted()).toEqual([...new Set([...combined, ...called])].toSorted());
    expect(combined).toHaveLength(12);
  });

  test('tells of every job in its issue', () => {
    const { issue, ...others } = jobs;
    expect(issue?.needs).toEqual(Object.keys(others));
  });
});
