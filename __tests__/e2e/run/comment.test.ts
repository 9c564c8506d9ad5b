// The comment on the pull request, as GitHub has it afterwards, and what was asked of GitHub for it.
import { describe, expect, test } from '@jest/globals';
import type { WorkflowRun } from '../../../lab/runner/workflow-run.js';
import type { Team } from '../../../lab/services/team.js';
import { expectSuccess, useLab, warningsOf } from '../../support/e2e.js';

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
});
