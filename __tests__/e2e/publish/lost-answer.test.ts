// A push whose answer is lost on the way from a real registry to BuildKit.
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { ENGINE_AGENT, type Front, startFront } from '../../../lab/registry/front.js';
import type {} from '../../../lab/runner/workflow-run.js';
import type {} from '../../../lab/services/team.js';
import { expectSuccess, useLab } from '../../support/e2e.js';

const fixture = useLab({ stores: ['containerd'] });
const engine = () => fixture.lab().engine('containerd');
let front: Front;
beforeAll(async () => {
  const { host, realm } = fixture.lab().registry;
  front = await startFront({ registry: host, ...(realm !== undefined && { realm }) });
});
afterEach(() => front.heal());
afterAll(() => front.stop());

test('a push whose answer was lost is repeated, and its tag is not taken for that of another run', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('lost');
  const event = await team.push();
  // BuildKit asks again by itself until it has no patience left, as long as it does not see that the image is there.
  const [path, agent] = [new RegExp(`/manifests/${event.sha}$`), ENGINE_AGENT];
  front.fail({ method: 'HEAD', path, agent, answer: { status: 404 } });
  front.fail({ method: 'PUT', path, agent, answer: { status: 503 }, forwarded: true, times: 9 });
  const inputs = { image: `${front.host}/${team.repository}`, provenance: 'mode=min' };
  const result = await team.build(event, { engine: engine(), inputs });
  expectSuccess(result);
  expect(result.log).toContain('attempt 2');
  expect(result.log).not.toContain('Another run has written');
  expect(result.outputs.tag).toBe(event.sha);
  expect((await registry.manifest(team.repository, event.sha)).digest).toBe(result.outputs.digest);
});
