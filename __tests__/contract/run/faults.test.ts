// What fails in a pass, a push or GitHub's API, and what the run makes of it: the committed bundle with a docker on PATH that
// fails as asked.
import { describe, expect, test } from '@jest/globals';
import { marked } from 'marked';
import { buildsOf, errorsOf, useBundle, warningsOf } from '../../support/bundle-run.js';
import { HEALTHY } from '../../support/fake-docker.js';
import { rawProgress } from '../../support/raw-progress.js';

const { run } = useBundle();

describe('faults', () => {
  const failedPush = `${rawProgress(
    { name: '[builder 2/2] COPY . .' },
    { name: 'exporting to image', error: 'failed to push: unexpected status 500' },
  )}ERROR: failed to solve\n`;

  // What the containerd store says of a layer that vanished after its manifest was checked (seen with engine 28.5).
  const lostLayer = `${rawProgress({
    name: '[builder 2/2] COPY . .',
    error:
      'failed to copy: httpReadSeeker: failed open: could not fetch content descriptor sha256:' +
      `${'a'.repeat(64)} (application/vnd.oci.image.layer.v1.tar+gzip) from remote: not found`,
  })}ERROR: failed to solve: failed to compute cache key\n`;

  test('a cache layer that cannot be read costs one retry without the cache', async () => {
    const scenario = { ...HEALTHY, '--cache-from type=registry': { code: 1, stderr: lostLayer } };
    const { result, calls } = await run({
      scenario,
      inputs: { push: 'false', 'cache-from': 'type=registry,ref=example.test/cache' },
    });
    expect(errorsOf(result)).toEqual([]);
    expect(buildsOf(calls).map(({ args }) => args.includes('--cache-from'))).toEqual([true, false]);
    const warnings = warningsOf(result);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^A layer of the cache could not be read, so the production pass runs once more without it/,
      ),
    ]);
  });

  test('without a cache to leave out there is no retry', async () => {
    const { result, calls } = await run({
      scenario: { ...HEALTHY, 'buildx build': { code: 1, stderr: lostLayer } },
      inputs: { push: 'false' },
    });
    expect(buildsOf(calls)).toHaveLength(1);
    expect(errorsOf(result)).toHaveLength(1);
  });

  test('a failing RUN is never retried, whatever it prints', async () => {
    const stderr = `${rawProgress({
      name: '[builder 2/2] RUN fetch',
      output: 'ERROR: failed to copy: httpReadSeeker: blob unknown\n',
      error: 'process "/bin/sh -c fetch failed to copy" did not complete successfully: exit code: 1',
    })}ERROR: failed to solve: process "/bin/sh -c fetch" did not complete successfully: exit code: 1\n`;
    const scenario = { ...HEALTHY, 'buildx build': { code: 1, stderr } };
    const { result, calls } = await run({
      scenario,
      inputs: { push: 'false', 'cache-from': 'type=registry,ref=example.test/cache' },
    });
    expect(buildsOf(calls)).toHaveLength(1);
    expect(errorsOf(result)).toEqual([expect.stringMatching(/did not complete successfully: exit code: 1/)]);
  });

  test('a production image that cannot be pushed fails the run', async () => {
    const { result } = await run({ scenario: { ...HEALTHY, '--target production': { code: 1, stderr: failedPush } } });
    expect(errorsOf(result)).toEqual([
      expect.stringMatching(/^The build failed at exporting to image: failed to push: unexpected status 500/),
    ]);
    expect(result.main?.code).toBe(1);
  });

  test('a push that is refused is explained in the summary as in the log, with what was printed', async () => {
    const refused = `${rawProgress({
      name: 'exporting to image',
      output: 'error: unexpected status from PUT request: 403 Forbidden\n',
      error: 'failed to push: unexpected status from PUT request: 403 Forbidden',
    })}ERROR: failed to solve\n`;
    const { result } = await run({ scenario: { ...HEALTHY, '--target production': { code: 1, stderr: refused } } });
    const [message = '', ...output] = errorsOf(result)[0]?.split('\n') ?? [];
    expect(message).toMatch(
      /403 Forbidden: octo may not write to it, .*\. To push, set "username" and "password" to a login/,
    );
    expect(output).toEqual(['error: unexpected status from PUT request: 403 Forbidden']);
    const rendered = marked.parse(result.summary, { async: false });
    const text = rendered.replaceAll('&quot;', '"').replaceAll('&#39;', "'");
    expect(text).toContain(`<strong>Failed.</strong> ${message}`);
    expect(text).toContain(`<pre><code class="language-text">${output.join('\n')}\n</code></pre>`);
  });

  test('a push that succeeds and leaves nothing in the registry is not green', async () => {
    const { result } = await run({});
    expect(errorsOf(result)).toEqual([expect.stringMatching(/does not serve .* although the push succeeded/)]);
    expect(result.outputs.digest ?? '').toBe('');
    expect(result.outputs.pushed ?? '').toBe('');
  });

  test('GitHub’s API out of reach is a warning on main, and the build goes on', async () => {
    const { result } = await run({ inputs: { push: 'false' }, env: { GITHUB_API_URL: 'http://127.0.0.1:9' } });
    expect(errorsOf(result)).toEqual([]);
    const warnings = warningsOf(result);
    expect(warnings).toEqual([
      expect.stringMatching(/^GitHub does not say which pull request 0123456789abcdef0123456789abcdef01234567 merged/),
    ]);
    expect(result.summary).toContain('- GitHub does not say which pull request');
  });

  test('what the inputs are warned of is in the summary, and counted', async () => {
    const { result } = await run({ inputs: { push: 'false', secrets: 'npm=' } });
    const warnings = warningsOf(result);
    expect(warnings).toEqual(['secrets: npm has no value in this run, so the build gets no such secret.']);
    expect(result.summary).toContain(`\nRemarks:\n\n- ${warnings[0] ?? ''}\n`);
    expect(JSON.parse(result.outputs.summary ?? '{}')).toMatchObject({ warnings: 1 });
  });

  test('workflow commands in build output are shown, not obeyed', async () => {
    const stderr = '#1 [builder 2/2] RUN make\n::error::from the build\n::add-mask::main\n#1 DONE 0.1s\n';
    const { result } = await run({ scenario: { ...HEALTHY, 'buildx build': { stderr } }, inputs: { push: 'false' } });
    expect(errorsOf(result)).toEqual([]);
    expect(result.log).toContain('::error::from the build');
    expect(result.main?.masks).not.toContain('main');
  });
});
