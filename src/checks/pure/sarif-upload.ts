// Whether a SARIF report is uploaded to GitHub's code scanning, for which commit, and with which changes. Pure.
// https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
// https://docs.github.com/rest/code-scanning/code-scanning#upload-an-analysis-as-sarif-data
import type { WorkflowEvent } from '../../plan/event/event.js';
import { hashText } from '../../shared/hash.js';
import { type JsonRecord, asList, asRecord, isRecord } from '../../shared/json.js';
import { ScanReportError } from './reports/finding.js';
import { parseReport, readList, readText } from './reports/report-fields.js';

/** For a pull request `ref` and `sha` are those of its head, as the image's tag is: GitHub shows the alerts there. */
export type UploadDecision =
  | { readonly kind: 'upload'; readonly ref: string; readonly sha: string }
  | { readonly kind: 'skip'; readonly reason: string };

/** Refs that GitHub takes: `refs/heads/…`, `refs/tags/…`, `refs/pull/N/merge` (of the merge commit), `refs/pull/N/head`. */
export function decideUpload(event: WorkflowEvent): UploadDecision {
  const { sha } = event;
  switch (event.kind) {
    case 'branch':
      return { kind: 'upload', ref: `refs/heads/${event.branch}`, sha };
    case 'git-tag':
      return { kind: 'upload', ref: `refs/tags/${event.gitTag}`, sha };
    case 'pull-request':
      return event.fork
        ? { kind: 'skip', reason: 'a run of a fork may not write to this repository' }
        : { kind: 'upload', ref: `refs/pull/${event.number}/head`, sha };
    case 'merge-group':
      // The queue's branch is deleted after the merge, and the push to the base branch scans the same commit.
      return { kind: 'skip', reason: 'the push that ends the merge queue tells of the same commit' };
    case 'other':
      return { kind: 'skip', reason: `an event ${event.name} does not tell which branch was scanned` };
    case 'checkout':
      return { kind: 'skip', reason: `${sha} was scanned, which the event ${event.name} does not name` };
    case 'local':
      return { kind: 'skip', reason: 'this is no GitHub workflow' };
  }
}

/**
 * Changes the report for GitHub: each SARIF run gets a category, each result a fingerprint.
 * Category: an upload replaces the last one of the same tool and category, and GitHub refuses a file with two runs of one
 * category: https://github.blog/changelog/2024-05-06-code-scanning-will-stop-combining-runs-from-a-single-upload/
 * The scanners' own categories contain a time or the commit, so that old alerts would stay for ever.
 * Fingerprint: results without one would all be taken for the same alert, since all are at line 1 of one file.
 * @param imageName without its tag: several images of a repository have alerts of their own
 * @throws ScanReportError when it is not SARIF 2.1.0 of a finished scan
 */
export function toUpload(text: string, imageName: string): string {
  const report = parseSarif(text);
  const runs = readList(report.runs).map((run, index) => ({
    ...run,
    automationDetails: { id: `two-pass-build/${imageName}/${index === 0 ? '' : `${index + 1}/`}` },
    results: addFingerprints(readList(run.results)),
  }));
  return JSON.stringify({ ...report, runs });
}

function parseSarif(text: string): JsonRecord {
  const report = parseReport(text, 'The report in SARIF');
  if (!isRecord(report) || report.version !== '2.1.0') {
    throw new ScanReportError('The report in SARIF is JSON, but not SARIF 2.1.0.');
  }
  return report;
}

/** The only fingerprint that GitHub uses. */
const FINGERPRINT = 'primaryLocationLineHash';

/** CodeQL's form: `HASH:N`, where N counts results that have the same hash. */
function addFingerprints(results: readonly JsonRecord[]): JsonRecord[] {
  const counts = new Map<string, number>();
  return results.map((result) => {
    if (readText(result, 'partialFingerprints', FINGERPRINT) !== '') return result;
    const hash = hashResult(result);
    const count = (counts.get(hash) ?? 0) + 1;
    counts.set(hash, count);
    const given = asRecord(result.partialFingerprints);
    return { ...result, partialFingerprints: { ...given, [FINGERPRINT]: `${hash}:${count}` } };
  });
}

/**
 * The first line of the message is part of the hash: it tells several packages of one rule apart. It has no version, so
 * that an upgrade that does not fix a flaw makes no new alert.
 */
function hashResult(result: JsonRecord): string {
  const [place] = asList(result.locations);
  const parts = [
    readText(result, 'ruleId') || readText(result, 'rule', 'id'),
    readText(place, 'physicalLocation', 'artifactLocation', 'uri'),
    readText(result, 'message', 'text').split('\n', 1)[0],
  ];
  return hashText(JSON.stringify(parts)).slice(0, 16);
}
