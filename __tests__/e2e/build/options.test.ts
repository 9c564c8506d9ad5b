// Every build option has its effect in a real build: none is accepted and ignored.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { ImageStore } from '../../../lab/engine/engine.js';
import type { ActionResult } from '../../../lab/runner/action-run.js';
import type { Team } from '../../../lab/services/team.js';
import { expectSuccess, useLab } from '../../support/e2e.js';
import { testByNight } from '../../support/nightly.js';

const fixture = useLab({ stores: ['containerd'] });

/** A service whose production image tells what the build saw. */
async function teamWithDockerfile(name: string, builderSteps: string, productionSteps = '') {
  const team = await fixture.team(name);
  const dockerfile = `ARG BASE_IMAGE
FROM \${BASE_IMAGE} AS builder
${builderSteps}
FROM \${BASE_IMAGE} AS production
COPY --from=builder /seen /seen
${productionSteps}
CMD ["cat", "/seen"]
`;
  await writeFile(join(team.service.directory, 'Dockerfile'), dockerfile);
  await team.service.commit('See the options');
  return team;
}

const seenBy = (team: Team, store: ImageStore, { outputs }: ActionResult) =>
  team.runImage(fixture.lab().engine(store), outputs.image ?? '');

test('build-args, secrets, secret-envs, secret-files, build-contexts, add-hosts, ulimit, shm-size and network reach both passes', async () => {
  const engine = fixture.lab().engine('containerd');
  const team = await teamWithDockerfile(
    'options',
    `ARG GREETING
ARG FROM_ENVIRONMENT
COPY --from=shared shared.txt /shared.txt
RUN --mount=type=secret,id=multiline --mount=type=secret,id=token --mount=type=secret,id=npmrc \\
    { echo "args $GREETING $FROM_ENVIRONMENT"; cat /shared.txt; \\
      grep service.test /etc/hosts; ulimit -n; df -k /dev/shm | tail -n 1; ls /sys/class/net; \\
      wc -l < /run/secrets/multiline; wc -c < /run/secrets/token; wc -c < /run/secrets/npmrc; } > /seen`,
  );
  await writeFile(join(team.service.directory, '.npmrc'), 'always-auth');
  await mkdir(join(team.service.directory, 'shared'));
  await writeFile(join(team.service.directory, 'shared/shared.txt'), 'from the shared context\n');
  const inputs = {
    'build-args': `BASE_IMAGE=${fixture.lab().baseImage}\nGREETING=Hello, all\nFROM_ENVIRONMENT`,
    secrets: '"multiline=first-secret-line\nsecond-secret-line\n"\n',
    'secret-envs': 'token=SERVICE_TOKEN',
    'secret-files': 'npmrc=.npmrc',
    'build-contexts': 'shared=shared',
    'add-hosts': 'service.test:10.1.2.3',
    ulimit: 'nofile=1234:1234',
    'shm-size': '32m',
    network: 'none',
  };
  const result = await team.build(await team.push(), {
    engine,
    inputs,
    env: { SERVICE_TOKEN: 'tok-123456789', FROM_ENVIRONMENT: 'outside' },
  });
  expectSuccess(result);
  const seen = await seenBy(team, 'containerd', result);
  expect(seen).toContain('args Hello, all outside');
  expect(seen).toContain('from the shared context');
  expect(seen).toMatch(/10\.1\.2\.3\s+service\.test/);
  expect(seen).toMatch(/^1234$/m);
  expect(seen).toMatch(/\s32768\s.*\/dev\/shm/);
  // Without a network there is only loopback.
  expect(seen).toMatch(/^lo\n2\n13\n11$/m);

  const text = `${result.rawLog.replace(/^::add-mask::.*$/gm, '')}${result.summary}${JSON.stringify(result.outputs)}`;
  for (const secret of ['first-secret-line', 'second-secret-line', 'tok-123456789', 'ghs_writer0123456789']) {
    expect(text).not.toContain(secret);
  }
});

testByNight('no-cache-filters runs a stage again that the engine has in its cache', async () => {
  const engine = fixture.lab().engine('containerd');
  const team = await teamWithDockerfile('filters', 'RUN date +%s%N > /seen');
  const first = await team.build(await team.push(), { engine });
  const again = await team.build(await team.push(), { engine });
  const filtered = await team.build(await team.push(), { engine, inputs: { 'no-cache-filters': 'builder' } });
  for (const result of [first, again, filtered]) expectSuccess(result);
  const [one, two, three] = await Promise.all(
    [first, again, filtered].map((result) => seenBy(team, 'containerd', result)),
  );
  expect(two).toBe(one);
  expect(three).not.toBe(one);
});

test('several platforms give an index of them, and its digest', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('platforms');
  // Without RUN steps no platform needs emulation.
  await writeFile(
    join(team.service.directory, 'Dockerfile'),
    'FROM scratch AS builder\nCOPY src /src\nFROM scratch AS production\nCOPY --from=builder /src /src\n',
  );
  await team.service.commit('Need no emulation');
  const event = await team.push();
  const inputs = { platforms: 'linux/amd64, linux/arm64' };
  const result = await team.build(event, { engine: fixture.lab().engine('containerd'), inputs });
  expectSuccess(result);
  for (const tag of [event.sha, 'builder-main']) {
    const index = await registry.manifest(team.repository, tag);
    const manifests = index.body.manifests as { platform: { architecture: string } }[];
    expect(manifests.map(({ platform }) => platform.architecture)).toEqual(['amd64', 'arm64']);
  }
  expect(result.outputs.digest).toBe((await registry.manifest(team.repository, event.sha)).digest);
});

describe('attestations and annotations', () => {
  test('are attached to the production image where the engine can', async () => {
    const { registry } = fixture.lab();
    const team = await fixture.team('attested');
    const event = await team.push();
    const inputs = {
      provenance: 'mode=max',
      annotations: 'org.opencontainers.image.description=A service, of a team',
      platforms: 'linux/amd64',
    };
    const result = await team.build(event, { engine: fixture.lab().engine('containerd'), inputs });
    expectSuccess(result);
    const index = await registry.manifest(team.repository, event.sha);
    expect(index.mediaType).toBe('application/vnd.oci.image.index.v1+json');
    expect(result.outputs.digest).toBe(index.digest);
    const manifests = index.body.manifests as { digest: string; platform: { os: string } }[];
    expect(manifests.map(({ platform }) => platform.os)).toEqual(['linux', 'unknown']);
    const attestation = await registry.manifest(team.repository, manifests[1]!.digest);
    const [layer] = attestation.body.layers as { digest: string }[];
    const statement = (await registry.blob(team.repository, layer!.digest)).toString('utf8');
    expect(JSON.parse(statement)).toHaveProperty(
      ['predicate', 'builder', 'id'],
      'https://github.com/octo/attested/actions/runs/1658821493/attempts/1',
    );
    expect((await registry.manifest(team.repository, manifests[0]!.digest)).body).toHaveProperty(
      ['annotations', 'org.opencontainers.image.description'],
      'A service, of a team',
    );
    // The builder image is only cache, and must not change with every run.
    expect((await registry.manifest(team.repository, 'builder-main')).mediaType).not.toContain('index');
  });
});
