// What of a report goes to code scanning, and for which commit.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { decideUpload, toUpload } from '../../../src/checks/pure/sarif-upload.js';
import type { WorkflowEvent } from '../../../src/plan/event/event.js';
import { isRecord } from '../../../src/shared/json.js';
import {
  SHA,
  fromFork,
  gitTagPush,
  localBuild,
  mergeGroup,
  messageOf,
  otherEvent,
  pullRequest,
  pushTo,
} from '../../support/fixtures.js';

const recorded = (name: string): string => readFileSync(new URL(`scan-reports/${name}.sarif`, import.meta.url), 'utf8');

describe('the commit', () => {
  test.each([
    [pushTo('feature/x'), 'refs/heads/feature/x'],
    [gitTagPush('v1.2.3'), 'refs/tags/v1.2.3'],
    // The image is named after the head commit, and so are its alerts: the merge commit has another SHA.
    [pullRequest({ number: 7 }), 'refs/pull/7/head'],
  ])('%j is %s', (event, ref) => expect(decideUpload(event)).toEqual({ kind: 'upload', ref, sha: SHA }));

  test.each<[WorkflowEvent, string]>([
    [fromFork(), 'fork'],
    [mergeGroup(), 'merge queue'],
    [otherEvent(), 'issue_comment'],
    [localBuild('main'), 'no GitHub workflow'],
  ])('%j is not uploaded', (event, reason) =>
    expect(decideUpload(event)).toEqual({ kind: 'skip', reason: expect.stringContaining(reason) }),
  );
});

interface Prepared {
  readonly runs: readonly {
    readonly automationDetails: { readonly id: string };
    readonly results: readonly { readonly partialFingerprints?: Readonly<Record<string, string>> }[];
  }[];
}

const prepare = (name: string, image = 'ghcr.io/owner/app'): Prepared =>
  JSON.parse(toUpload(recorded(name), image)) as Prepared;
const fingerprintsOf = (prepared: Prepared): (string | undefined)[] =>
  prepared.runs.flatMap(({ results }) => results.map((result) => result.partialFingerprints?.primaryLocationLineHash));

describe('the report', () => {
  test('a category for each run, of the image and not of the commit or the time', () =>
    expect(prepare('snyk').runs.map(({ automationDetails }) => automationDetails.id)).toEqual([
      'two-pass-build/ghcr.io/owner/app/',
      'two-pass-build/ghcr.io/owner/app/2/',
    ]));

  test('a fingerprint for each finding, though all are at line 1 of one file', () => {
    for (const name of ['snyk', 'trivy']) {
      const fingerprints = fingerprintsOf(prepare(name));
      expect(new Set(fingerprints).size).toBe(fingerprints.length);
      for (const fingerprint of fingerprints) expect(fingerprint).toMatch(/^[0-9a-f]{16}:1$/);
    }
  });

  test('the same after an upgrade that does not fix it, and in another run', () => {
    const text = recorded('trivy');
    const later = JSON.parse(toUpload(text.replaceAll('3.3.2-r0', '3.3.3-r0'), 'ghcr.io/owner/app')) as Prepared;
    expect(fingerprintsOf(later)).toEqual(fingerprintsOf(prepare('trivy')));
  });

  test("a scanner's own fingerprints stay", () => {
    const own: unknown = JSON.parse(recorded('grype'));
    expect(prepare('grype').runs[0]?.results).toEqual(
      isRecord(own) && Array.isArray(own.runs) && isRecord(own.runs[0]) ? own.runs[0].results : null,
    );
  });

  test('results that nothing tells apart are numbered', () => {
    const result = { ruleId: 'R1', message: { text: 'Package: x' } };
    const log = { version: '2.1.0', runs: [{ results: [result, { ...result, ruleId: 'R2' }, result] }] };
    const [first, other, second] = fingerprintsOf(JSON.parse(toUpload(JSON.stringify(log), 'x')) as Prepared);
    expect([first?.slice(-2), other?.slice(-2), second?.slice(-2)]).toEqual([':1', ':1', ':2']);
    expect(first?.slice(0, -2)).toBe(second?.slice(0, -2));
    expect(first?.slice(0, -2)).not.toBe(other?.slice(0, -2));
  });

  test('nothing else changes', () => {
    for (const name of ['grype', 'snyk', 'trivy', 'trivy-secret', 'trivy-nothing']) {
      const given = JSON.parse(recorded(name)) as Prepared;
      const { runs, ...rest } = JSON.parse(toUpload(recorded(name), 'x')) as Prepared;
      const restored = runs.map((run, index) => ({
        ...run,
        ...{ automationDetails: given.runs[index]?.automationDetails },
        results: run.results.map((result, place) => ({
          ...result,
          partialFingerprints: given.runs[index]?.results[place]?.partialFingerprints,
        })),
      }));
      expect({ ...rest, runs: restored }).toEqual(given);
    }
  });

  test.each([
    ['', 'is not JSON'],
    ['[]', 'is JSON, but not SARIF 2.1.0'],
    ['{"version":"2.0.0","runs":[]}', 'is JSON, but not SARIF 2.1.0'],
  ])('what is no report is not uploaded: %j', (text, message) =>
    expect(messageOf(() => toUpload(text, 'x'))).toBe(`ScanReportError: The report in SARIF ${message}.`),
  );

  test.each([
    '{"version":"2.1.0"}',
    '{"version":"2.1.0","runs":[{}]}',
    '{"version":"2.1.0","runs":[{"results":null}]}',
  ])('nor what has no results: %s', (text) =>
    expect(messageOf(() => toUpload(text, 'x'))).toContain('the scanner did not come to its end'),
  );

  test('a byte order mark is no fault', () =>
    expect(toUpload(`\uFEFF${recorded('grype')}`, 'x')).toContain('two-pass-build/x/'));
});
