// Who may push: every kind of event, with every token it can have, in every mode of the input push. What came of it is
// read from the registry's access log and storage, and from the engine.
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RegistryRequest } from '../../../lab/registry/access-log.js';
import { type Front, startFront } from '../../../lab/registry/front.js';
import { type Registry, startRegistry } from '../../../lab/registry/registry.js';
import type { ActionResult } from '../../../lab/runner/action-run.js';
import type { WorkflowRun } from '../../../lab/runner/workflow-run.js';
import { READER, type Team, WRITER } from '../../../lab/services/team.js';
import { expectFailure, expectSuccess, splitLines, useLab } from '../../support/e2e.js';

/** CNCF's registry lets nobody cancel an upload who may not delete. */
const OWNER = { ...WRITER, access: [{ repository: 'octo/*', actions: ['pull', 'push', 'delete'] }] } as const;

const fixture = useLab({ stores: ['containerd'], users: [OWNER, READER] });
const engine = () => fixture.lab().engine('containerd');
const DEPENDABOT = 'dependabot[bot]';
const STRANGER = 'mallory/app';

/** No layer of any size, so that a run takes about a second. */
const DOCKERFILE = `ARG BASE_IMAGE
FROM \${BASE_IMAGE} AS builder
RUN echo hello > /greeting
FROM \${BASE_IMAGE} AS production
COPY --from=builder /greeting /greeting
CMD ["cat", "/greeting"]
`;

type Token = typeof WRITER | typeof READER;
type MakeEvent = (team: Team) => Promise<WorkflowRun>;

const onBranch =
  (name: string, payload: object = {}): MakeEvent =>
  async (team) => ({ ...(await team.push('main')), name, payload });
const pullRequest: MakeEvent = (team) => team.pullRequest({ number: 12, head: 'topic' });
const fromFork: MakeEvent = (team) => team.pullRequest({ number: 12, head: 'main', fork: STRANGER });
/** Runs on the base branch, with its secrets and a token that may write. */
const targetFromFork: MakeEvent = async (team) => ({
  ...(await fromFork(team)),
  name: 'pull_request_target',
  ref: 'refs/heads/main',
  sha: await team.service.head(),
});
const dependabot: MakeEvent = async (team) => ({
  ...(await team.pullRequest({ number: 12, head: 'dependabot/npm/left-pad' })),
  actor: DEPENDABOT,
});
const mergeGroup: MakeEvent = async (team) => {
  const sha = await team.service.head();
  const payload = { action: 'checks_requested', merge_group: { head_sha: sha, base_ref: 'refs/heads/main' } };
  return {
    ...(await team.push('main')),
    name: 'merge_group',
    ref: `refs/heads/gh-readonly-queue/main/pr-12-${sha}`,
    payload,
  };
};

type Outcome = 'pushes' | 'fork' | 'denied';

/** What the run does with `push: auto`; the other two modes follow from it. */
const EVENTS: readonly (readonly [string, MakeEvent, Token, Outcome])[] = [
  ['a push to a branch', (team) => team.push('main'), WRITER, 'pushes'],
  ['a push to a branch with a read-only token', (team) => team.push('main'), READER, 'denied'],
  ['a pull request of the same repository', pullRequest, WRITER, 'pushes'],
  ['a pull request of a fork', fromFork, READER, 'fork'],
  ['a pull request of a fork whose token may write', fromFork, WRITER, 'fork'],
  ['pull_request_target of a fork', targetFromFork, WRITER, 'fork'],
  ['Dependabot', dependabot, READER, 'denied'],
  ['Dependabot with a raised token', dependabot, WRITER, 'pushes'],
  ['schedule', onBranch('schedule'), WRITER, 'pushes'],
  ['merge_group', mergeGroup, WRITER, 'pushes'],
  ['workflow_dispatch', onBranch('workflow_dispatch'), WRITER, 'pushes'],
];

const CELLS = EVENTS.flatMap(([title, makeEvent, token, outcome], index) =>
  (['auto', 'true', 'false'] as const).map((push) => ({ title, makeEvent, token, outcome, index, push })),
);

let front: Front;
beforeAll(async () => {
  // Refuses a token that may not write as ghcr.io does.
  front = await startFront({ registry: fixture.lab().registry.host, deniesLikeGhcr: true });
});
afterAll(() => front.stop());

async function tinyTeam(name: string): Promise<Team> {
  const team = await fixture.team(name);
  await writeFile(join(team.service.directory, 'Dockerfile'), DOCKERFILE);
  await team.service.commit('Build something tiny');
  return team;
}

function build(team: Team, event: WorkflowRun, token: Token, push: string, host?: string): Promise<ActionResult> {
  const login = { username: token.name, password: token.password };
  const usual = token === READER ? front.host : fixture.lab().registry.host;
  return team.build(event, {
    engine: engine(),
    inputs: { ...login, push, image: `${host ?? usual}/${team.repository}` },
  });
}

/** The one upload that the preflight has opened and cancelled. */
function cancelledUpload(requests: readonly RegistryRequest[]): string {
  const cancelled = requests.filter(({ method, status }) => method === 'DELETE' && status < 400);
  expect(cancelled).toEqual([expect.objectContaining({ status: 204 })]);
  return /\/blobs\/uploads\/([0-9a-f-]+)/.exec(cancelled[0]!.path)![1]!;
}

test.each(CELLS)('$title, push: $push', async ({ makeEvent, token, outcome, index, push }) => {
  const { registry } = fixture.lab();
  const team = await tinyTeam(`cell-${index}-${push}`);
  const event = await makeEvent(team);
  const mark = registry.mark();
  const result = await build(team, event, token, push);
  const writes = (await registry.requests(mark)).filter(({ method }) => !['GET', 'HEAD'].includes(method));
  const tags = await registry.tags(team.repository);
  const left = await registry.openUploads(team.repository);

  if (outcome === 'pushes' && push !== 'false') {
    expectSuccess(result);
    expect(result.outputs.pushed).toBe('true');
    // BuildKit leaves uploads of its own, where it asks in vain for a blob of another repository.
    expect(left).not.toContain(cancelledUpload(writes));
    const { digest } = await registry.manifest(team.repository, result.outputs.tag!);
    expect(result.outputs.digest).toBe(digest);
    expect(
      splitLines(result.outputs.tags)
        .map((name) => name.slice(name.lastIndexOf(':') + 1))
        .sort(),
    ).toEqual(tags.filter((tag) => !tag.startsWith('cache-')));
    return;
  }
  expect(tags).toEqual([]);
  expect(left).toEqual([]);
  const preflight = outcome === 'denied' && push !== 'false';
  // The preflight alone may write, and is refused; forks and push: false do not even ask.
  for (const { method, path, status } of writes)
    expect({ method, path, refused: status >= 400 }).toEqual({
      method: 'POST',
      path: `/v2/${team.repository}/blobs/uploads/`,
      refused: true,
    });
  expect(writes.length > 0).toBe(preflight);

  if (outcome !== 'pushes' && push === 'true') {
    expectFailure(
      result,
      outcome === 'fork' ? /^push is true, but .*mallory\/app.*push: auto/ : /^push is true, but .*write_package/,
    );
    expect(result.log).not.toContain('docker buildx build');
    return;
  }
  expectSuccess(result);
  expect(result.outputs.pushed).toBe('false');
  for (const name of ['digest', 'pinned-image', 'tags', 'builder-image', 'builder-digest'])
    expect(result.outputs[name] ?? '').toBe('');
  const reasons = splitLines(result.log).filter((line) => line.includes('Nothing was pushed'));
  expect(reasons).toHaveLength(1);
  expect(reasons[0]).toMatch(
    push === 'false' && outcome !== 'fork'
      ? /the input push is false/
      : { fork: /is from mallory\/app/, denied: /write_package/, pushes: /never/ }[outcome],
  );
  const { code, stdout } = await engine().docker(['run', '--rm', '--network=none', result.outputs.image!]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'hello\n' });
});

describe('a registry with basic auth', () => {
  let basic: Registry;
  beforeAll(async () => {
    const directory = await mkdtemp(join(fixture.lab().directory, 'b'));
    basic = await startRegistry({ directory, auth: 'basic', users: [WRITER] });
  });
  afterAll(() => basic.stop());

  test('is asked with one upload, which is cancelled', async () => {
    const team = await tinyTeam('basic-auto');
    const mark = basic.mark();
    const result = await build(team, await team.push('main'), WRITER, 'auto', basic.host);
    expectSuccess(result);
    expect(result.outputs.pushed).toBe('true');
    const upload = cancelledUpload(await basic.requests(mark));
    expect(await basic.openUploads(team.repository)).not.toContain(upload);
  });

  test('is not written to by a fork', async () => {
    const team = await tinyTeam('basic-fork');
    const mark = basic.mark();
    const result = await build(team, await fromFork(team), WRITER, 'auto', basic.host);
    expectSuccess(result);
    expect(result.outputs.pushed).toBe('false');
    const methods = new Set((await basic.requests(mark)).map(({ method }) => method));
    expect([...methods].filter((method) => !['GET', 'HEAD'].includes(method))).toEqual([]);
  });
});
