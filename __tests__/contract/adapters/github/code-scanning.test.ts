// A report on its way to code scanning: GitHub's own client, against a stand-in that takes what GitHub takes.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type GitHubApiStandIn, startGitHubApi } from '../../../../lab/github/github-api.js';
import type { GitHubApi } from '../../../../src/adapters/github/run-api.js';
import { CancelledError } from '../../../../src/adapters/process/process.js';
import type { Runner } from '../../../../src/adapters/runner/runner.js';
import { uploadToCodeScanning } from '../../../../src/checks/upload-report.js';
import type { WorkflowEvent } from '../../../../src/plan/event/event.js';
import type { Plan } from '../../../../src/plan/plan.js';

const SHA = '0123456789abcdef0123456789abcdef01234567';
const NEVER = new AbortController().signal;
const NOW = new Date('2026-02-03T04:05:06.789Z');
const PULL: WorkflowEvent = {
  kind: 'pull-request',
  name: 'pull_request',
  number: 7,
  headBranch: 'topic',
  baseBranch: 'main',
  sha: SHA,
  headRepository: 'octo/app',
  fork: false,
};

let api: GitHubApiStandIn;
let createGitHubApi: (token: string | null, repository: string, cancel: AbortSignal) => GitHubApi;
let report: string;
beforeAll(async () => {
  api = await startGitHubApi();
  // The client reads it as it is loaded.
  process.env.GITHUB_API_URL = api.url;
  ({ createGitHubApi } = await import('../../../../src/adapters/github/run-api.js'));
  report = await readFile(new URL('../../../unit/checks/scan-reports/snyk.sarif', import.meta.url), 'utf8');
});
afterAll(() => api.stop());
beforeEach(() => {
  api.codeScanning.setFault(null);
  api.codeScanning.setStatusFault(null);
  api.codeScanning.setProcessing({ status: 'complete' });
});

interface Said {
  readonly warnings: string[];
  readonly lines: string[];
  readonly waits: number[];
  /** Uploads that were taken by it. */
  readonly taken: number;
}

async function upload(
  change: { sarif?: string; event?: WorkflowEvent; token?: string | null; wait?: () => Promise<void> } = {},
): Promise<Said> {
  const { sarif = report, event = PULL, token = 'token', wait = () => Promise.resolve() } = change;
  const before = api.codeScanning.uploads().length;
  const [warnings, lines, waits]: [string[], string[], number[]] = [[], [], []];
  const note = (line: string): void => void lines.push(line);
  await uploadToCodeScanning({
    world: {
      runner: { workspace: '/home/runner/work/my app', log: { info: note, notice: note } } as unknown as Runner,
      wait: (milliseconds) => {
        waits.push(milliseconds);
        return wait();
      },
      now: NOW,
    },
    github: createGitHubApi(token, 'octo/app', NEVER),
    plan: { event, image: { name: 'ghcr.io/octo/app' } } as unknown as Plan,
    sarif,
    scanner: 'snyk',
    warn: (message) => void warnings.push(message),
  });
  return { warnings, lines, waits, taken: api.codeScanning.uploads().length - before };
}

test('a pull request: its head commit, the tool, the time, and the report', async () => {
  const { warnings, lines, taken } = await upload();
  expect(warnings).toEqual([]);
  expect(lines).toEqual(['Code scanning has the report of the scan, for refs/pull/7/head.']);
  expect(taken).toBe(1);
  expect(api.codeScanning.uploads().at(-1)).toMatchObject({
    sha: SHA,
    ref: 'refs/pull/7/head',
    toolName: 'snyk',
    startedAt: '2026-02-03T04:05:06.789Z',
    checkoutUri: 'file:///home/runner/work/my%20app/',
    report: { runs: [{ automationDetails: { id: 'two-pass-build/ghcr.io/octo/app/' } }, {}] },
  });
  expect(api.requests().at(-2)).toBe('POST /repos/octo/app/code-scanning/sarifs');
});

test('a report that takes a while is waited for', async () => {
  api.codeScanning.setProcessing({ status: 'complete', after: 3 });
  const { warnings, lines, waits } = await upload();
  expect({ warnings, lines: lines.length, waits: waits.length }).toEqual({ warnings: [], lines: 1, waits: 4 });
});

test('one that takes too long is not: about a minute, and no warning', async () => {
  api.codeScanning.setProcessing({ status: 'pending' });
  const { warnings, lines, waits } = await upload();
  expect(warnings).toEqual([]);
  expect(lines).toEqual(['Code scanning has taken the report of the scan, and is still at work on it.']);
  const seconds = waits.reduce((sum, wait) => sum + wait, 0) / 1000;
  expect(seconds).toBeGreaterThan(30);
  expect(seconds).toBeLessThanOrEqual(65);
});

test('questions that are not answered do not make a report that was taken a failure', async () => {
  api.codeScanning.setStatusFault(503);
  expect(await upload()).toMatchObject({ warnings: [], taken: 1 });
});

test('a report that GitHub could not use, in its words', async () => {
  api.codeScanning.setProcessing({ status: 'failed', errors: ['locations missing', 'rules missing'] });
  expect((await upload()).warnings).toEqual([
    'The report of the scan was not uploaded to code scanning: GitHub could not make use of the report: locations missing; rules missing.',
  ]);
});

test.each([403, 404])('%i: says which permission', async (status) => {
  api.codeScanning.setFault({ status });
  const { warnings, waits } = await upload();
  expect(waits).toEqual([]);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(
    /^The report of the scan was not uploaded to code scanning: (?:Resource not accessible by integration|Not Found)\. The job needs "permissions: security-events: write"/,
  );
});

test.each([400, 413, 500, 503])('%i is a warning without that advice', async (status) => {
  api.codeScanning.setFault({ status, message: 'of GitHub' });
  const { warnings } = await upload();
  expect(warnings).toEqual([expect.stringContaining('of GitHub')]);
  expect(warnings[0]).not.toContain('permissions');
});

test('a report that is too large is not sent', async () => {
  const before = api.requests().length;
  const large = JSON.parse(report) as { runs: { properties?: unknown }[] };
  large.runs[0]!.properties = { noise: randomBytes(10_500_000).toString('base64') };
  const { warnings } = await upload({ sarif: JSON.stringify(large) });
  expect(warnings[0]).toMatch(/the report is 1\d\.\d MB compressed, and GitHub takes 10\.0 MB\.$/);
  expect(api.requests()).toHaveLength(before);
});

test('a fork asks GitHub nothing, and it is no warning', async () => {
  const before = api.requests().length;
  const { warnings, lines } = await upload({ event: { ...PULL, headRepository: 'stranger/app', fork: true } });
  expect(warnings).toEqual([]);
  expect(lines).toEqual([
    'The report of the scan was not uploaded to code scanning: a run of a fork may not write to this repository.',
  ]);
  expect(api.requests()).toHaveLength(before);
});

test.each([
  ['no token', { token: null }, 'the input github-token is empty'],
  ['no report', { sarif: '' }, 'The report in SARIF is not JSON'],
])('%s is a warning', async (_, change, reason) => expect((await upload(change)).warnings[0]).toContain(reason));

test('a cancelled run is no warning', async () => {
  const wait = () => Promise.reject(new CancelledError('cancelled'));
  await expect(upload({ wait })).rejects.toThrow(CancelledError);
});

test('the stand-in takes only what GitHub takes', async () => {
  const { getOctokit } = await import('@actions/github');
  const { uploadSarif } = await import('../../../../src/adapters/github/code-scanning.js');
  const good = {
    sarif: report,
    sha: SHA,
    ref: 'refs/heads/main',
    startedAt: NOW,
    toolName: 'x',
    checkoutUri: 'file:///work/',
  };
  const send = (change: Partial<typeof good>) =>
    uploadSarif(
      getOctokit('token'),
      { owner: 'octo', repo: 'app' },
      { ...good, ...change },
      () => Promise.resolve(),
      NEVER,
    );
  await expect(send({ sarif: 'no report' })).rejects.toThrow(/JSON/);
  await expect(send({ sarif: '{"version":"2.0.0"}' })).rejects.toThrow('sarif is not version 2.1.0');
  await expect(send({ ref: 'main' })).rejects.toThrow('ref is not a full reference');
  await expect(send({ sha: 'main' })).rejects.toThrow('commit_sha is not a commit SHA');
  const sameCategory = JSON.parse(report) as { runs: { automationDetails?: unknown }[] };
  for (const run of sameCategory.runs) delete run.automationDetails;
  await expect(send({ sarif: JSON.stringify(sameCategory) })).rejects.toThrow('same category');
});
