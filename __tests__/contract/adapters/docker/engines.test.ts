// Engines and versions of Buildx that no machine of the tests has: the committed bundle with a docker on PATH that answers
// as they do.
import { describe, expect, test } from '@jest/globals';
import { buildsOf, errorsOf, useBundle } from '../../../support/bundle-run.js';
import { CONTAINERD_INFO, HEALTHY } from '../../../support/fake-docker.js';

const { run } = useBundle();

describe('engines', () => {
  test('no docker on PATH', async () => {
    const { result } = await run({ env: { PATH: '/nowhere' } });
    expect(errorsOf(result)).toEqual([expect.stringMatching(/^Docker is not on PATH\./)]);
  });

  test('docker without Buildx', async () => {
    const missing = { code: 1, stderr: "docker: 'buildx' is not a docker command.\n" };
    const { result } = await run({ scenario: { ...HEALTHY, 'buildx version': missing, 'buildx inspect': missing } });
    expect(errorsOf(result)).toEqual([expect.stringMatching(/no Buildx plugin\. Install Buildx 0\.15\.0 or newer/)]);
  });

  test.each(['v0.14.1 59582a8', '0.13.1+ds1-3 0.13.1+ds1-3'])(
    'a Buildx that is too old: nothing is built, and what to do is said (%s)',
    async (version) => {
      const scenario = { ...HEALTHY, 'buildx version': { stdout: `github.com/docker/buildx ${version}\n` } };
      const { result, calls } = await run({ scenario });
      expect(errorsOf(result)).toEqual([
        expect.stringMatching(/^Buildx 0\.1[34]\.1 is too old: 0\.15\.0 or newer .*docker\/setup-buildx-action/),
      ]);
      expect(buildsOf(calls)).toEqual([]);
    },
  );

  test('a Buildx of a distribution, with its own version suffix', async () => {
    const { result } = await run({
      scenario: { ...HEALTHY, 'buildx version': { stdout: 'github.com/docker/buildx 0.29.1+ds1-3 0.29.1+ds1-3\n' } },
      inputs: { push: 'false' },
    });
    expect(errorsOf(result)).toEqual([]);
    expect(result.log).toContain('Buildx 0.29.1');
  });

  test('an engine that does not answer', async () => {
    const info = { code: 1, stdout: JSON.stringify({ ServerErrors: ['Cannot connect to the Docker daemon'] }) };
    const { result } = await run({ scenario: { ...HEALTHY, info } });
    expect(errorsOf(result)).toEqual([expect.stringMatching(/Docker Engine does not answer: Cannot connect/)]);
  });

  test('a docker-container builder is used by its name, and needs no image store', async () => {
    const inspect = {
      stdout: 'Name:   ci\nDriver: docker-container\n\nNodes:\nName:     ci0\nEndpoint: unix:///var/run/docker.sock\n',
    };
    const { result, calls } = await run({
      scenario: { ...HEALTHY, 'buildx inspect': inspect },
      inputs: { builder: 'ci', push: 'false', provenance: 'true' },
    });
    expect(errorsOf(result)).toEqual([]);
    const [production] = buildsOf(calls);
    expect(production!.args.slice(0, 4)).toEqual(['buildx', 'build', '--builder', 'ci']);
    // This driver cannot load an image with attestations, so it is built and not loaded.
    expect(production!.args).toContain('type=cacheonly');
    expect(result.log).toContain('the docker-container driver cannot load one with several platforms or attestations');
    expect(result.outputs.image ?? '').toBe('');
  });

  test('a builder of another Docker context is asked in that context', async () => {
    const inspect = { stdout: 'Name:   other\nDriver: docker\n\nNodes:\nName:     other\nEndpoint: other\n' };
    const { calls } = await run({
      scenario: { ...HEALTHY, 'buildx inspect': inspect, '--context other info': { stdout: CONTAINERD_INFO } },
      inputs: { builder: 'other', push: 'false' },
    });
    expect(calls.map(({ args }) => args.slice(0, 3).join(' '))).toContain('--context other info');
  });
});
