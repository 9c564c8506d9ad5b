// The same image under further names: another registry, another repository of the same one, and what becomes of the
// others when one of them fails.
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ImageStore } from '../../../lab/engine/engine.js';
import { type Front, startFront } from '../../../lab/registry/front.js';
import { type Registry, startRegistry } from '../../../lab/registry/registry.js';
import { expectSuccess, splitLines, useLab, warningsOf } from '../../support/e2e.js';
import { sampleOf } from '../../support/nightly.js';

const STORES: readonly ImageStore[] = ['containerd'];
const fixture = useLab({ stores: STORES });
const MIRRORER = {
  name: 'mirrorer',
  password: 'hub_mirrorer0123456789',
  access: [{ repository: 'octo/*', actions: ['pull', 'push'] }],
} as const;
let mirror: Registry;
let front: Front;

beforeAll(async () => {
  const lab = fixture.lab();
  mirror = await startRegistry({
    directory: await mkdtemp(join(lab.directory, 'm')),
    auth: 'token',
    users: [MIRRORER],
    tools: lab.tools,
  });
  front = await startFront({ registry: mirror.host });
});
afterAll(async () => {
  await front.stop();
  await mirror.stop();
});

const loginTo = (host: string): string => `${host}=${MIRRORER.name}:${MIRRORER.password}`;

describe.each(STORES)('on the %s store', (store) => {
  const engine = () => fixture.lab().engine(store);

  test('each mirror has the same bytes under the same tags, and only new layers are sent', async () => {
    const { registry } = fixture.lab();
    const team = await fixture.team(`mirrored-${store}`);
    const copy = `${team.repository}-copy`;
    const names = [`${mirror.host}/${team.repository}`, `${registry.host}/${copy}`];
    const inputs = { mirrors: names.join('\n'), 'mirror-logins': loginTo(mirror.host), 'extra-tags': 'latest' };
    const event = await team.push();
    const mark = registry.mark();
    const result = await team.build(event, { engine: engine(), inputs });
    expectSuccess(result);
    expect(warningsOf(result)).toEqual([]);

    const { digest = '' } = result.outputs;
    expect(digest).toBe((await registry.manifest(team.repository, event.sha)).digest);
    for (const tag of [event.sha, 'main', 'latest']) {
      expect((await mirror.manifest(team.repository, tag)).digest).toBe(digest);
      expect((await registry.manifest(copy, tag)).digest).toBe(digest);
    }
    // Cache is where the next build looks for it, and nowhere else.
    expect(await mirror.tags(team.repository)).toEqual([event.sha, 'latest', 'main'].sort());
    expect(splitLines(result.outputs['pinned-mirrors'])).toEqual(names.map((name) => `${name}:${event.sha}@${digest}`));
    expect(splitLines(result.outputs.tags)).toEqual(
      expect.arrayContaining([`${names[0]!}:${event.sha}`, `${names[1]!}:latest`, `${team.image}:${event.sha}`]),
    );
    for (const name of names) expect(result.summary).toContain(`- \`${name}:${event.sha}@${digest}\``);
    expect(result.log).toMatch(
      new RegExp(`Copied to ${names[0]!}:${event.sha}@sha256:\\w+ \\([1-9]\\d* of \\d+ blobs sent`),
    );

    // In the same registry the registry itself does it: blobs are mounted, none is uploaded.
    expect(result.log).toMatch(new RegExp(`Copied to ${names[1]!}:${event.sha}@sha256:\\w+ \\(0 of \\d+ blobs sent`));
    const uploads = (await registry.requests(mark)).filter(
      ({ method, path }) => method !== 'HEAD' && path.includes(`/${copy}/blobs/uploads/`) && !path.includes('mount='),
    );
    // The preflight opens an upload, and cancels it.
    expect(uploads.filter(({ method }) => method === 'PUT' || method === 'PATCH')).toEqual([]);

    // What an engine without layers pulls from the mirror is whole.
    await engine().prune();
    await team.pullImage(engine(), `${registry.host}/${copy}@${digest}`);

    const second = await team.service.changeSource('Moin');
    const again = await team.build(await team.push(), { engine: engine(), inputs });
    expectSuccess(again);
    expect((await mirror.manifest(team.repository, 'main')).digest).toBe(again.outputs.digest);
    expect((await mirror.manifest(team.repository, second)).digest).toBe(again.outputs.digest);
    expect((await mirror.manifest(team.repository, event.sha)).digest).toBe(digest);
    const [, sent, blobs] = /Copied to \S+ \((\d+) of (\d+) blobs sent/.exec(again.log) ?? [];
    expect(Number(sent)).toBeLessThan(Number(blobs));
  });
});

describe('what may go wrong', () => {
  const engine = () => fixture.lab().engine('containerd');

  const FAULTS: readonly [string, Parameters<Front['fail']>[0]['answer'], Partial<Parameters<Front['fail']>[0]>][] = [
    ['503', { status: 503 }, { method: 'PUT' }],
    ['429', { status: 429 }, { method: 'POST' }],
    ['a connection that breaks in the middle of a layer', 'cut', { method: 'PUT' }],
    ['a reset connection', 'reset', { method: 'PUT' }],
  ];
  test.each(sampleOf(FAULTS, ([name]) => name.startsWith('a connection')))(
    '%s once is survived',
    async (name, answer, where) => {
      const team = await fixture.team(`mirror-fault-${name.replace(/\W+/g, '-').toLowerCase()}`);
      front.fail({ path: new RegExp(`/${team.repository}/blobs/uploads/.*`), answer, times: 1, ...where });
      const inputs = { mirrors: `${front.host}/${team.repository}`, 'mirror-logins': loginTo(front.host) };
      const event = await team.push();
      const before = front.faultsServed();
      const result = await team.build(event, { engine: engine(), inputs });
      front.heal();
      expectSuccess(result);
      expect(front.faultsServed()).toBe(before + 1);
      expect((await mirror.manifest(team.repository, event.sha)).digest).toBe(result.outputs.digest);
    },
  );
});
