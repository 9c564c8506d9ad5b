// How each scanner is called for an image of the local engine, what it may see, and what its exit code means. Pure.
// snyk:  https://docs.snyk.io/developer-tools/snyk-cli/commands/container-test
// grype: `grype --help`, and for exit codes https://github.com/anchore/grype/blob/main/cmd/grype/cli/cli.go
// trivy: https://trivy.dev/latest/docs/references/configuration/cli/trivy_image/
import { SEVERITIES, type Scanner, type Severity } from '../../inputs/scan-inputs.js';
import { csvFields } from '../../inputs/syntax.js';
import { withoutTerminalCodes } from '../../shared/text.js';
import type { Env } from '../../shared/types.js';
import { rankSeverity } from './reports/severity.js';
import { SCANNER_IMAGES } from './scanner-images.js';

export interface ScanRequest {
  readonly scanner: Scanner;
  /** NAME:TAG, which the local engine has. */
  readonly image: string;
  readonly threshold: Severity;
  readonly args: readonly string[];
  /** Where the scanner writes its own JSON, which decides. Absolute; must not exist yet: an old report could be taken for this one. */
  readonly reportFile: string;
  /** Where SARIF 2.1.0 for code scanning is written. Absolute; must not exist yet. */
  readonly sarifFile: string;
  /** Path relative to the workspace, as the SARIF has it. Null when the Dockerfile is not on this machine. */
  readonly dockerfile: string | null;
}

export interface ScannerCommand {
  readonly command: Scanner;
  readonly args: readonly string[];
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/** Calls the scanner that is on PATH. Its working directory must be the workspace, which has ignore files and Dockerfile. */
export function toScanCommand(request: ScanRequest): ScannerCommand {
  return { command: request.scanner, args: toArguments(request) };
}

/**
 * Converts the report to SARIF; null for scanners that write both in one run. The team's options are left out: they
 * chose what the report has. Severity and exit code are given because a trivy.yaml may set others.
 */
export function toConvertCommand({ scanner, threshold, reportFile, sarifFile }: ScanRequest): ScannerCommand | null {
  if (scanner !== 'trivy') return null;
  const options = ['--format=sarif', `--output=${sarifFile}`, toSeverityOption(threshold), '--exit-code=0'];
  return { command: scanner, args: ['convert', ...options, reportFile] };
}

function toArguments({ scanner, image, threshold, args, reportFile, sarifFile, dockerfile }: ScanRequest): string[] {
  switch (scanner) {
    case 'snyk':
      return [
        'container',
        'test',
        image,
        `--json-file-output=${reportFile}`,
        `--sarif-file-output=${sarifFile}`,
        `--severity-threshold=${threshold}`,
        // Advice on the base image, and the Dockerfile as the place of each finding.
        ...(dockerfile === null ? [] : [`--file=${dockerfile}`]),
        ...args,
      ];
    case 'grype':
      // grype cannot filter by severity: its reports have all findings.
      return [`docker:${image}`, `--output=json=${reportFile}`, `--output=sarif=${sarifFile}`, ...args];
    case 'trivy':
      return [
        'image',
        // Without this option trivy asks other engines and then the registry.
        '--image-src=docker',
        '--format=json',
        `--output=${reportFile}`,
        toSeverityOption(threshold),
        '--exit-code=0',
        ...args,
        image,
      ];
  }
}

/** The option of trivy for the threshold and all worse severities. */
function toSeverityOption(threshold: Severity): string {
  const counting = SEVERITIES.filter((severity) => rankSeverity(severity) >= rankSeverity(threshold));
  return `--severity=${[...(threshold === 'low' ? ['unknown'] : []), ...counting].join(',').toUpperCase()}`;
}

/** Programs of the official images. snyk's own entry point would have a shell evaluate its arguments, and run pip and mvn. */
const ENTRY_POINTS: Readonly<Record<Scanner, string>> = { snyk: 'snyk', grype: '/grype', trivy: 'trivy' };

export interface ContainerPlace {
  /** Socket of the engine that has the image, from `findSocket`. */
  readonly socket: string;
  /** Absolute; the only place that the scanner can write to. */
  readonly outputFolder: string;
  /** Absolute; mounted read-only under the same path. */
  readonly workspace: string;
  /** From `scannerEnvironment`. Only the names go into the arguments, the values are inherited. */
  readonly env: Env;
  /** Name of the container, so that it can be removed when it outlives its client. */
  readonly name: string;
}

/** Calls the scanner in its official image, for machines without the tool. */
export function toContainerCommand({ command: scanner, args }: ScannerCommand, place: ContainerPlace): Command {
  const { socket, outputFolder, workspace, env, name } = place;
  const mount = (source: string, target: string, ...options: readonly string[]): string =>
    `--mount=${csvFields('type=bind', `source=${source}`, `target=${target}`, ...options)}`;
  const names = Object.keys(env).filter((variable) => isProxy(variable) || isOwn(scanner, variable));
  return {
    command: 'docker',
    args: [
      'run',
      '--rm',
      `--name=${name}`,
      // A scanner that is process 1 would not hear that the run is cancelled.
      '--init',
      mount(socket, DEFAULT_SOCKET),
      mount(outputFolder, outputFolder),
      mount(workspace, workspace, 'readonly'),
      `--workdir=${workspace}`,
      // Names without values: values on a command line could be read by other processes.
      ...names.sort().map((variable) => `--env=${variable}`),
      `--entrypoint=${ENTRY_POINTS[scanner]}`,
      SCANNER_IMAGES[scanner],
      ...args,
    ],
  };
}

/**
 * A warning where the scanner's image is named by a tag alone, which may be moved to anything; null where it has a digest.
 * script/check-release refuses such an image, so that no released version has one.
 */
export function warnOfMovingImage(scanner: Scanner, image: string = SCANNER_IMAGES[scanner]): string | null {
  if (image.includes('@')) return null;
  return (
    `${scanner} is not on PATH and runs in the image ${image}, by its tag and not by a digest: the tag can be moved to anything, ` +
    `which then gets the engine's socket. Install a fixed version of ${scanner} in a step before this one.`
  );
}

const DEFAULT_SOCKET = '/var/run/docker.sock';

/**
 * The socket to mount for an engine.
 * @param dockerHost DOCKER_HOST, or the endpoint of the Docker context
 * @returns null for an engine on another machine: its image can be scanned only by a tool on PATH
 */
export function findSocket(dockerHost: string | undefined): string | null {
  if (dockerHost === undefined || dockerHost === '') return DEFAULT_SOCKET;
  const [, path = null] = /^unix:\/\/(\/.+)$/.exec(dockerHost) ?? [];
  return path;
}

/** Variables for every scanner: enough to start, to reach the engine, and to load its database through a proxy. */
const COMMON_VARIABLES =
  /^(?:PATH|HOME|USER|CI|LANG|LC_[A-Z]+|TZ|TMPDIR|TEMP|TMP|XDG_[A-Z_]+|NO_COLOR|SSL_CERT_(?:FILE|DIR)|NODE_EXTRA_CA_CERTS|DOCKER_(?:HOST|CONTEXT|CERT_PATH|TLS_VERIFY|API_VERSION))$/;
const PROXY_VARIABLES = /^(?:HTTPS?|ALL|NO|FTP)_PROXY$/i;

/** Settings of a scanner that are withheld: registry logins, and those that change its input, output or verdict. */
const REFUSED_VARIABLES: Readonly<Record<Scanner, RegExp>> = {
  snyk: /^SNYK_(?:REGISTRY|CONTAINER)_(?:USERNAME|PASSWORD)$/,
  grype: /^GRYPE_(?:REGISTRY_.*|FAIL_ON_SEVERITY|OUTPUT.*|FILE|FROM)$/,
  trivy:
    /^TRIVY_(?:USERNAME|PASSWORD|REGISTRY_TOKEN|AUTH_URL|INPUT|OUTPUT.*|FORMAT|TEMPLATE|REPORT|COMPLIANCE|EXIT_.*|RUN_AS_PLUGIN)$/,
};

/** Defaults; the workflow's environment overrides them. */
const DEFAULT_VARIABLES: Readonly<Record<Scanner, Readonly<Record<string, string>>>> = {
  snyk: {},
  // A database that cannot be updated fails the scan, instead of being used out of date.
  grype: { GRYPE_DB_REQUIRE_UPDATE_CHECK: 'true', GRYPE_CHECK_FOR_APP_UPDATE: 'false' },
  trivy: { TRIVY_NO_PROGRESS: 'true', TRIVY_SKIP_VERSION_CHECK: 'true', TRIVY_DISABLE_TELEMETRY: 'true' },
};

export interface EnvironmentRequest {
  readonly env: Env;
  readonly token: string | null;
  /** Folder of a Docker configuration without logins. */
  readonly dockerConfig: string;
}

/**
 * The environment of a scanner: an allow list. Everything else of the job's is withheld (tokens of GitHub and of clouds,
 * build secrets, registry logins).
 */
export function scannerEnvironment(
  scanner: Scanner,
  { env, token, dockerConfig }: EnvironmentRequest,
): Record<string, string> {
  const given = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && (COMMON_VARIABLES.test(entry[0]) || isProxy(entry[0]) || isOwn(scanner, entry[0])),
  );
  return {
    ...DEFAULT_VARIABLES[scanner],
    ...Object.fromEntries(given),
    DOCKER_CONFIG: dockerConfig,
    ...(scanner === 'snyk' && token !== null ? { SNYK_TOKEN: token } : {}),
  };
}

function isProxy(name: string): boolean {
  return PROXY_VARIABLES.test(name);
}

function isOwn(scanner: Scanner, name: string): boolean {
  return name.startsWith(`${scanner.toUpperCase()}_`) && !REFUSED_VARIABLES[scanner].test(name);
}

/** `done`: the report decides. `saysFindings`: whether the exit code says that there are findings; null when it does not tell. */
export type ScanJudgement =
  | { readonly kind: 'done'; readonly saysFindings: boolean | null }
  | { readonly kind: 'failed'; readonly message: string };

/**
 * Whether the scan was done at all: a scanner that could not reach its service or load its database finds nothing, and
 * that must not count as a clean image.
 * @param output what the scanner printed; the last line becomes the reason
 */
export function judgeScan(scanner: Scanner, exitCode: number, output: string): ScanJudgement {
  switch (scanner) {
    case 'snyk':
      if (exitCode === 0 || exitCode === 1) return { kind: 'done', saysFindings: exitCode === 1 };
      break;
    case 'grype':
      // 2 comes from a fail-on-severity in the team's own configuration file.
      if (exitCode === 0 || exitCode === 2) return { kind: 'done', saysFindings: exitCode === 2 ? true : null };
      break;
    case 'trivy':
      if (exitCode === 0) return { kind: 'done', saysFindings: null };
  }
  const reason = describeExit(scanner, exitCode) ?? lastWords(output);
  const advice = adviseOn(scanner, output);
  return {
    kind: 'failed',
    message:
      `The scan could not be done: ${scanner} ended with exit code ${exitCode}` +
      `${reason === '' ? '' : `: ${reason}`}.${advice === '' ? '' : ` ${advice}`}`,
  };
}

/** Exit codes that say more than the output does. */
function describeExit(scanner: Scanner, exitCode: number): string | null {
  if (scanner === 'snyk' && exitCode === 3) return 'it found nothing in the image that it can test';
  return null;
}

function adviseOn(scanner: Scanner, output: string): string {
  if (scanner === 'snyk' && /SNYK-0005|authenticat|unauthori[sz]ed|\b401\b|MissingApiToken/i.test(output))
    return 'Set the input scan-token to a token of Snyk.';
  if (/toomanyrequests|\b429\b|rate.?limit/i.test(output))
    return 'The service limits how often it may be asked: run the job again.';
  if (/database|vulnerability db|\bDB\b/.test(output) && scanner !== 'snyk')
    return 'Its vulnerability database could not be loaded: run the job again, or give it a mirror.';
  return '';
}

/** The last line that has a word, without colours and without a full stop, which the message adds. */
function lastWords(output: string): string {
  const lines = output
    .slice(-20_000)
    .split(/[\r\n]+/)
    .map((line) =>
      withoutTerminalCodes(line)
        .replace(/\p{Cc}/gu, ' ')
        .trim(),
    )
    .filter((line) => /[A-Za-z]{3}/.test(line));
  return (lines.at(-1) ?? '').slice(0, 500).replace(/[.\s]+$/, '');
}
