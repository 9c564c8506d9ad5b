// Who may push, by what a real registry with tokens says; what came of it is read from its access log and storage, and from
// the engine.
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RegistryRequest } from '../../../lab/registry/access-log.js';
import { type Front, startFront } from '../../../lab/registry/front.js';
import { type Registry, startRegistry } from '../../../lab/registry/registry.js';
import type { ActionResult } from '../../../lab/runner/action-run.js';
import type { WorkflowRun } from '../../../lab/runner/workflow-run.js';
import { READER, type Team, WRITER } from '../../../lab/services/team.js';
import { expectSuccess, splitLines, useLab } from '../../support/e2e.js';

/** CNCF's registry lets nobody cancel an upload who may not delete. */
const OWNER = { ...WRITER, access: [{ repository: 'octo/*', actions: ['pull', 'push', 'delete'] }] } as const;

const fixture = useLab({ stores: ['containerd'], users: [OWNER, READER] });
const engine = () => fixture.lab().engine('containerd');
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

const fromFork: MakeEvent = (team) => team.pullRequest({ number: 12, head: 'main', fork: STRANGER });
type Outcome = 'pushes' | 'fork' | 'denied';

/** One of each outcome; every event in every mode is a story (stories/access/push-policy). */
const EVENTS: readonly (readonly [string, MakeEvent, Token, Outcome])[] = [
  ['a push to a branch', (team) => team.push('main'), WRITER, 'pushes'],
  ['a push to a branch with a read-only token', (team) => team.push('main'), READER, 'denied'],
  ['a pull request of a fork whose token may write', fromFork, WRITER, 'fork'],
];

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

function build(team: Team, event: WorkflowRun, token: Token, host?: string): Promise<ActionResult> {
  const login = { username: token.name, password: token.password };
  const usual = token === READER ? front.host : fixture.lab().registry.host;
  return team.build(event, {
    engine: engine(),
    inputs: { ...login, image: `${host ?? usual}/${team.repository}` },
  });
}

/** The one upload that the preflight has opened and cancelled. */
function cancelledUpload(requests: readonly RegistryRequest[]): string {
  const cancelled = requests.filter(({ method, status }) => method === 'DELETE' && status < 400);
  expect(cancelled).toEqual([expect.objectContaining({ status: 204 })]);
  return /\/blobs\/uploads\/([0-9a-f-]+)/.exec(cancelled[0]!.path)![1]!;
}

test.each(EVENTS)('%s', async (title, makeEvent, token, outcome) => {
  const { registry } = fixture.lab();
  const team = await tinyTeam(title.replaceAll(' ', '-'));
  const event = await makeEvent(team);
  const mark = registry.mark();
  const result = await build(team, event, token);
  const writes = (await registry.requests(mark)).filter(({ method }) => !['GET', 'HEAD'].includes(method));
  const tags = await registry.tags(team.repository);
  const left = await registry.openUploads(team.repository);
  expectSuccess(result);
  expect(result.outputs.pushed).toBe(outcome === 'pushes' ? 'true' : 'false');

  if (outcome === 'pushes') {
    // BuildKit leaves uploads of its own, where it asks in vain for a blob of another repository.
    expect(left).not.toContain(cancelledUpload(writes));
    const { digest } = await registry.manifest(team.repository, result.outputs.tag!);
    expect(result.outputs.digest).toBe(digest);
    return;
  }
  expect(tags).toEqual([]);
  expect(left).toEqual([]);
  // The preflight alone may write, and is refused; forks do not even ask.
  for (const { method, path, status } of writes)
    expect({ method, path, refused: status >= 400 }).toEqual({
      method: 'POST',
      path: `/v2/${team.repository}/blobs/uploads/`,
      refused: true,
    });
  expect(writes.length > 0).toBe(outcome === 'denied');
  const reasons = splitLines(result.log).filter((line) => line.includes('Nothing was pushed'));
  expect(reasons).toEqual([expect.stringMatching(outcome === 'fork' ? /is from mallory\/app/ : /write_package/)]);
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
    const result = await build(team, await team.push('main'), WRITER, basic.host);
    expectSuccess(result);
    expect(result.outputs.pushed).toBe('true');
    const upload = cancelledUpload(await basic.requests(mark));
    expect(await basic.openUploads(team.repository)).not.toContain(upload);
  });

  test('is not written to by a fork', async () => {
    const team = await tinyTeam('basic-fork');
    const mark = basic.mark();
    const result = await build(team, await fromFork(team), WRITER, basic.host);
    expectSuccess(result);
    expect(result.outputs.pushed).toBe('false');
    const methods = new Set((await basic.requests(mark)).map(({ method }) => method));
    expect([...methods].filter((method) => !['GET', 'HEAD'].includes(method))).toEqual([]);
  });
});
