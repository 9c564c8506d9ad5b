// The whole action with grype itself: an image with known flaws is not published, and one without them is.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { runOrThrow } from '../../../lab/command.js';
import type { Team } from '../../../lab/services/team.js';
import { expectSuccess, useLab } from '../../support/e2e.js';

const BIN = process.env.SCANNER_BIN!;
const fixture = useLab({ stores: ['containerd', 'overlay2'] });
let env: Record<string, string>;

beforeAll(async () => {
  const directory = mkdtempSync(join(fixture.lab().directory, 'grype-'));
  mkdirSync(join(directory, 'flaws'));
  await runOrThrow(join(BIN, 'write-flaws'), [join(directory, 'flaws')], { env: {} });
  const path = process.env.PATH ?? '/usr/bin:/bin';
  const archive = join(directory, 'flaws.tar.gz');
  await runOrThrow('tar', ['czf', archive, '-C', join(directory, 'flaws'), 'vulnerability.db'], {
    env: { PATH: path },
  });
  env = {
    PATH: `${BIN}:${path}`,
    GRYPE_DB_CACHE_DIR: join(directory, 'db'),
    GRYPE_DB_AUTO_UPDATE: 'false',
    GRYPE_DB_UPDATE_URL: 'http://127.0.0.1:9/',
  };
  await runOrThrow(join(BIN, 'grype'), ['db', 'import', archive], { env: { ...env, HOME: directory } });
});

/** Production claims to be an Alpine with these packages. */
async function install(team: Team, packages: readonly string[]): Promise<void> {
  const files = {
    'etc/os-release': 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.3\n',
    'lib/apk/db/installed': packages
      .map((item) => item.split(' '))
      .map(
        ([name, version]) =>
          `C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:${name!}\nV:${version!}\nA:x86_64\nL:MIT\no:${name!}\n\n`,
      )
      .join(''),
  };
  const { directory } = team.service;
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(directory, 'system', name, '..'), { recursive: true });
    writeFileSync(join(directory, 'system', name), text);
  }
  const dockerfile = [
    'ARG BASE_IMAGE=localhost/base/busybox:1',
    ...['FROM ${BASE_IMAGE} AS builder', 'RUN echo built > /built'],
    ...['FROM ${BASE_IMAGE} AS production', 'COPY system /', 'COPY --from=builder /built /built', ''],
  ].join('\n');
  writeFileSync(join(directory, 'Dockerfile'), dockerfile);
  await team.service.commit('Install packages');
}

test.each(['containerd', 'overlay2'] as const)(
  'flaws stop an image; without them it is published (%s)',
  async (store) => {
    const { engine, registry } = fixture.lab();
    const team = await fixture.team(`grype-${store}`);
    const run = {
      engine: engine(store),
      env: { ...env, PATH: `${BIN}:${engine(store).env.PATH!}` },
      inputs: { scan: 'grype' },
    };
    await install(team, ['libssl3 3.3.2-r0', 'zlib 1.3.1-r1']);
    const flawed = await team.build(await team.push(), run);
    expect(flawed.main?.code).toBe(1);
    expect(flawed.log).toMatch(/##\[error\]grype found \d+ findings? at or above high: .*libssl3/);
    expect(flawed.summary).toMatch(/\| libssl3 \| 3\.3\.2-r0 \|/);
    expect(await registry.tags(team.repository)).toEqual(['builder-main']);

    await install(team, ['scanelf 1.3.7-r2']);
    const sound = await team.build(await team.push(), run);
    expectSuccess(sound);
    expect(sound.outputs.pushed).toBe('true');
    expect(sound.summary).toContain('Nothing at or above high');
  },
);

test.each(['containerd', 'overlay2'] as const)(
  'a promoted image is scanned by its digest, with the flaws that are known by now (%s)',
  async (store) => {
    const { engine, registry } = fixture.lab();
    const team = await fixture.team(`grype-promoted-${store}`);
    const run = { engine: engine(store), env: { ...env, PATH: `${BIN}:${engine(store).env.PATH!}` } };
    const release = async (packages: readonly string[], tag: string) => {
      await install(team, packages);
      const main = await team.build(await team.push(), run);
      expectSuccess(main);
      await engine(store).prune();
      const inputs = { promote: 'true', scan: 'grype' };
      return { main, result: await team.build(await team.pushTag(tag), { ...run, inputs }) };
    };
    const flawed = await release(['libssl3 3.3.2-r0'], 'v1.0.0');
    expect(flawed.result.main?.code).toBe(1);
    expect(flawed.result.log).toMatch(/##\[error\]grype found \d+ findings? at or above high: .*libssl3/);
    expect(await registry.tags(team.repository)).not.toContain('v1.0.0');

    const sound = await release(['scanelf 1.3.7-r2'], 'v1.0.1');
    expectSuccess(sound.result);
    expect(sound.result.summary).toContain('Nothing at or above high');
    expect(sound.result.outputs).toMatchObject({ tag: 'v1.0.1', digest: sound.main.outputs.digest });
    expect(sound.result.log).toContain('nothing is built');
  },
);
