// `snyk container test --json-file-output=FILE` -> findings.
// Format: https://github.com/snyk/cli/blob/main/src/lib/snyk-test/legacy.ts (LegacyVulnApiResult, AnnotatedIssue), put
// together by src/lib/formatters/test/format-test-results.ts: the result for the system's packages, with one more below
// "applications" for each application in the image.
import { type JsonRecord, asRecord } from '../../../shared/json.js';
import { type ReportedFinding, ScanReportError } from './finding.js';
import { readList, readOptionalList, readText, readTexts } from './report-fields.js';

/** @throws ScanReportError when it is not the report of a finished scan */
export function listSnykFindings(report: unknown): ReportedFinding[] {
  const system = asRecord(report);
  // With --experimental the report is a list.
  const results =
    Array.isArray(report) && report.length > 0 ? readList(report) : [system, ...readOptionalList(system.applications)];
  return results.flatMap((result) => {
    const error = readText(result, 'error');
    if (error !== '') throw new ScanReportError(`A part of the image could not be scanned: ${error.slice(0, 300)}.`);
    return readList(result.vulnerabilities).map((issue) => toReported(result, issue));
  });
}

/** A package that is not named in `fixedIn` may be fixed by a newer one that brings it. */
const FIXABLE = ['isUpgradable', 'isPinnable', 'isPatchable'] as const;

/** A licence is no flaw that waits for a fix. */
function isLicence(id: string): boolean {
  return id.startsWith('snyk:lic');
}

/** Kinds of result whose packages are named after their source: `openssl/libssl3`. */
const SYSTEM_PACKAGES = new Set(['apk', 'deb', 'rpm', 'linux']);

function toReported(result: JsonRecord, issue: JsonRecord): ReportedFinding {
  const id = readText(issue, 'id');
  const packageType = readText(result, 'packageManager');
  // With --group-issues `name` is a list.
  const [name = readText(issue, 'packageName')] = readTexts([issue.name].flat());
  const fixedIn = readTexts(issue.fixedIn).join(', ') || readText(issue, 'nearestFixedInVersion');
  return {
    id,
    severity: readText(issue, 'severity'),
    package: SYSTEM_PACKAGES.has(packageType) ? (name.split('/').at(-1) ?? name) : name,
    installed: readText(issue, 'version'),
    fixedIn,
    fixable: fixedIn !== '' || FIXABLE.some((word) => issue[word] === true) || isLicence(id),
    title: readText(issue, 'title'),
    url: /^[\w:.-]+$/.test(id) ? `https://${isLicence(id) ? 'snyk.io' : 'security.snyk.io'}/vuln/${id}` : '',
    packageType,
    file: readText(result, 'displayTargetFile') || readText(result, 'path'),
    line: issue.lineNumber,
  };
}
