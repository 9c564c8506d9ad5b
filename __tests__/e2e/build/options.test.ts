// Every build option has its effect in a real build: none is accepted and ignored.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { ImageStore } from '../../../lab/engine/engine.js';
import type { ActionResult } from '../../../lab/runner/action-run.js';
import type { Team } from '../../../lab/services/team.js';
import { expectFailure, expectSuccess, useLab } from '../../support/e2e.js';

const fixture = useLab({ stores: ['containerd', 'overlay2'] });

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

test('no-cache-filters runs a stage again that the engine has in its cache', async () => {
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

test('cache-from adds a source of the caller to both passes', async () => {
  const engine = fixture.lab().engine('containerd');
  const [origin, copy] = [await fixture.team('origin'), await fixture.team('copy')];
  expectSuccess(await origin.build(await origin.push(), { engine }));
  await engine.prune();
  const result = await copy.build(await copy.push(), {
    engine,
    inputs: { 'cache-from': `type=registry,ref=${origin.image}:builder-main` },
  });
  expectSuccess(result);
  expect(result.log).toMatch(/Builder: 5 of 5 steps cached/);
  expect(result.log.match(/--cache-from type=registry,ref=\S+\/octo\/origin:builder-main/g)).toHaveLength(2);
});

test('a context below the repository, with a Dockerfile elsewhere and other targets', async () => {
  const { registry } = fixture.lab();
  const engine = fixture.lab().engine('overlay2');
  const team = await fixture.team('elsewhere');
  const { directory } = team.service;
  await mkdir(join(directory, 'services/api'), { recursive: true });
  await writeFile(join(directory, 'services/api/seen'), 'api\n');
  await writeFile(
    join(directory, 'api.Dockerfile'),
    'ARG BASE_IMAGE\nFROM ${BASE_IMAGE} AS compile\nCOPY seen /seen\nFROM ${BASE_IMAGE} AS web\nCOPY --from=compile /seen /seen\nCMD ["cat", "/seen"]\n',
  );
  await team.service.commit('Add the API');
  const inputs = {
    context: 'services/api',
    file: 'api.Dockerfile',
    'builder-target': 'compile',
    'production-target': 'web',
  };
  const result = await team.build(await team.push(), { engine, inputs });
  expectSuccess(result);
  expect(await seenBy(team, 'overlay2', result)).toBe('api\n');
  expect(await registry.tags(team.repository)).toContain('builder-main');
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

  test.each([
    [{ provenance: 'true' }, /provenance: the docker driver with the overlay2 image store cannot attach attestations/],
    [{ sbom: 'true' }, /sbom: the docker driver with the overlay2 image store cannot attach attestations/],
    [
      { platforms: 'linux/amd64,linux/arm64' },
      /platforms: the docker driver with the overlay2 image store builds one platform, not 2/,
    ],
    [{ annotations: 'a=b' }, /annotations: the docker driver with the overlay2 image store cannot write them/],
  ])('%j on the overlay2 store is refused before anything is built', async (inputs, message) => {
    const team = await fixture.team(`plain-${Object.keys(inputs)[0]!}`);
    const result = await team.build(await team.push(), { engine: fixture.lab().engine('overlay2'), inputs });
    expectFailure(result, message);
    expect(result.log).not.toContain('docker buildx build');
  });
});

test('push: false builds both passes into the engine without a request that writes', async () => {
  const { registry } = fixture.lab();
  const team = await fixture.team('unpushed');
  const mark = registry.mark();
  const event = await team.push();
  const result = await team.build(event, { engine: fixture.lab().engine('overlay2'), inputs: { push: 'false' } });
  expectSuccess(result);
  expect(result.outputs).toMatchObject({ pushed: 'false', image: `${team.image}:${event.sha}` });
  expect((await registry.requests(mark)).filter(({ method }) => !['GET', 'HEAD'].includes(method))).toEqual([]);
  expect(await seenBy(team, 'overlay2', result)).not.toBe('');
});
