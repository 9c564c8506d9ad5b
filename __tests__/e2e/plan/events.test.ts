// What each kind of event may write, as the registry shows it afterwards.
import { describe, expect, test } from '@jest/globals';
import type {} from '../../../lab/services/team.js';
import { expectSuccess, readCachedSteps, useLab } from '../../support/e2e.js';

const fixture = useLab({ stores: ['containerd'] });
const engine = () => fixture.lab().engine('containerd');
const REVIEW_TAG = /^review-pr-12-[0-9a-f]{40}-\d{14}$/;

describe('a pull request', () => {
  test('of the same repository starts from main and writes a review tag and its own branch tags', async () => {
    const { registry } = fixture.lab();
    const team = await fixture.team('review');
    const main = await team.push();
    expectSuccess(await team.build(main, { engine: engine() }));
    const before = (await registry.manifest(team.repository, 'main')).digest;

    await engine().prune();
    await team.service.git('switch', '--quiet', '--create', 'feature/x');
    const head = await team.service.changeSource('Hello from the branch');
    const event = await team.pullRequest({ number: 12, head: 'feature/x' });
    team.github.setCommitTime(head, '2026-05-04T03:02:01Z');
    const result = await team.build(event, { engine: engine() });
    expectSuccess(result);

    expect(result.outputs.tag).toMatch(REVIEW_TAG);
    expect(result.outputs.tag).toContain(head);
    expect(readCachedSteps(result).builder).toBe('3 of 5');
    const tags = await registry.tags(team.repository);
    const branchTag = tags.find((tag) => /^feature-x-[0-9a-f]{10}$/.test(tag));
    expect(tags).toEqual(
      [
        main.sha,
        'main',
        'builder-main',
        branchTag,
        `builder-${branchTag}`,
        `cache-${branchTag}`,
        result.outputs.tag,
      ].sort(),
    );
    expect((await registry.manifest(team.repository, 'main')).digest).toBe(before);
    expect((await registry.manifest(team.repository, branchTag!)).digest).toBe(result.outputs.digest);
    const config = await registry.config(team.repository, result.outputs.tag!);
    expect(config).toHaveProperty(['config', 'Labels', 'org.opencontainers.image.revision'], head);
  });
});
