// The report of a scanner (SARIF 2.1.0) -> findings. Everything in it may come from the image, so it is hostile text.
// Format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
// What the three scanners put where:
// snyk:  https://github.com/snyk/cli/blob/main/src/lib/formatters/sarif-output.ts and get-sarif-result.ts
// grype: https://github.com/anchore/grype/blob/main/grype/presenter/sarif/presenter.go
// trivy: https://github.com/aquasecurity/trivy/blob/main/pkg/report/sarif.go
import { type JsonRecord, isRecord } from './json.js';
import { type FoundSeverity, type Severity, isAtLeast, parseSeverity, rankSeverity } from './severity.js';

export interface Finding {
  /** `CVE-2024-1234`, or the scanner's own name for it. */
  readonly id: string;
  readonly severity: FoundSeverity;
  /** As it is installed; null for what is no package, such as a secret in a file. */
  readonly package: string | null;
  readonly installed: string | null;
  /** Versions without it, as the scanner writes them; null when there is none or the scanner does not say. */
  readonly fixedIn: string | null;
  readonly title: string;
  /** https, and nothing in it that Markdown would take for its end. */
  readonly url: string | null;
  /** Kind of package in the scanner's words (`apk`, `deb`, `npm`); null when it does not say. */
  readonly packageType: string | null;
  /** The line that brings it in, or the file in the image that holds it. */
  readonly location: FindingLocation | null;
}

interface FindingLocation {
  readonly file: string;
  /** Null where the scanner writes 1 because the format wants a line. */
  readonly line: number | null;
}

/** The scanner's report cannot be used, so nobody knows what is in the image. */
export class SarifError extends Error {
  override readonly name = 'SarifError';
}

/** Far above what GitHub takes; beyond it something is wrong. */
const MOST_BYTES = 50_000_000;
const MOST_RESULTS = 100_000;

/**
 * @param text the file as it was read
 * @returns what was found, worst first; the same package and flaw once, wherever in the image it is
 * @throws SarifError when the file is no report of a scan that came to its end
 */
export function parseSarif(text: string): Finding[] {
  const merged = new Map<string, Finding>();
  for (const finding of readReport(text).runs.flatMap(listFindings)) {
    if (finding === null) continue;
    const key = JSON.stringify([finding.id, finding.package ?? finding.location?.file, finding.installed]);
    const known = merged.get(key);
    merged.set(key, known === undefined ? finding : mergeFindings(known, finding));
  }
  return [...merged.values()].sort(compareFindings);
}

/** Those that count: at the threshold or worse. */
export function selectFailing(findings: readonly Finding[], threshold: Severity): Finding[] {
  return findings.filter(({ severity }) => isAtLeast(severity, threshold));
}

/**
 * Holds the report against the exit code of a scanner that tells by it whether it found something.
 * @throws SarifError when it did and the report has nothing that counts: it was not understood, and green would be wrong
 */
export function checkAgreement(saysFindings: boolean | null, failing: readonly Finding[], threshold: Severity): void {
  if (saysFindings === true && failing.length === 0) {
    throw new SarifError(
      `The scanner says that it found something, and its report has nothing at ${threshold} or above. ` +
        'Look at what it printed.',
    );
  }
}

export interface Report {
  readonly report: JsonRecord;
  readonly runs: readonly JsonRecord[];
}

/** @throws SarifError with one message for each thing that is wrong */
export function readReport(text: string): Report {
  if (text.length > MOST_BYTES) throw new SarifError(`The report of the scan is larger than ${MOST_BYTES / 1e6} MB.`);
  if (text.trim() === '') throw new SarifError('The report of the scan is empty: the scanner did not come to its end.');
  let report: unknown;
  try {
    // A byte order mark is no part of JSON, and some writers start with one.
    report = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new SarifError('The report of the scan is not JSON.', { cause: error });
  }
  if (!isRecord(report) || report.version !== '2.1.0') throw notSarif();
  const { runs } = report;
  if (!Array.isArray(runs) || runs.length === 0) {
    throw new SarifError('The report of the scan has no runs: nothing was scanned.');
  }
  if (!runs.every(isRecord)) throw notSarif();
  return { report, runs };
}

function notSarif(): SarifError {
  return new SarifError('The report of the scan is JSON, but not SARIF 2.1.0.');
}

/**
 * One for each result of a run, in its order; null for what is no finding.
 * "results": absent or null means that nothing was computed, an empty list that nothing was found (section 3.14.23).
 * @throws SarifError when the run did not come to its end
 */
export function listFindings(run: JsonRecord): (Finding | null)[] {
  const invocations = listRecords(run.invocations);
  const { results } = run;
  if (!Array.isArray(results) || invocations.some(({ executionSuccessful }) => executionSuccessful === false)) {
    throw new SarifError('The report of the scan has no results: the scanner did not come to its end.');
  }
  if (results.length > MOST_RESULTS)
    throw new SarifError(`The report of the scan has more than ${MOST_RESULTS} results.`);
  const rules = readRules(run);
  return results.map((result: unknown) => (isRecord(result) ? toFinding(result, rules) : null));
}

/** Rules of a run by their id, and by their place in the list. */
interface Rules {
  readonly byId: ReadonlyMap<string, JsonRecord>;
  readonly list: readonly unknown[];
}

function readRules(run: JsonRecord): Rules {
  const driver = member(run, 'tool', 'driver');
  const rules: unknown = isRecord(driver) ? driver.rules : undefined;
  const list: readonly unknown[] = Array.isArray(rules) ? rules : [];
  const byId = listRecords(list).map((rule): [string, JsonRecord] => [readText(rule, 'id'), rule]);
  return { byId: new Map(byId), list };
}

function findRule(result: JsonRecord, { byId, list }: Rules): JsonRecord {
  const named = byId.get(readText(result, 'ruleId') || readText(result, 'rule', 'id'));
  if (named !== undefined) return named;
  const index = member(result, 'rule', 'index') ?? result.ruleIndex;
  const placed = typeof index === 'number' ? list[index] : undefined;
  return isRecord(placed) ? placed : {};
}

/** @returns null for what is no finding: checks that passed, and findings that were accepted in the tool */
function toFinding(result: JsonRecord, rules: Rules): Finding | null {
  const kind = readText(result, 'kind');
  if ((kind !== '' && kind !== 'fail') || readText(result, 'baselineState') === 'absent' || isSuppressed(result))
    return null;
  const rule = findRule(result, rules);
  const facts = {
    ...readSnykFacts(result, rule),
    ...readGrypeFacts(result, rule),
    ...readTrivyFacts(result),
  };
  const ruleId = readText(result, 'ruleId') || readText(rule, 'id') || 'unnamed';
  const id = clip(facts.id ?? ruleId);
  return {
    id,
    severity: facts.severity ?? readGeneralSeverity(result, rule),
    package: optional(facts.package),
    installed: optional(facts.installed),
    fixedIn: optional(facts.fixedIn),
    title: clip(facts.title ?? readText(rule, 'shortDescription', 'text'), LONGEST_TITLE),
    url: safeUrl(facts.url) ?? safeUrl(readText(rule, 'helpUri')),
    packageType: optional(facts.packageType),
    location: readLocation(result),
  };
}

/** What a scanner says in words; a member that it does not say is missing. */
interface Facts {
  id?: string;
  severity?: FoundSeverity;
  package?: string;
  installed?: string;
  fixedIn?: string;
  title?: string;
  url?: string;
  packageType?: string;
}

/**
 * The severity in words is the one that the scanner itself goes by: distributions rate a flaw in their own build of a
 * package, while the number in `security-severity` is often that of the flaw in general.
 */
function readSnykFacts(result: JsonRecord, rule: JsonRecord): Facts {
  const [, name = '', severity = ''] =
    /^This file introduces a vulnerable (\S{1,300}) package with an? (\w+) severity vulnerability/.exec(
      readText(result, 'message', 'text'),
    ) ?? [];
  if (name === '') return {};
  const tags = readTags(rule);
  const packageType = tags.find((tag) => SNYK_PACKAGE_MANAGERS.has(tag));
  // `(CVE-2023-5363) openssl/libssl3@3.1.3-r0`: only here is the package named that is installed, after its source.
  const full = readText(rule, 'fullDescription', 'text').replace(/^\([^)]{0,2000}\)\s*/, '');
  const place = splitAtLast(full, '@') ??
    splitAtLast(readText(firstRecord(firstRecord(result.locations).logicalLocations), 'fullyQualifiedName'), '@') ?? [
      name,
      '',
    ];
  const isSystem = packageType !== undefined && SYSTEM_PACKAGES.has(packageType);
  const installedName = isSystem ? (place[0].split('/').at(-1) ?? name) : place[0];
  const id = readText(result, 'ruleId');
  const isLicence = id.startsWith('snyk:lic');
  return {
    ...toSeverity(severity),
    package: installedName,
    installed: place[1],
    ...fixedInOf(rule),
    ...(packageType === undefined ? {} : { packageType }),
    // Without its own severity and package in front and behind, which the table has.
    title: readText(rule, 'shortDescription', 'text').replace(/^\w+ severity - /, ''),
    url: /^[\w:.-]+$/.test(id) ? `https://${isLicence ? 'snyk.io' : 'security.snyk.io'}/vuln/${id}` : '',
  };
}

/** Of those that snyk puts among the tags; others are CWE numbers. */
const SNYK_PACKAGE_MANAGERS = new Set(
  'apk deb rpm linux npm yarn pnpm pip poetry pipenv maven gradle sbt gomodules golangdep nuget paket rubygems composer cocoapods hex swift Unmanaged'.split(
    ' ',
  ),
);
const SYSTEM_PACKAGES = new Set(['apk', 'deb', 'rpm', 'linux']);

/** ``Upgrade `Alpine:3.18` `openssl` to version 3.1.4-r0 or higher.`` in the section "Remediation" of its help. */
function fixedInOf(rule: JsonRecord): Facts {
  const help = readText(rule, 'help', 'markdown', LONGEST_HELP);
  const start = help.indexOf('Remediation');
  const section = start === -1 ? '' : help.slice(start, start + 1000);
  const [, versions = ''] = /Upgrade (?:`[^`\n]{1,200}` ){1,2}to version ([^\n]{1,200}?) or higher/.exec(section) ?? [];
  return versions === '' ? {} : { fixedIn: versions };
}

/** `A high vulnerability in apk package: libssl3, version 3.1.3-r0 was found in image app at: /lib/apk/db/installed` */
function readGrypeFacts(result: JsonRecord, rule: JsonRecord): Facts {
  const [, severity = '', packageType = '', name = '', installed = ''] =
    /^An? (\w+) vulnerability in (\S{1,50}) package: (.{1,300}?), version (.{0,300}?) was found /.exec(
      readText(result, 'message', 'text'),
    ) ?? [];
  if (name === '') return {};
  const help = readText(rule, 'help', 'text', LONGEST_HELP);
  const [, id] = /^Vulnerability (\S{1,200})$/m.exec(help) ?? [];
  const [, fixedIn = ''] = /^Fix Version: (.{1,300})$/m.exec(help) ?? [];
  const [, url = ''] = /^Link: \[[^\]\n]{1,200}\]\((\S{1,1000})\)$/m.exec(help) ?? [];
  return {
    ...(id === undefined ? {} : { id }),
    // "low" is also its word for negligible and for unknown, of which the number says 0.
    ...(severity === 'low' && readScore(rule) === 0 ? { severity: 'unknown' as const } : toSeverity(severity)),
    package: name,
    installed,
    packageType,
    fixedIn,
    url,
    // Its short description only repeats id, severity and package.
    title: firstSentence(readText(rule, 'fullDescription', 'text', LONGEST_HELP)),
  };
}

/** Lines of `Name: value`; of a rule that several packages share, only the result knows which package it means. */
function readTrivyFacts(result: JsonRecord): Facts {
  const message = readText(result, 'message', 'text');
  if (!/^(?:Package|Artifact): /.test(message)) return {};
  const line = (name: string): string => new RegExp(`^ ?${name}: (.{1,1000})$`, 'm').exec(message)?.[1]?.trim() ?? '';
  // Not the first alone: a name with a line break in it must not be able to lower it.
  const severities = [...message.matchAll(/^Severity: (\w{1,20})$/gm)].map(
    ([, word = '']) => toSeverity(word).severity,
  );
  const [worst] = severities.filter((severity) => severity !== undefined).sort(compareWorstFirst);
  const [, url = ''] = /^Link: \[[^\]\n]{1,300}\]\((\S{1,1000})\)$/m.exec(message) ?? [];
  return {
    ...(worst === undefined ? {} : { severity: worst }),
    package: line('Package') || line('PkgName'),
    installed: line('Installed Version'),
    fixedIn: line('Fixed Version'),
    url,
  };
}

function toSeverity(word: string): { severity?: FoundSeverity } {
  const severity = parseSeverity(word);
  if (severity !== null) return { severity };
  return /^(?:unknown|negligible|none)$/i.test(word) ? { severity: 'unknown' } : {};
}

/** For words that are no scanner's of these: a severity among the tags, the number that GitHub goes by, the level. */
function readGeneralSeverity(result: JsonRecord, rule: JsonRecord): FoundSeverity {
  const [tagged] = readTags(rule)
    .map(parseSeverity)
    .filter((severity) => severity !== null)
    .sort(compareWorstFirst);
  if (tagged !== undefined) return tagged;
  const score = readScore(result) ?? readScore(rule);
  if (score !== null) return rateScore(score);
  switch (readText(result, 'level') || readText(rule, 'defaultConfiguration', 'level')) {
    case 'error':
      return 'high';
    case 'warning':
      return 'medium';
    case 'note':
      return 'low';
    default:
      return 'unknown';
  }
}

/** https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning#reportingdescriptor-object */
function readScore(holder: JsonRecord): number | null {
  const value = member(holder, 'properties', 'security-severity');
  const score = typeof value === 'number' ? value : typeof value === 'string' && value !== '' ? Number(value) : NaN;
  return Number.isFinite(score) ? score : null;
}

function rateScore(score: number): FoundSeverity {
  if (score >= 9) return 'critical';
  if (score >= 7) return 'high';
  if (score >= 4) return 'medium';
  return score > 0 ? 'low' : 'unknown';
}

/** Accepted in the tool, unless that is still being looked at (section 3.35). */
function isSuppressed(result: JsonRecord): boolean {
  const suppressions = listRecords(result.suppressions);
  return suppressions.length > 0 && suppressions.every(({ status }) => status === undefined || status === 'accepted');
}

function readLocation(result: JsonRecord): FindingLocation | null {
  const physical = member(firstRecord(result.locations), 'physicalLocation');
  if (!isRecord(physical)) return null;
  const file = clip(readText(physical, 'artifactLocation', 'uri'));
  if (file === '') return null;
  const line = member(physical, 'region', 'startLine');
  // All three write 1 where they know no line: the format, or GitHub, wants one.
  return { file, line: typeof line === 'number' && Number.isSafeInteger(line) && line > 1 ? line : null };
}

/** The same finding in two places, or from two rules: what either of them knows, and the worse severity. */
function mergeFindings(one: Finding, other: Finding): Finding {
  return {
    ...one,
    severity: rankSeverity(other.severity) > rankSeverity(one.severity) ? other.severity : one.severity,
    fixedIn: one.fixedIn ?? other.fixedIn,
    url: one.url ?? other.url,
    location:
      one.location?.line === undefined || one.location.line === null ? (other.location ?? one.location) : one.location,
  };
}

/** Worst first; what can be mended before what cannot; then by name, so that two runs tell it in the same order. */
function compareFindings(one: Finding, other: Finding): number {
  return (
    compareWorstFirst(one.severity, other.severity) ||
    Number(one.fixedIn === null) - Number(other.fixedIn === null) ||
    compareText(one.package ?? '', other.package ?? '') ||
    compareText(one.id, other.id)
  );
}

function compareWorstFirst(one: FoundSeverity, other: FoundSeverity): number {
  return rankSeverity(other) - rankSeverity(one);
}

/** The same on every machine, whatever its language. */
function compareText(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

const LONGEST_TEXT = 300;
const LONGEST_TITLE = 200;
const LONGEST_MESSAGE = 5000;
/** snyk's help is a page of Markdown, with the version that mends it near its end. */
const LONGEST_HELP = 100_000;

function member(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const key of path) {
    if (!isRecord(found)) return undefined;
    found = found[key];
  }
  return found;
}

/** A text member, cut to what is ever looked at; empty when it is none. The last argument may be that length. */
function readText(value: unknown, ...path: readonly (string | number)[]): string {
  const keys = path.filter((key) => typeof key === 'string');
  const longest = path.find((key) => typeof key === 'number') ?? LONGEST_MESSAGE;
  const text = member(value, ...keys);
  return typeof text === 'string' ? text.slice(0, longest) : '';
}

function listRecords(value: unknown): JsonRecord[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function firstRecord(value: unknown): JsonRecord {
  const first: unknown = Array.isArray(value) ? value[0] : undefined;
  return isRecord(first) ? first : {};
}

function readTags(rule: JsonRecord): string[] {
  const tags = member(rule, 'properties', 'tags');
  return Array.isArray(tags) ? tags.slice(0, 100).filter((tag) => typeof tag === 'string') : [];
}

function optional(text: string | undefined): string | null {
  return text === undefined || text.trim() === '' ? null : clip(text);
}

/** One line of at most so many characters. */
function clip(text: string, longest = LONGEST_TEXT): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;
}

function firstSentence(text: string): string {
  const end = text.search(/[.!?]\s|[\r\n]/);
  return end === -1 ? text : text.slice(0, end + 1).trim();
}

function splitAtLast(text: string, separator: string): [string, string] | null {
  const at = text.lastIndexOf(separator);
  return at <= 0 ? null : [text.slice(0, at), text.slice(at + 1)];
}

function safeUrl(text: string | undefined): string | null {
  return text !== undefined && text.length <= 1000 && /^https:\/\/[\w.-]+\/[\w./:%?&=+~,;#@-]*$/.test(text)
    ? text
    : null;
}
