// Branches whose names are made to do harm, pushed for real: each gets tags of its own, and none of main's is touched.
import { expect, test } from '@jest/globals';
import { expectSuccess, useLab } from '../../support/e2e.js';

const fixture = useLab({ stores: ['containerd'] });

const NAMES = ['$(touch /tmp/x)', 'main\n::error::x'];

test('each is built and pushed under tags that only it has', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('hostile');
  const seen = new Set<string>();
  for (const [index, name] of NAMES.entries()) {
    await team.service.changeSource(`hello ${index}`);
    const result = await team.build(await team.push(name), { engine: fixture.lab().engine('containerd') });
    expectSuccess(result);
    expect(result.annotations.filter(({ level }) => level === 'error')).toEqual([]);
    const [moving] = (result.outputs.tags ?? '')
      .split('\n')
      .filter((tag) => /-[0-9a-f]{10}$/.test(tag) && !tag.includes(':builder-'));
    expect(moving).toBeDefined();
    seen.add(moving ?? '');
  }
  expect(seen.size).toBe(NAMES.length);
  expect(await registry.tags(team.repository)).not.toContain('main');
});
