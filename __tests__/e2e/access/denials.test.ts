// What a registry refuses while a build runs is said with its likely cause and the one thing to change.
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startFront } from '../../../lab/registry/front.js';
import { startRegistry } from '../../../lab/registry/registry.js';
import { expectFailure, expectSuccess, useLab } from '../../support/e2e.js';

const fixture = useLab({ stores: ['containerd'] });
const engine = () => fixture.lab().engine('containerd');

test('a base image that the run may not read', async () => {
  const team = await fixture.team('base-denied');
  const directory = await mkdtemp(join(fixture.lab().directory, 'r'));
  const priv = await startRegistry({ directory, auth: 'basic', users: [] });
  try {
    const inputs = { 'build-args': `BASE_IMAGE=${priv.host}/base/busybox:1` };
    const result = await team.build(await team.push(), { engine: engine(), inputs });
    expectFailure(
      result,
      new RegExp(
        `load metadata for ${priv.host}/base/busybox:1.*: ${priv.host}/base/busybox does not exist, or this run may not read it\\. Check its name\\. If it is private, log in to ${priv.host} before this step`,
      ),
    );
  } finally {
    await priv.stop();
  }
});

test.each([
  // As in github.com/docker/build-push-action/issues/981: it looks like a layer of the cache that cannot be read.
  ['containerd', 'HEAD', 'blobs'],
] as const)(
  'a push that is refused after the preflight went well, on %s at %s of %s: no second build for it',
  async (store, method, path) => {
    const { registry } = fixture.lab();
    const team = await fixture.team(`denied-${store}-${path}`);
    const front = await startFront({ registry: registry.host });
    try {
      const image = `${front.host}/${team.repository}`;
      const common = { engine: fixture.lab().engine(store), inputs: { image, 'github-token': 'ghs_not-the-password' } };
      // So that there is a cache, without which nothing would be tried again.
      expectSuccess(await team.build(await team.push(), common));
      await team.service.changeSource('Refused');
      const event = await team.push();
      const body = { errors: [{ code: 'DENIED', message: 'permission_denied: write_package' }] };
      front.fail({ method, path: new RegExp(`/v2/${team.repository}/${path}/`), answer: { status: 403, body } });
      const result = await team.build(event, common);
      expectFailure(
        result,
        /(?:403 Forbidden|denied).*: octo may not write to it, or it does not exist\. To push, set "username"/,
      );
      expect(result.log.match(/--target production/g)).toHaveLength(1);
      expect(await registry.tags(team.repository)).not.toContain(event.sha);
      expect(result.outputs.pushed ?? '').not.toBe('true');
    } finally {
      await front.stop();
    }
  },
);
