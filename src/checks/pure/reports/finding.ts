// A finding of a scanner, in one form for all three scanners, and which findings count. Pure.
import { type Severity, parseSeverity } from '../../../inputs/scan-inputs.js';
import { isCount } from '../../../shared/json.js';
import { type FoundSeverity, isAtLeast, rankSeverity } from './severity.js';

export interface Finding {
  /** `CVE-2024-1234`, or the scanner's own name for it. */
  readonly id: string;
  readonly severity: FoundSeverity;
  /** Name of the installed package; null for other findings, such as a secret in a file. */
  readonly package: string | null;
  readonly installed: string | null;
  /** Versions without the flaw, as the scanner writes them; null when there is none or the scanner does not say. */
  readonly fixedIn: string | null;
  /** Whether it can be fixed now, in the scanner's words. False for a flaw of a package only. */
  readonly fixable: boolean;
  readonly title: string;
  /** An https address, without characters that would end a Markdown link. */
  readonly url: string | null;
  /** Kind of package in the package manager's words (`apk`, `deb`, `npm`); null when the scanner does not say. */
  readonly packageType: string | null;
  /** The line of the Dockerfile that adds it, or the file in the image that has it. */
  readonly location: FindingLocation | null;
}

interface FindingLocation {
  readonly file: string;
  /** Null where the scanner knows no line. */
  readonly line: number | null;
}

/** The scanner's report cannot be used, so that the scan has no verdict. */
export class ScanReportError extends Error {
  override readonly name = 'ScanReportError';
}

/** A finding as the report has it: untrusted text of any length; empty when the report does not say. */
export interface ReportedFinding {
  readonly id: string;
  readonly severity: string;
  readonly package: string;
  readonly installed: string;
  readonly fixedIn: string;
  readonly fixable: boolean;
  readonly title: string;
  readonly url: string;
  readonly packageType: string;
  readonly file: string;
  readonly line: unknown;
}

const LONGEST_TEXT = 300;
const LONGEST_TITLE = 200;

/** @throws ScanReportError for an unknown severity: the finding might be one that counts */
export function toFinding(reported: ReportedFinding): Finding {
  const { id, title, url, file, line } = reported;
  const location = optional(file);
  return {
    id: clip(id) || 'unnamed',
    severity: toSeverity(reported.severity),
    package: optional(reported.package),
    installed: optional(reported.installed),
    fixedIn: optional(reported.fixedIn),
    fixable: reported.fixable,
    title: clip(title, LONGEST_TITLE),
    url: isSafeUrl(url) ? url : null,
    packageType: optional(reported.packageType),
    location: location === null ? null : { file: location, line: isCount(line) && line > 0 ? line : null },
  };
}

function toSeverity(word: string): FoundSeverity {
  const severity = parseSeverity(word);
  if (severity !== null) return severity;
  if (/^(?:unknown|negligible|none|)$/i.test(word)) return 'unknown';
  throw new ScanReportError(`The report of the scan has a severity that is not known here: ${clip(word, 50)}.`);
}

function optional(text: string): string | null {
  return clip(text) || null;
}

/** One line of at most so many characters. */
function clip(text: string, longest = LONGEST_TEXT): string {
  // Cut first: the text may have megabytes.
  const line = text
    .slice(0, 10 * longest)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;
}

function isSafeUrl(text: string): boolean {
  return text.length <= 1000 && /^https:\/\/[\w.-]+\/[\w./:%?&=+~,;#@-]*$/.test(text);
}

/** @returns worst first; each flaw of a package once, also when it is in several places of the image */
export function joinFindings(findings: readonly Finding[]): Finding[] {
  const joined = new Map<string, Finding>();
  for (const finding of findings) {
    const key = JSON.stringify([finding.id, finding.package ?? finding.location?.file, finding.installed]);
    const known = joined.get(key);
    joined.set(key, known === undefined ? finding : mergeFindings(known, finding));
  }
  return [...joined.values()].sort(compareFindings);
}

/** The same finding in two places: joins what either says, and takes the worse severity. */
function mergeFindings(one: Finding, other: Finding): Finding {
  return {
    ...one,
    severity: rankSeverity(other.severity) > rankSeverity(one.severity) ? other.severity : one.severity,
    fixedIn: one.fixedIn ?? other.fixedIn,
    fixable: one.fixable || other.fixable,
    url: one.url ?? other.url,
    location: typeof one.location?.line === 'number' ? one.location : (other.location ?? one.location),
  };
}

/** Worst first; with a fix before without; then by name, so that the order is the same in every run. */
function compareFindings(one: Finding, other: Finding): number {
  return (
    rankSeverity(other.severity) - rankSeverity(one.severity) ||
    Number(one.fixedIn === null) - Number(other.fixedIn === null) ||
    compareText(one.package ?? '', other.package ?? '') ||
    compareText(one.id, other.id)
  );
}

/** By code units: the order must not depend on the machine's language. */
function compareText(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** What the inputs say of the findings that count. */
export interface Verdict {
  /** At this severity or worse. */
  readonly threshold: Severity;
  /** Only those that have a fix. */
  readonly onlyFixed: boolean;
}

export interface SortedFindings {
  /** The findings that count. */
  readonly failing: readonly Finding[];
  /** As severe, and left out since they have no fix. */
  readonly unfixed: readonly Finding[];
}

/**
 * Here, and not by an option of the scanner: snyk's `--fail-on` does not look at the versions that fix a package of the
 * system (https://github.com/snyk/cli/pull/1597), trivy passes over `--ignore-unfixed` beside `--ignore-status`, what it
 * leaves out cannot be counted, and code scanning would close the alerts of such flaws as fixed.
 */
export function sortFindings(findings: readonly Finding[], { threshold, onlyFixed }: Verdict): SortedFindings {
  const severe = findings.filter(({ severity }) => isAtLeast(severity, threshold));
  const counts = ({ fixable }: Finding): boolean => fixable || !onlyFixed;
  return { failing: severe.filter(counts), unfixed: severe.filter((finding) => !counts(finding)) };
}

/**
 * Compares the report with an exit code that says whether there are findings.
 * @throws ScanReportError when the exit code says so and the report has none at the threshold: then it was misread
 */
export function checkAgreement(
  saysFindings: boolean | null,
  { failing, unfixed }: SortedFindings,
  threshold: Severity,
): void {
  if (saysFindings === true && failing.length + unfixed.length === 0) {
    throw new ScanReportError(
      `The scanner says that it found something, and its report has nothing at ${threshold} or above. ` +
        'Look at what it printed.',
    );
  }
}
