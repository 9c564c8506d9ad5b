// The committed bundle in a child process, on both Node versions, with a docker on PATH that records its calls: its command
// lines, and the runners that it refuses.
import { describe, expect, test } from '@jest/globals';
import { BUILT_SHA, buildsOf, errorsOf, useBundle } from '../../support/bundle-run.js';

const { lab, run } = useBundle();

test.each(['node', 'node24'] as const)('the whole command line of both passes, on %s', async (node) => {
  // Production here is not made of the builder stage, so that there is a builder pass to see.
  const dockerfile = 'FROM scratch AS builder\nCOPY . .\nFROM scratch AS production\nCOPY . .\n';
  const { result, calls, image } = await run({
    dockerfile,
    inputs: { push: 'false', 'build-args': 'A=1\nB=x, y' },
    node: lab().tools[node],
  });
  expect(errorsOf(result)).toEqual([]);
  const commands = buildsOf(calls).map(({ args }) =>
    args.map((argument) => argument.replace(/.*\/(?=\w+\.json$)/, '…/').replaceAll(image, 'IMAGE')),
  );
  expect(commands).toEqual([
    // prettier-ignore
    ['buildx', 'build', '--progress=rawjson', '--target', 'production', '--build-arg', 'A=1', '--build-arg', 'B=x, y',
      '--label', 'org.opencontainers.image.source=https://github.com/octo/app',
      '--label', `org.opencontainers.image.revision=${BUILT_SHA}`,
      '--label', `org.opencontainers.image.version=${BUILT_SHA}`,
      '--label', 'org.opencontainers.image.created=2026-05-04T03:02:01+01:00',
      '--label', `org.opencontainers.image.title=${image.split('/').at(-1) ?? ''}`,
      '--label', 'io.github.dfe-digital.two-pass-build.built-from=IMAGE: Dockerfile (context ., target production)',
      '--label', 'io.github.dfe-digital.two-pass-build.built-by=IMAGE: push refs/heads/main',
      '--tag', `IMAGE:${BUILT_SHA}`, '--load', '--provenance=false', '--metadata-file', '…/production.json', '.'],
    // prettier-ignore
    ['buildx', 'build', '--progress=rawjson', '--target', 'builder', '--build-arg', 'A=1', '--build-arg', 'B=x, y',
      '--label', expect.stringMatching(/^io\.github\.dfe-digital\.two-pass-build\.stage=builder [0-9a-f]{64}$/),
      '--output', 'type=cacheonly', '--provenance=false', '--metadata-file', '…/builder.json', '.'],
  ]);
});

test('a builder stage that production is made of is not built a second time when nothing keeps it', async () => {
  const { calls } = await run({ inputs: { push: 'false' } });
  expect(buildsOf(calls).map(({ args }) => args[args.indexOf('--target') + 1])).toEqual(['production']);
});

describe('a runner that cannot build', () => {
  test.each(['Windows', 'macOS'])('on %s is told before anything else', async (system) => {
    const { result, calls } = await run({ env: { RUNNER_OS: system }, inputs: { password: 'wrong\ninput' } });
    expect(result.log.split('\n')[0]).toMatch(/^##\[error\].*Use a Linux runner: "runs-on: ubuntu-latest"\.$/);
    expect(result.main?.code).toBe(1);
    expect(calls).toEqual([]);
  });

  test.each([
    ['a Mac of the team', { RUNNER_OS: 'macOS', RUNNER_ENVIRONMENT: 'self-hosted' }, { push: 'false' }],
    ['a plan', { RUNNER_OS: 'Linux' }, { 'dry-run': 'true' }],
  ])('is not %s', async (_, env, inputs) => expect(errorsOf((await run({ env, inputs })).result)).toEqual([]));

  test('may put an index together', async () => {
    const inputs = { 'index-of': `sha256:${'a'.repeat(64)}`, 'dry-run': 'true' };
    expect(errorsOf((await run({ env: { RUNNER_OS: 'Windows' }, inputs })).result)).toEqual([]);
  });
});
