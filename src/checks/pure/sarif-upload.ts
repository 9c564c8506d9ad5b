// What of a report goes to GitHub's code scanning, and for which commit. Pure.
// https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
// https://docs.github.com/rest/code-scanning/code-scanning#upload-an-analysis-as-sarif-data
import type { WorkflowEvent } from '../../plan/event/event.js';
import { hashText } from '../../shared/hash.js';
import { type JsonRecord, asList, asRecord, isRecord } from '../../shared/json.js';
import { ScanReportError } from './reports/finding.js';
import { parseReport, readList, readText } from './reports/report-fields.js';

/** `ref` and `sha` belong together: GitHub shows the alerts of a pull request for its head commit, as images are named. */
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
      // Its branch is gone as soon as it is merged, and the push to the base branch has the same commit.
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
 * The report as GitHub needs it.
 * A category for each run, since one upload replaces the last of the same tool and category, and several runs of one
 * category in one file are refused: https://github.blog/changelog/2024-05-06-code-scanning-will-stop-combining-runs-from-a-single-upload/
 * The scanner's own has a time or the commit in it, so that old alerts would never go.
 * And a fingerprint for each result that has none, since all of them are at line 1 of the same file.
 * @param imageName without its tag: several images of a repository have alerts of their own
 * @throws ScanReportError when it is no SARIF 2.1.0 of a scan that came to its end
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

/** The one of them that GitHub looks at. */
const FINGERPRINT = 'primaryLocationLineHash';

/** In the form of CodeQL: a hash, and a number for results that share it. */
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
 * The first line of the message tells apart what one rule says of several packages, and has no version in it: an upgrade
 * that does not fix a flaw is no new alert.
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
