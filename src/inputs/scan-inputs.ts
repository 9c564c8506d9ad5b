// The inputs of the scan -> its settings. Pure.
import { InputError } from '../shared/errors.js';
import { quote } from '../shared/text.js';
import { parseList } from './syntax.js';

export const SCANNERS = ['snyk', 'grype', 'trivy'] as const;

export type Scanner = (typeof SCANNERS)[number];

export interface ScanSettings {
  readonly scanner: Scanner;
  /** Findings at this severity or worse count. */
  readonly threshold: Severity;
  /** For snyk only; null: the machine may be logged in already. */
  readonly token: string | null;
  /** Each `--name` or `--name=value`. */
  readonly args: readonly string[];
  /** Whether only findings that have a fix count. */
  readonly onlyFixed: boolean;
  /** Whether findings that count fail the run; a scan that could not be done always does. */
  readonly fail: boolean;
  readonly uploadSarif: boolean;
}

/** Inputs that are true or false. */
type ScanSwitches = Pick<ScanSettings, 'onlyFixed' | 'fail' | 'uploadSarif'>;

type ScanInputName = 'scan' | 'scan-severity' | 'scan-token' | 'scan-args';

/**
 * @param read the text of an input as it was given, untrimmed; empty when it was not
 * @param switches `scan-only-fixed`, `scan-fail` and `upload-sarif`
 * @returns null when nothing is to be scanned
 * @throws InputError that names the input and what to change
 */
export function parseScan(
  read: (input: ScanInputName) => string,
  { onlyFixed, fail, uploadSarif }: ScanSwitches,
): ScanSettings | null {
  const scanner = parseScanner(read('scan').trim());
  if (scanner === null) {
    if (uploadSarif)
      throw new InputError(`upload-sarif is true, but nothing is scanned. Set scan to ${listScanners()}.`);
    return null;
  }
  const token = read('scan-token').trim();
  return {
    scanner,
    threshold: parseThreshold(read('scan-severity').trim()),
    token: token === '' ? null : token,
    args: parseScanArguments(scanner, read('scan-args'), onlyFixed),
    onlyFixed,
    fail,
    uploadSarif,
  };
}

function parseScanner(text: string): Scanner | null {
  if (text === '') return null;
  const scanner = SCANNERS.find((name) => name === text.toLowerCase());
  if (scanner === undefined) throw new InputError(`scan is ${quote(text)}. Use ${listScanners()}, or leave it empty.`);
  return scanner;
}

function listScanners(): string {
  return `${SCANNERS.slice(0, -1).join(', ')} or ${SCANNERS.at(-1) ?? ''}`;
}

function parseThreshold(text: string): Severity {
  const severity = parseSeverity(text);
  if (severity === null) throw new InputError(`scan-severity is ${quote(text)}. Use ${SEVERITIES.join(', ')}.`);
  return severity;
}

const SET_HERE = 'this action sets it itself';
const NO_LOGIN = 'the image is in the local engine, so no login is needed, and secrets are seen on a command line';
const NO_SCAN = 'it scans nothing';
const THRESHOLD = 'use the input scan-severity';
const VERDICT = 'what was found decides, with the inputs scan-severity, scan-only-fixed and scan-fail';

/**
 * Options that are refused, with the reason: they change what the scanner writes, scans or reports as a failure. A name
 * covers longer ones too: `sarif` covers `--sarif-file-output`.
 * https://docs.snyk.io/developer-tools/snyk-cli/commands/container-test
 * https://github.com/anchore/grype#readme and `grype --help`
 * https://trivy.dev/latest/docs/references/configuration/cli/trivy_image/
 */
const REFUSED: Readonly<Record<Scanner, Readonly<Record<string, string>>>> = {
  snyk: {
    sarif: SET_HERE,
    json: SET_HERE,
    file: SET_HERE,
    'severity-threshold': THRESHOLD,
    'fail-on': VERDICT,
    username: NO_LOGIN,
    password: NO_LOGIN,
    help: NO_SCAN,
    version: NO_SCAN,
  },
  grype: {
    output: SET_HERE,
    file: SET_HERE,
    template: SET_HERE,
    from: SET_HERE,
    'fail-on': VERDICT,
    help: NO_SCAN,
    version: NO_SCAN,
  },
  trivy: {
    format: SET_HERE,
    output: SET_HERE,
    template: SET_HERE,
    report: SET_HERE,
    compliance: SET_HERE,
    input: SET_HERE,
    'image-src': SET_HERE,
    'docker-host': SET_HERE,
    severity: THRESHOLD,
    'exit-code': VERDICT,
    'exit-on-eol': VERDICT,
    username: NO_LOGIN,
    password: NO_LOGIN,
    'registry-token': NO_LOGIN,
    'download-db-only': NO_SCAN,
    'download-java-db-only': NO_SCAN,
    'generate-default-config': NO_SCAN,
    help: NO_SCAN,
    version: NO_SCAN,
  },
};

/**
 * Options by which no finding that has a fix is reported, or that ask for those without one: the opposite of the input
 * scan-only-fixed. Each is tested against what stands behind `=`; null where nothing does.
 */
const AGAINST_ONLY_FIXED: Readonly<Record<Scanner, Readonly<Record<string, (value: string | null) => boolean>>>> = {
  // `--fail-on` is refused in any case.
  snyk: {},
  grype: { 'only-fixed': isFalse, 'only-notfixed': (value) => !isFalse(value), 'ignore-states': hasFixed },
  trivy: { 'ignore-unfixed': isFalse, 'ignore-status': hasFixed },
};

function isFalse(value: string | null): boolean {
  return /^(?:false|f|0)$/i.test(value ?? '');
}

function hasFixed(value: string | null): boolean {
  return (value ?? '').split(',').some((state) => state.trim() === 'fixed');
}

/**
 * One option a line, its value after `=`, never split at spaces: so no line can become the image, a subcommand, or the
 * value of the option before it. Short options are refused because one can contain several (`-qoFILE`).
 * @throws InputError that names the position, and never repeats a value
 */
export function parseScanArguments(scanner: Scanner, text: string, onlyFixed: boolean): string[] {
  const args = parseList('scan-args', text, { separator: 'line' });
  for (const [index, argument] of args.entries()) {
    const [, name, value = null] = /^--([a-z][a-z0-9-]*)(?:=(.*)|$)/s.exec(argument) ?? [];
    if (name === undefined) {
      throw new InputError(
        `scan-args: item ${index + 1} is not of the form --NAME or --NAME=VALUE. Write one option a line, its value behind "=".`,
      );
    }
    const refused = Object.entries(REFUSED[scanner]).find(
      ([option]) => name === option || name.startsWith(`${option}-`),
    );
    if (refused !== undefined) {
      throw new InputError(`scan-args: remove --${name} (item ${index + 1}): ${refused[1]}.`);
    }
    if (onlyFixed && AGAINST_ONLY_FIXED[scanner][name]?.(value) === true) {
      throw new InputError(
        `scan-args: --${name} (item ${index + 1}) contradicts scan-only-fixed: true, by which only findings that have a fix count. Remove one of the two.`,
      );
    }
  }
  return args;
}

/** From least to worst. */
export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;

export type Severity = (typeof SEVERITIES)[number];

/** @param text any spelling; null for words that are no severity */
export function parseSeverity(text: string): Severity | null {
  const word = text.toLowerCase();
  return SEVERITIES.find((severity) => severity === word) ?? null;
}
