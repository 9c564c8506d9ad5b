// The cleanup's committed bundle in a child process, on both Node versions: a real registry that answers as ghcr.io, and
// GitHub's API stood in for over what that registry serves.
import { describe, expect, test } from '@jest/globals';
import { MERGED, OLDER_REVIEW, REVIEW, SHA, expectSuccess, useCleanupLab } from '../../support/cleanup-lab.js';

const { open, push, clean, closing, deleting, closePull, tags, lines, deletions, lab } = useCleanupLab();

describe.each(['node', 'node24'] as const)('on %s', (version) => {
  const node = () => lab().tools[version];

  test('a closed pull request takes its images along', async () => {
    await open({ pageSize: 2, name: 'app/web' });
    closePull();
    await push([REVIEW, 'feature-x']);
    await push([OLDER_REVIEW]);
    const ofMain = ['builder-main', 'builder--gems--main', 'builder--feature-x--main', 'cache-main'];
    const ofStages = ['builder--gems--feature-x', 'builder--assets--feature-x'];
    for (const tag of ['builder-feature-x', ...ofStages, 'cache-feature-x', ...ofMain, 'v1.2.3']) await push([tag]);
    const result = await clean(closing(), { node: node() });
    expectSuccess(result);
    expect(await tags()).toEqual([...ofMain, 'main', MERGED, 'v1.2.3'].sort());
    expect(lines(result.outputs.deleted)).toEqual(
      [REVIEW, OLDER_REVIEW, 'feature-x', 'builder-feature-x', ...ofStages, 'cache-feature-x']
        .map((tag) => `:${tag}`)
        .sort(),
    );
    expect(result.outputs.kept).toBe('');
    expect(result.annotations).toEqual([]);
    expect(result.summary).toContain('| `feature-x` | gone |');
    // The name of the package has a slash, which is part of it.
    expect(deletions()[0]).toMatch(/^DELETE \/orgs\/octo\/packages\/container\/app%2Fweb-\d+\/versions\/\d+$/);
  });

  test('a deleted branch is taken off an image that somebody may have deployed', async () => {
    const { repository } = await open({ ownerType: 'User' });
    const deployed = await push([SHA, 'feature-x']);
    await push(['cache-feature-x']);
    const result = await clean(deleting('feature-x'), { node: node() });
    expectSuccess(result);
    expect(await tags()).toEqual([SHA, MERGED, 'main'].sort());
    expect((await lab().registry.manifest(repository, SHA)).digest).toBe(deployed);
    expect(lines(result.outputs.deleted)).toEqual([':cache-feature-x', ':feature-x']);
    expect(deletions()).toHaveLength(2);
  });
});
