// How each scanner is called for an image of the local engine, what it may see, and what its exit code means. Pure.
// snyk:  https://docs.snyk.io/developer-tools/snyk-cli/commands/container-test
// grype: `grype --help`, and for exit codes https://github.com/anchore/grype/blob/main/cmd/grype/cli/cli.go
// trivy: https://trivy.dev/latest/docs/references/configuration/cli/trivy_image/
import { SEVERITIES, type Scanner, type Severity } from '../../inputs/scan-inputs.js';
import { csvFields } from '../../inputs/syntax.js';
import { withoutTerminalCodes } from '../../shared/text.js';
import type { Env } from '../../shared/types.js';
import { rankSeverity } from './reports/severity.js';

export interface ScanRequest {
  readonly scanner: Scanner;
  /** NAME:TAG, which the local engine has. */
  readonly image: string;
  readonly threshold: Severity;
  readonly args: readonly string[];
  /** For the scanner's own JSON, which has the verdict. Absolute; must not exist, or an old one could pass for this scan's. */
  readonly reportFile: string;
  /** For SARIF 2.1.0, which code scanning takes; the same. */
  readonly sarifFile: string;
  /** As paths in the SARIF shall be: relative to the workspace. Null when it is not on this machine. */
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

/** With the scanner of the machine. Its working directory must be the workspace: ignore files and the Dockerfile. */
export function toScanCommand(request: ScanRequest): ScannerCommand {
  return { command: request.scanner, args: toArguments(request) };
}

/**
 * What makes SARIF of the report; null for a scanner whose scan has written both. Without the options of the team, which
 * have done their work; severity and exit code are named because a trivy.yaml may set them.
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
      // It has no filter by severity: the files hold everything.
      return [`docker:${image}`, `--output=json=${reportFile}`, `--output=sarif=${sarifFile}`, ...args];
    case 'trivy':
      return [
        'image',
        // Without it trivy asks other engines and then the registry.
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

/** Of trivy. */
function toSeverityOption(threshold: Severity): string {
  const counting = SEVERITIES.filter((severity) => rankSeverity(severity) >= rankSeverity(threshold));
  return `--severity=${[...(threshold === 'low' ? ['unknown'] : []), ...counting].join(',').toUpperCase()}`;
}

/**
 * The official images, for machines without the tool. Of snyk there are no tags with a version, only ones that move
 * (https://github.com/snyk/snyk-images): who wants a fixed one installs the CLI in the job.
 */
export const SCANNER_IMAGES: Readonly<Record<Scanner, string>> = {
  snyk: 'snyk/snyk:docker',
  grype: 'anchore/grype:v0.119.0@sha256:8c2c9234a345577a6d321a4753aa3ee1276d8975c8452d2344a56b57733ecad3',
  trivy: 'aquasec/trivy:0.74.0@sha256:62b1e65e8869bc4b4c6aa4fa2b21595256c7c2f6018a9d9ad61caf87187c1969',
};

/** Programs of those images. snyk's own entry point would have a shell evaluate its arguments, and run pip and mvn. */
const ENTRY_POINTS: Readonly<Record<Scanner, string>> = { snyk: 'snyk', grype: '/grype', trivy: 'trivy' };

export interface ContainerPlace {
  /** Of the engine that has the image: `findSocket`. */
  readonly socket: string;
  /** Absolute; the only place that the scanner can write to. */
  readonly outputFolder: string;
  /** Absolute; read-only there, under the same path. */
  readonly workspace: string;
  /** What `scannerEnvironment` gave: only names go into the arguments. */
  readonly env: Env;
  /** Of the container, so that one that outlives its client can be removed. */
  readonly name: string;
}

/** With the scanner's official image, for when the machine has no such tool. */
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
      // The names alone: their values come from the environment, and are on no command line.
      ...names.sort().map((variable) => `--env=${variable}`),
      `--entrypoint=${ENTRY_POINTS[scanner]}`,
      SCANNER_IMAGES[scanner],
      ...args,
    ],
  };
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

/** What every scanner may see: enough to start, to reach the engine, and to load its database through a proxy. */
const COMMON_VARIABLES =
  /^(?:PATH|HOME|USER|CI|LANG|LC_[A-Z]+|TZ|TMPDIR|TEMP|TMP|XDG_[A-Z_]+|NO_COLOR|SSL_CERT_(?:FILE|DIR)|NODE_EXTRA_CA_CERTS|DOCKER_(?:HOST|CONTEXT|CERT_PATH|TLS_VERIFY|API_VERSION))$/;
const PROXY_VARIABLES = /^(?:HTTPS?|ALL|NO|FTP)_PROXY$/i;

/** A scanner's own settings that are registry logins, or would let it scan, write or judge something else. */
const REFUSED_VARIABLES: Readonly<Record<Scanner, RegExp>> = {
  snyk: /^SNYK_(?:REGISTRY|CONTAINER)_(?:USERNAME|PASSWORD)$/,
  grype: /^GRYPE_(?:REGISTRY_.*|FAIL_ON_SEVERITY|OUTPUT.*|FILE|FROM)$/,
  trivy:
    /^TRIVY_(?:USERNAME|PASSWORD|REGISTRY_TOKEN|AUTH_URL|INPUT|OUTPUT.*|FORMAT|TEMPLATE|REPORT|COMPLIANCE|EXIT_.*|RUN_AS_PLUGIN)$/,
};

/** Settings that the workflow may overrule. */
const DEFAULT_VARIABLES: Readonly<Record<Scanner, Readonly<Record<string, string>>>> = {
  snyk: {},
  // A database that could not be brought up to date fails the scan, instead of being used as it is.
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
 * The environment of a scanner: a short list of names, and nothing else that the job has (tokens of GitHub and of clouds,
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

/** `done`: the report decides. `saysFindings`: what the exit code says of it; null when it says nothing. */
export type ScanJudgement =
  | { readonly kind: 'done'; readonly saysFindings: boolean | null }
  | { readonly kind: 'failed'; readonly message: string };

/**
 * Whether a scan was done at all. A scanner that could not reach its service or load its database has found nothing
 * either, and must not pass for a clean image.
 * @param output what it printed: its last words become the reason
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

/** The codes that say more than the output does. */
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

/** The last line with words in it, without colours, and without the dots that would end it twice. */
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
