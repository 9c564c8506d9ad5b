// What of a report goes to code scanning, and for which commit.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { isRecord } from '../../src/plan/json.js';
import { parseSarif } from '../../src/plan/sarif.js';
import { decideUpload, toUpload } from '../../src/plan/sarif-upload.js';
import type { WorkflowEvent } from '../../src/plan/workflow-event.js';
import { SHA, fromFork, gitTagPush, messageOf, pullRequest, pushTo } from './fixtures.js';

const recorded = (name: string): string => readFileSync(new URL(`sarif/${name}.sarif`, import.meta.url), 'utf8');

describe('the commit', () => {
  test.each([
    [pushTo('feature/x'), 'refs/heads/feature/x'],
    [gitTagPush('v1.2.3'), 'refs/tags/v1.2.3'],
    // The image is named after the head commit, and so are its alerts: the merge commit has another SHA.
    [pullRequest({ number: 7 }), 'refs/pull/7/head'],
  ])('%j is %s', (event, ref) => expect(decideUpload(event)).toEqual({ kind: 'upload', ref, sha: SHA }));

  test.each<[WorkflowEvent, string]>([
    [fromFork(), 'fork'],
    [{ kind: 'merge-group', name: 'merge_group', baseBranch: 'main', sha: SHA }, 'merge queue'],
    [{ kind: 'other', name: 'issue_comment', sha: SHA, fork: false }, 'issue_comment'],
    [{ kind: 'local', name: 'local', branch: 'main', sha: SHA, dirty: false }, 'no GitHub workflow'],
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

  test('the same after an upgrade that does not mend it, and in another run', () => {
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

  test('nothing else changes', () => {
    for (const name of ['grype', 'snyk', 'trivy', 'trivy-secret', 'trivy-nothing'])
      expect(parseSarif(toUpload(recorded(name), 'x'))).toEqual(parseSarif(recorded(name)));
    expect(JSON.parse(toUpload(recorded('trivy'), 'x'))).toMatchObject({
      version: '2.1.0',
      runs: [{ columnKind: 'utf16CodeUnits' }],
    });
  });

  test('what is no report is not uploaded', () =>
    expect(messageOf(() => toUpload('', 'x'))).toContain('SarifError: The report of the scan is empty'));
});
