// grype itself on images of both kinds of engines: the command line, the environment, its exit codes and its report.
// Run by script/check-scanner, which compiles it and the program that writes its database.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCommand, runOrThrow } from '../../../lab/command.js';
import { type Engine, type ImageStore, startEngine } from '../../../lab/engine/engine.js';
import { sortFindings } from '../../../src/checks/pure/reports/finding.js';
import { parseScanReport } from '../../../src/checks/pure/reports/scan-report.js';
import { toUpload } from '../../../src/checks/pure/sarif-upload.js';
import { judgeScan, scannerEnvironment, toScanCommand } from '../../../src/checks/pure/scanner.js';

const BIN = process.env.SCANNER_BIN!;
interface SarifLog {
  readonly runs: readonly { readonly results: readonly unknown[] }[];
}

const IMAGE = 'ghcr.io/owner/app:0123456789abcdef0123456789abcdef01234567';
const STORES: readonly ImageStore[] = ['overlay2', 'containerd'];

/** Packages of the image; lab/scanner/main.go knows a flaw of each but the last. */
const PACKAGES = [
  'libssl3 3.3.2-r0',
  'libcrypto3 3.3.2-r0',
  'busybox 1.36.1-r29',
  'musl 1.2.5-r0',
  'zlib 1.3.1-r1',
  'scanelf 1.3.7-r2',
];
const FILES: Readonly<Record<string, string>> = {
  Dockerfile: 'FROM scratch\nCOPY . /\n',
  'etc/os-release': 'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME="Alpine Linux v3.20"\n',
  'lib/apk/db/installed': PACKAGES.map((item) => {
    const [name, version] = item.split(' ');
    return `C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:${name!}\nV:${version!}\nA:x86_64\nS:1000\nI:2000\nL:MIT\no:${name!}\n\n`;
  }).join(''),
  'app/node_modules/left-pad/package.json': '{"name":"left-pad","version":"1.3.0","license":"MIT"}\n',
};

let directory: string;
let engines: readonly Engine[];
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tpb-'));
  const context = join(directory, 'context');
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(context, name)), { recursive: true });
    writeFileSync(join(context, name), text);
  }
  engines = await Promise.all(
    STORES.map((store) => startEngine({ store, directory: mkdtempSync(join(tmpdir(), 'tpb-')), inMemory: true })),
  );
  for (const engine of engines) {
    const { code, stderr } = await engine.docker(['buildx', 'build', '--load', '--tag', IMAGE, context]);
    if (code !== 0) throw new Error(stderr);
  }
  const flaws = join(directory, 'flaws');
  mkdirSync(flaws);
  await runOrThrow(join(BIN, 'write-flaws'), [flaws], { env: {} });
  await runOrThrow('tar', ['czf', join(directory, 'flaws.tar.gz'), '-C', flaws, 'vulnerability.db'], {
    env: PATH_ONLY,
  });
  await runOrThrow(join(BIN, 'grype'), ['db', 'import', join(directory, 'flaws.tar.gz')], { env: grypeEnvironment() });
});
afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.stop()));
  rmSync(directory, { recursive: true, force: true });
});

const PATH_ONLY = { PATH: process.env.PATH ?? '/usr/bin:/bin' };

/** As a workflow sets it that brings its own database. */
function grypeEnvironment(change: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    HOME: directory,
    GRYPE_DB_CACHE_DIR: join(directory, 'db'),
    GRYPE_DB_AUTO_UPDATE: 'false',
    // Nobody is asked, whatever a test switches on.
    GRYPE_DB_UPDATE_URL: 'http://127.0.0.1:9/',
    ...change,
  };
}

async function scan(
  engine: Engine,
  change: { image?: string; args?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
) {
  const { image = IMAGE, args = [], env = {} } = change;
  const out = mkdtempSync(join(directory, 'out-'));
  const [reportFile, sarifFile] = [join(out, 'scan.json'), join(out, 'scan.sarif')];
  const { command, args: argv } = toScanCommand({
    scanner: 'grype',
    image,
    threshold: 'high',
    args,
    reportFile,
    sarifFile,
    dockerfile: null,
  });
  const { code, stdout, stderr } = await runCommand(join(BIN, command), argv, {
    env: scannerEnvironment('grype', {
      env: { ...engine.env, ...grypeEnvironment(env) },
      token: null,
      dockerConfig: join(directory, 'docker-config'),
    }),
  });
  return {
    judged: judgeScan('grype', code, `${stdout}\n${stderr}`),
    read: () => parseScanReport('grype', readFileSync(reportFile, 'utf8')),
    readUpload: () => JSON.parse(toUpload(readFileSync(sarifFile, 'utf8'), 'ghcr.io/owner/app')) as SarifLog,
  };
}

describe.each(STORES)('an image of %s', (store) => {
  const engine = (): Engine => engines[STORES.indexOf(store)]!;

  test('has what the fixture has', async () => {
    const { judged, read, readUpload } = await scan(engine());
    expect(judged).toEqual({ kind: 'done', saysFindings: null });
    const recorded = readFileSync(new URL('../../unit/checks/scan-reports/grype.json', import.meta.url), 'utf8');
    expect(read()).toEqual(parseScanReport('grype', recorded));
    expect(sortFindings(read(), { threshold: 'high', onlyFixed: false }).failing).toHaveLength(3);
    expect(readUpload().runs.map(({ results }) => results.length)).toEqual([6]);
  });

  test('with an option of the team', async () => {
    const { read } = await scan(engine(), { args: ['--only-fixed'] });
    expect(read().filter(({ fixedIn }) => fixedIn === null)).toEqual([]);
    expect(read()).toHaveLength(4);
    // The input scan-only-fixed counts the same ones.
    const whole = await scan(engine());
    expect(sortFindings(whole.read(), { threshold: 'low', onlyFixed: true }).failing).toEqual(read());
  });

  test("a threshold of the team's own configuration is a scan that was done", async () => {
    const config = join(directory, 'grype.yaml');
    writeFileSync(config, 'fail-on-severity: high\n');
    const { judged, read, readUpload } = await scan(engine(), { args: [`--config=${config}`] });
    expect(judged).toEqual({ kind: 'done', saysFindings: true });
    expect(read()).toHaveLength(6);
    expect(readUpload().runs).toHaveLength(1);
  });
});

test.each([
  ['no such image', { image: 'ghcr.io/owner/nothing:1' }, 'nothing'],
  ['no database', { env: { GRYPE_DB_CACHE_DIR: '/nowhere/at/all' } }, 'database'],
  ['a database that could not be brought up to date', { env: { GRYPE_DB_AUTO_UPDATE: 'true' } }, 'database'],
  ['an option that it does not have', { args: ['--nonsense'] }, 'nonsense'],
])('%s is a scan that could not be done', async (_, change, reason) => {
  const { judged, read } = await scan(engines[0]!, change);
  expect(judged).toMatchObject({ kind: 'failed', message: expect.stringContaining(reason) });
  // An empty file, or none.
  expect(read).toThrow();
});
