// The comment on the pull request, as GitHub has it afterwards, and what was asked of GitHub for it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { WorkflowRun } from '../../../lab/runner/workflow-run.js';
import { READER, type Team } from '../../../lab/services/team.js';
import { expectFailure, expectSuccess, useLab, warningsOf } from '../../support/e2e.js';

const fixture = useLab({ stores: ['containerd'] });
const engine = () => fixture.lab().engine('containerd');
const PULL = 12;
const comment = { comment: 'true' };

const pullRequest = (team: Team): Promise<WorkflowRun> => team.pullRequest({ number: PULL, head: 'feature-x' });
const list = (team: Team) => team.github.comments.list(PULL);
/** What was asked about comments since the last time. */
const readRequests = (team: Team, since = 0) =>
  team.github
    .requests()
    .slice(since)
    .filter((request) => /graphql|\/issues\//.test(request));

describe('a pull request', () => {
  test('has one comment, which the next run brings up to date', async () => {
    const team = await fixture.team('sticky');
    const before = team.github.comments.add(PULL, 'alice', 'Please review');
    const first = await team.build(
      { ...(await pullRequest(team)), runId: '10' },
      { engine: engine(), inputs: comment },
    );
    expectSuccess(first);
    expect(list(team)).toEqual([before, expect.objectContaining({ author: 'github-actions[bot]' })]);
    const [, written] = list(team);
    expect(written?.body).toContain(`\n${first.outputs['pinned-image']}\n`);
    expect(written?.body).toContain('- Builder: 0 of 5 steps cached; the first that was not: ');
    expect(written?.body).toMatch(/^- Size: \d+\.\d MB compressed$/m);
    expect(written?.body).toContain('/octo/sticky/actions/runs/10/attempts/1)');
    const asked = team.github.requests().length;

    const sha = await team.service.changeSource('Hello again');
    const second = await team.build(
      { ...(await pullRequest(team)), runId: '11' },
      { engine: engine(), inputs: comment },
    );
    expectSuccess(second);
    expect(list(team)).toEqual([before, { ...written, body: expect.any(String) }]);
    const updated = list(team)[1]!.body;
    expect(updated).toContain(`\n${second.outputs['pinned-image']}\n`);
    expect(updated).toContain(`Commit ${sha}, `);
    expect(updated).not.toContain(first.outputs.digest);
    expect(updated).toContain('- Builder: 3 of 5 steps cached; the first that was not: `[builder 5/6] COPY src src` (');
    expect(readRequests(team, asked)).toHaveLength(3);
    expect(readRequests(team, asked)).toContain(`PATCH /repos/octo/sticky/issues/comments/${written!.id}`);
    expect([...warningsOf(first), ...warningsOf(second)]).toEqual([]);
  });

  test("with many comments: its own is found on a later page, and a stranger's is left alone", async () => {
    const team = await fixture.team('crowded');
    const event = await pullRequest(team);
    expectSuccess(await team.build(event, { engine: engine(), inputs: comment }));
    const { body } = list(team)[0]!;
    const crowd = await fixture.team('crowd');
    const image = { image: team.image };
    for (let count = 0; count < 150; count += 1) crowd.github.comments.add(PULL, 'mallory', body);
    const own = crowd.github.comments.add(PULL, 'github-actions[bot]', body);
    const again = { ...event, apiUrl: crowd.github.url, runAttempt: '2' };
    const result = await team.build(again, { engine: engine(), inputs: { ...comment, ...image } });
    expectSuccess(result);
    const changed = list(crowd).filter((one) => one.body !== body);
    expect(changed.map(({ id }) => id)).toEqual([own.id]);
    expect(list(crowd)).toHaveLength(151);
    expect(readRequests(crowd).filter((request) => request.startsWith('GET'))).toHaveLength(2);
  });

  test('with more comments than are read gets no further one with every run, and a warning', async () => {
    const team = await fixture.team('endless');
    for (let count = 0; count < 1100; count += 1) team.github.comments.add(PULL, 'alice', 'me too');
    const result = await team.build(await pullRequest(team), { engine: engine(), inputs: comment });
    expectSuccess(result);
    expect(list(team)).toHaveLength(1100);
    expect(warningsOf(result)).toEqual([expect.stringContaining('not among the first 1000 comments')]);
  });

  test('has a comment for each of its images', async () => {
    const team = await fixture.team('services');
    const event = await pullRequest(team);
    for (const runId of ['20', '21']) {
      for (const image of [team.image, `${team.image}/web`, `${team.image}/web-api`])
        expectSuccess(await team.build({ ...event, runId }, { engine: engine(), inputs: { ...comment, image } }));
    }
    expect(list(team).map(({ body }) => /^### Image `(.*)`$/m.exec(body)?.[1])).toEqual([
      team.image,
      `${team.image}/web`,
      `${team.image}/web-api`,
    ]);
    expect(list(team).every(({ body }) => body.includes('/runs/21/'))).toBe(true);
  });

  test('keeps the comment of the newer run when an older one ends last', async () => {
    const team = await fixture.team('overtaken');
    const older = { ...(await pullRequest(team)), runId: '99' };
    await team.service.changeSource('Newer');
    const newer = { ...(await pullRequest(team)), runId: '100' };
    expectSuccess(await team.build(newer, { engine: engine(), inputs: comment }));
    const before = list(team);
    const result = await team.build(older, { engine: engine(), inputs: comment });
    expectSuccess(result);
    expect(list(team)).toEqual(before);
    expect(result.log).toContain('A later run has commented on pull request #12 already');
    expect(warningsOf(result)).toEqual([]);
  });

  test('is told of a failed build, in the place of what was there', async () => {
    const team = await fixture.team('failing');
    expectSuccess(
      await team.build({ ...(await pullRequest(team)), runId: '1' }, { engine: engine(), inputs: comment }),
    );
    const secret = 'npm-s3cret-value';
    await writeFile(
      join(team.service.directory, 'Dockerfile'),
      `ARG BASE_IMAGE\nFROM $BASE_IMAGE AS builder\nRUN echo ${secret} @octo/owners; false\nFROM $BASE_IMAGE AS production\nCOPY --from=builder / /\n`,
    );
    const result = await team.build(
      { ...(await pullRequest(team)), runId: '2' },
      { engine: engine(), inputs: { ...comment, secrets: `npm=${secret}` } },
    );
    expectFailure(result, /RUN echo/);
    expect(list(team)).toHaveLength(1);
    const [{ body } = { body: '' }] = list(team);
    expect(body).toMatch(/^\*\*Failed\.\*\* .*RUN echo/m);
    expect(body).not.toMatch(/s3cret|sha256:|@octo/);
    expect(body).toContain('/runs/2/');
  });

  test('keeps its comment when a run is cancelled', async () => {
    const team = await fixture.team('cancelled');
    const event = await pullRequest(team);
    expectSuccess(await team.build(event, { engine: engine(), inputs: comment }));
    const before = list(team);
    const dockerfile = 'ARG BASE_IMAGE\nFROM $BASE_IMAGE AS builder\nRUN echo long && sleep 100\n';
    await writeFile(
      join(team.service.directory, 'Dockerfile'),
      `${dockerfile}FROM $BASE_IMAGE AS production\nCOPY --from=builder / /\n`,
    );
    const later = { ...event, runAttempt: '2' };
    const signal = { signal: 'SIGINT', after: /RUN echo long/ } as const;
    const result = await team.build(later, { engine: engine(), inputs: comment, signal });
    expectFailure(result, /cancelled/);
    expect(list(team)).toEqual(before);
  });

  test('of a token that may not push is told why there is no image', async () => {
    const team = await fixture.team('unpushed');
    const inputs = { ...comment, username: READER.name, password: READER.password };
    expectSuccess(await team.build(await pullRequest(team), { engine: engine(), inputs }));
    expect(list(team)[0]?.body).toMatch(/^Not pushed: the registry .* refuses/m);
  });
});

describe('GitHub is asked nothing about comments', () => {
  test.each<[string, (team: Team) => Promise<WorkflowRun>, Record<string, string>]>([
    ['by a run of a fork', (team) => team.pullRequest({ number: PULL, head: 'x', fork: 'mallory/app' }), comment],
    ['by a push', (team) => team.push('feature-x'), comment],
    ['by a dry run', pullRequest, { ...comment, 'dry-run': 'true' }],
    ['where nobody wants one', pullRequest, {}],
  ])('%s', async (what, start, inputs) => {
    const team = await fixture.team(`silent-${what.replace(/\W+/g, '-')}`);
    const result = await team.build(await start(team), { engine: engine(), inputs });
    expectSuccess(result);
    expect(readRequests(team)).toEqual([]);
    expect(list(team)).toEqual([]);
    expect(warningsOf(result)).toEqual([]);
  });
});

describe('a fault is one warning, and the build stays as it is', () => {
  test.each([
    [
      'the token may read only',
      /^POST .*comments$/,
      403,
      /Resource not accessible by integration.*pull-requests: write/,
    ],
    ['the token may do nothing', /^(?:GET|POST) /, 403, /Resource not accessible by integration.*pull-requests: write/],
    ['the repository is hidden from the token', /^GET /, 404, /Not Found.*pull-requests: write/],
    ['GitHub is out of order', /^GET .*comments$/, 500, /Server Error/],
    ['GitHub does not answer', /graphql/, 0, /gave no answer within/],
  ])('%s', async (what, request, status, message) => {
    const team = await fixture.team(`fault-${what.replace(/\W+/g, '-').toLowerCase()}`);
    const event = await pullRequest(team);
    team.github.comments.setFault({ request, status });
    const result = await team.build(event, { engine: engine(), inputs: comment });
    expectSuccess(result);
    expect(warningsOf(result)).toEqual([expect.stringMatching(message)]);
    expect(warningsOf(result)[0]).toMatch(/^Pull request #12 has no up-to-date comment on this image: /);
    expect(warningsOf(result)[0]).not.toMatch(status >= 500 || status === 0 ? /pull-requests: write/ : /^$/);
    expect(result.outputs.pushed).toBe('true');
    expect(result.summary).toContain('has no up-to-date comment');
    expect(list(team)).toEqual([]);
  });

  test('of an empty github-token too', async () => {
    const team = await fixture.team('tokenless');
    const inputs = { ...comment, 'github-token': '' };
    const result = await team.build(await pullRequest(team), { engine: engine(), inputs });
    expectSuccess(result);
    expect(warningsOf(result)).toEqual([expect.stringContaining('the input github-token is empty')]);
  });
});

test("another token's comment is not taken for its own", async () => {
  const team = await fixture.team('owners');
  const event = await pullRequest(team);
  expectSuccess(await team.build({ ...event, runId: '1' }, { engine: engine(), inputs: comment }));
  const [bot] = list(team);
  team.github.comments.setTokenOwner('octocat');
  expectSuccess(await team.build({ ...event, runId: '2' }, { engine: engine(), inputs: comment }));
  expectSuccess(await team.build({ ...event, runId: '3' }, { engine: engine(), inputs: comment }));
  expect(list(team)).toEqual([bot, expect.objectContaining({ author: 'octocat' })]);
  expect(list(team)[1]?.body).toContain('/runs/3/');
});
