// What of a report goes to GitHub's code scanning, and for which commit. Pure.
// https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
// https://docs.github.com/rest/code-scanning/code-scanning#upload-an-analysis-as-sarif-data
import { createHash } from 'node:crypto';
import { type JsonRecord, isRecord } from './json.js';
import { type Finding, listFindings, readReport } from './sarif.js';
import type { WorkflowEvent } from './workflow-event.js';

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
 * @throws SarifError as `parseSarif` does
 */
export function toUpload(text: string, imageName: string): string {
  const { report, runs } = readReport(text);
  const prepared = runs.map((run, index) => {
    const findings = listFindings(run);
    const results: readonly unknown[] = Array.isArray(run.results) ? run.results : [];
    return {
      ...run,
      automationDetails: { id: `two-pass-build/${imageName}/${index === 0 ? '' : `${index + 1}/`}` },
      results: results.map((result, place) => addFingerprint(result, findings[place] ?? null)),
    };
  });
  return JSON.stringify({ ...report, runs: prepared });
}

function addFingerprint(result: unknown, finding: Finding | null): unknown {
  if (!isRecord(result) || finding === null || hasFingerprint(result)) return result;
  const { id, package: name, location } = finding;
  // Without the version: an upgrade that does not mend a flaw is no new alert.
  const hash = createHash('sha256')
    .update(JSON.stringify([id, name, location?.file]))
    .digest('hex');
  const given = isRecord(result.partialFingerprints) ? result.partialFingerprints : {};
  return { ...result, partialFingerprints: { ...given, primaryLocationLineHash: `${hash.slice(0, 16)}:1` } };
}

/** The one of them that GitHub looks at. */
function hasFingerprint({ partialFingerprints }: JsonRecord): boolean {
  return isRecord(partialFingerprints) && typeof partialFingerprints.primaryLocationLineHash === 'string';
}
