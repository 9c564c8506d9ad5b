// The findings of a scan as text: Markdown for the job summary, lines for the log, and the error message of a failed check.
import type { Scanner } from '../../inputs/scan-inputs.js';
import { escapeMarkdown, shorten } from '../../shared/markdown.js';
import type { Finding, SortedFindings, Verdict } from './reports/finding.js';

export interface ScanReport extends Verdict, SortedFindings {
  readonly scanner: Scanner;
  /** All that the scanner reported, worst first. */
  readonly findings: readonly Finding[];
  /** Path as reports have it; findings are fixed there. Null when the Dockerfile is not on this machine. */
  readonly dockerfile: string | null;
}

/** A longer table is not read, and a step may write at most 1 MiB of summary. */
const MOST_ROWS = 50;
const MOST_LINES = 20;
/** A cell that is longer makes the table as wide as the page. */
const LONGEST_CELL = 120;
const MOST_HINTS = 5;

/** One part of the job summary. */
export function toScanSummary(report: ScanReport): string[] {
  const { scanner, failing } = report;
  const lines = [`### Scan by ${scanner}`, ''];
  if (failing.length === 0) return [...lines, `Nothing ${describeBar(report)}${describeRest(report)}.`, ''];
  lines.push(`**${countFindings(failing)} ${describeBar(report)}**${describeRest(report)}.`, '');
  lines.push('| Package | Installed | Fixed in | Severity | Finding |', '| --- | --- | --- | --- | --- |');
  lines.push(...failing.slice(0, MOST_ROWS).map(toRow), '');
  if (failing.length > MOST_ROWS) lines.push(`and ${failing.length - MOST_ROWS} more`, '');
  const places = listPlaces(report);
  if (places.length > 0) lines.push(`To change: ${places.map((place) => `\`${place}\``).join(', ')}`, '');
  lines.push(...toHint(failing));
  return lines;
}

/** `at or above high`, `at or above high with a fix` */
function describeBar({ threshold, onlyFixed }: Verdict): string {
  return `at or above ${threshold}${onlyFixed ? ' with a fix' : ''}`;
}

/** `; 2 without a fix do not count (1 critical, 1 high); 3 more below high (2 medium, 1 unknown)` */
function describeRest(report: ScanReport): string {
  const { findings, failing, unfixed, threshold, onlyFixed } = report;
  const known = new Set([...failing, ...unfixed]);
  const below = findings.filter((finding) => !known.has(finding));
  const left = describeUnfixed(report);
  return [
    left === null ? '' : `; ${left}`,
    below.length === 0
      ? ''
      : `; ${below.length} more below ${onlyFixed ? threshold : 'it'} (${countSeverities(below)})`,
  ].join('');
}

/** `2 without a fix do not count (1 critical, 1 high)`; null where none was left out. */
function describeUnfixed({ unfixed }: SortedFindings): string | null {
  if (unfixed.length === 0) return null;
  return `${unfixed.length} without a fix ${unfixed.length === 1 ? 'does' : 'do'} not count (${countSeverities(unfixed)})`;
}

function countSeverities(findings: readonly Finding[]): string {
  const counts = new Map<string, number>();
  for (const { severity } of findings) counts.set(severity, (counts.get(severity) ?? 0) + 1);
  return [...counts].map(([severity, count]) => `${count} ${severity}`).join(', ');
}

function toRow({ id, severity, package: name, installed, fixedIn, title, url, location }: Finding): string {
  const cells = [
    toCell(name ?? location?.file ?? ''),
    toCell(installed ?? ''),
    toCell(fixedIn ?? ''),
    severity,
    // `<…>` ends at a blank or bracket; `isSafeUrl` allows neither.
    `${url === null ? toCell(id) : `[${toCell(id)}](<${url}>)`}${title === '' ? '' : ` ${toCell(title)}`}`,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Untrusted text, cut to what a table cell has room for. */
function toCell(text: string): string {
  const short = text.length <= LONGEST_CELL ? text : `${text.slice(0, LONGEST_CELL - 1)}…`;
  return escapeMarkdown(short);
}

/** `Dockerfile:7`, of findings whose line the scanner knows. */
function listPlaces({ failing, dockerfile }: ScanReport): string[] {
  const places = failing.flatMap(({ location }) =>
    typeof location?.line === 'number' && isFile(location.file, dockerfile)
      ? [`${location.file}:${location.line}`]
      : [],
  );
  // Other characters, such as a backtick, could end the code span around the place.
  return [...new Set(places)].filter((place) => /^[\w./: -]+$/.test(place)).slice(0, MOST_HINTS);
}

function isFile(file: string, dockerfile: string | null): boolean {
  return dockerfile !== null && file.replace(/^\.\//, '') === dockerfile.replace(/^\.\//, '');
}

/** How to fix a system package: a command with the versions that the scanner named. */
function toHint(failing: readonly Finding[]): string[] {
  const commands = [
    ...listPins(failing, 'apk', 'apk add --no-cache '),
    ...listPins(failing, 'deb', 'apt-get install --yes --no-install-recommends '),
  ];
  if (commands.length > 0) {
    const examples = commands.map((command) => `\`${command}\``).join(' or ');
    return [
      `Hint: pin the patched version in the Dockerfile, e.g. ${examples}, and take it out again with the next base image.`,
      '',
    ];
  }
  const known = failing.find((finding) => finding.fixedIn !== null && finding.package !== null);
  if (known === undefined) return [];
  return [
    `Hint: ${toCell(known.package ?? '')} is fixed in ${toCell(known.fixedIn ?? '')}; take that version or a newer one.`,
    '',
  ];
}

/** One command that pins a few packages; leaves out names and versions that the package manager cannot have. */
function listPins(failing: readonly Finding[], manager: 'apk' | 'deb', command: string): string[] {
  const pins = failing.flatMap(({ package: name, fixedIn, packageType }) => {
    if (name === null || fixedIn === null || packageType !== manager) return [];
    return /^[a-z0-9][a-z0-9+._-]*$/i.test(name) && VERSION.test(fixedIn) ? [`${name}=${fixedIn}`] : [];
  });
  const few = [...new Map(pins.map((pin) => [pin.slice(0, pin.indexOf('=')), pin])).values()].slice(0, MOST_HINTS);
  return few.length === 0 ? [] : [`${command}${few.join(' ')}`];
}

const VERSION = /^[0-9][A-Za-z0-9.+:~_-]*$/;

/** For the log, which has no tables. */
export function toScanLines(report: ScanReport): string[] {
  const { scanner, failing } = report;
  const shown = failing.slice(0, MOST_LINES).map(({ id, severity, package: name, installed, fixedIn, location }) => {
    const what = [name ?? location?.file ?? '', installed ?? ''].filter((text) => text !== '').join(' ');
    return `${severity.padEnd(8)} ${what}: ${id}${fixedIn === null ? '' : `, fixed in ${fixedIn}`}`;
  });
  const more = failing.length > MOST_LINES ? [`and ${failing.length - MOST_LINES} more, in the job summary`] : [];
  const left = describeUnfixed(report);
  return [
    ...(failing.length === 0 ? [`${scanner}: nothing ${describeBar(report)}`] : [...shown, ...more]),
    ...(left === null ? [] : [`${scanner}: ${left}`]),
  ];
}

/** `snyk found 3 findings at or above high: CVE-2024-0001 in libssl3 3.3.2-r0 (critical; fixed in 3.3.2-r1), … and 2 more` */
export function describeFindings(report: ScanReport): string {
  const { scanner, failing } = report;
  const named = failing.slice(0, 3).map(({ id, package: name, installed, severity, fixedIn, location }) => {
    const place = [name ?? location?.file ?? 'the image', installed ?? ''].filter((text) => text !== '').join(' ');
    return `${id} in ${place} (${severity}${fixedIn === null ? '' : `; fixed in ${fixedIn}`})`;
  });
  const more = failing.length > named.length ? ` and ${failing.length - named.length} more` : '';
  return shorten(`${scanner} found ${countFindings(failing)} ${describeBar(report)}: ${named.join(', ')}${more}`);
}

function countFindings({ length }: readonly Finding[]): string {
  return `${length} finding${length === 1 ? '' : 's'}`;
}
