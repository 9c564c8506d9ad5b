// script/update-scanners against a registry, in a copy of the files that it writes.
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { SCANNER_IMAGES } from '../../../src/checks/pure/scanner-images.js';
import { type MemoryRegistry, startMemoryRegistry } from '../../support/world/memory-registry.js';

const root = new URL('../../../', import.meta.url).pathname;
const SOURCE = 'src/checks/pure/scanner-images.ts';
let registry: MemoryRegistry;
let folder: string;

beforeEach(async () => {
  registry = await startMemoryRegistry();
  folder = mkdtempSync(join(tmpdir(), 'two-pass-build-scanners-'));
  for (const path of ['src', 'script', 'docs/checks.md', 'package.json', '.prettierrc.json', 'tsconfig.json']) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(root, path), join(folder, path), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
});
afterEach(async () => {
  await registry.close();
  rmSync(folder, { recursive: true, force: true });
});

const read = (path: string): string => readFileSync(join(folder, path), 'utf8');

/** Not by a call that waits: this process is the registry. */
function update(...args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }> {
  const env = { ...process.env, GITHUB_OUTPUT: join(folder, 'output') };
  const child = spawn('script/update-scanners', ['--registry', registry.host, ...args], { cwd: folder, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}

const push = (repository: string, tag: string): Promise<string> => {
  const config = Buffer.from(`{"of":"${repository}:${tag}"}`);
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  return registry.push(repository, tag, { schemaVersion: 2, mediaType, layers: [] }, [config]);
};

test('pins what is newest, snyk by its moving tag, says what changed, and then has nothing to do', async () => {
  const digests = {
    snyk: await push('snyk/snyk', 'docker'),
    grype: await push('anchore/grype', 'v99.0.1'),
    trivy: await push('aquasec/trivy', '99.2.0'),
  };
  for (const tag of ['latest', 'v98.0.0', 'v99.1.0-rc.1']) await push('anchore/grype', tag);
  const before = read(SOURCE).replace(/^( {2}snyk: ).*$/m, "$1'snyk/snyk:docker',");
  writeFileSync(join(folder, SOURCE), before);

  const checked = await update('--check');
  expect([checked.code, read(SOURCE)]).toEqual([1, before]);
  expect(checked.output).toContain(`snyk (snyk/snyk): docker (no digest) -> docker@${digests.snyk}`);

  // What .github/workflows/scanners.yml puts into its issue.
  const changes = /^changes<<(\S+)\n((?:- .*\n)+)\1\n$/.exec(read('output'))?.[2]?.split('\n') ?? [];
  expect(changes).toEqual([
    `- snyk (snyk/snyk): docker (no digest) -> docker@${digests.snyk}`,
    expect.stringMatching(/^- grype .* -> v99\.0\.1@sha256:/),
    expect.stringMatching(/^- trivy .* -> 99\.2\.0@sha256:/),
    '',
  ]);

  const updated = await update();
  expect(updated).toMatchObject({ code: 0 });
  expect(updated.output).toMatch(/grype \(anchore\/grype\): v[\d.]+@sha256:\S+ -> v99\.0\.1@sha256:/);
  expect(read(SOURCE)).toContain(`  snyk: 'snyk/snyk:docker@${digests.snyk}',\n`);
  expect(read(SOURCE)).toContain(`  grype: 'anchore/grype:v99.0.1@${digests.grype}',\n`);
  expect(read(SOURCE)).toContain(`  trivy: 'aquasec/trivy:99.2.0@${digests.trivy}',\n`);
  expect(read('docs/checks.md')).toMatch(/^\| grype {3}\| `anchore\/grype:v99\.0\.1`, by digest +\|$/m);

  rmSync(join(folder, 'output'));
  const again = await update('--check');
  expect(read('output')).toMatch(/^changes<<(\S+)\n\1\n$/);
  expect(again).toMatchObject({ code: 0, output: expect.stringContaining('Nothing to change.') });
});

test('a tag that is not served changes nothing, and is named', async () => {
  await push('snyk/snyk', 'docker');
  await push('anchore/grype', 'v99.0.1');
  const { code, output } = await update();
  expect(code).toBe(1);
  expect(output).toMatch(/aquasec\/trivy/);
  expect(read(SOURCE)).toContain(SCANNER_IMAGES.grype);
});
