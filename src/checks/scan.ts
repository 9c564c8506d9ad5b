// Scans the image. The scanner's report decides what was found, its exit code whether the scan was done.
import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ANSWER_LIMIT } from '../adapters/docker/limits.js';
import { describeLeftovers } from '../adapters/process/leftovers.js';
import {
  CancelledError,
  CommandNotFoundError,
  type ProcessResult,
  type TimeLimit,
  TimeLimitError,
} from '../adapters/process/process.js';
import type { ScanSettings } from '../inputs/scan-inputs.js';
import { errorMessage } from '../shared/text.js';
import { CheckFailedError, type CheckRequest } from './check.js';
import { getCheckEnvironment } from './pure/environment.js';
import { describeFindings, toScanLines, toScanSummary } from './pure/findings.js';
import { ScanReportError, checkAgreement, sortFindings } from './pure/reports/finding.js';
import { parseScanReport } from './pure/reports/scan-report.js';
import {
  type Command,
  type ScanRequest,
  type ScannerCommand,
  findSocket,
  judgeScan,
  scannerEnvironment,
  toContainerCommand,
  toConvertCommand,
  toScanCommand,
  warnOfMovingImage,
} from './pure/scanner.js';
import { uploadToCodeScanning } from './upload-report.js';

export interface ScanOutcome {
  /** Markdown of what was found; none when there was no scan. */
  readonly summary: readonly string[];
  /** Null when no finding counts, or the input scan-fail is false. */
  readonly failure: CheckFailedError | null;
}

/** @throws CheckFailedError for a scan that could not be done */
export async function scanImage(
  request: CheckRequest,
  image: { readonly reference: string },
  settings: ScanSettings,
): Promise<ScanOutcome> {
  const { world, github, plan, dockerfile, caller, warn } = request;
  const { runner } = world;
  const { scanner, threshold, onlyFixed } = settings;
  const mayLackToken = caller.origin !== 'own' && !plan.push.push;
  if (scanner === 'snyk' && mayLackToken && settings.token === null && (runner.childEnv.SNYK_TOKEN ?? '') === '') {
    const who = caller.origin === 'fork' ? 'forks' : 'Dependabot';
    warn(`The image was not scanned: runs of ${who} get no secrets, and so no token for snyk. Nothing is published.`);
    return { summary: [], failure: null };
  }
  const folder = runner.getOutputFolder();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const scan: ScanRequest = {
    ...{ scanner, image: image.reference, threshold, args: settings.args, dockerfile: dockerfile?.path ?? null },
    ...{ reportFile: join(folder, `${scanner}.json`), sarifFile: join(folder, `${scanner}.sarif`) },
  };
  const { code, stdout, stderr, leftovers } = await runScanner(request, settings, folder, toScanCommand(scan));
  if (leftovers !== null) warn(describeLeftovers(scanner, leftovers));
  const judged = judgeScan(scanner, code, `${stdout}\n${stderr}`);
  if (judged.kind === 'failed') throw new CheckFailedError(judged.message);
  const text = await readFile(scan.reportFile, 'utf8').catch(() => {
    throw new CheckFailedError(`The scan could not be done: ${scanner} succeeded and wrote no report.`);
  });
  try {
    const findings = parseScanReport(scanner, text);
    const sorted = sortFindings(findings, settings);
    checkAgreement(judged.saysFindings, sorted, threshold);
    const report = { scanner, threshold, onlyFixed, findings, ...sorted, dockerfile: scan.dockerfile };
    for (const line of toScanLines(report)) runner.log.info(line);
    const summary = toScanSummary(report);
    const sarif = await readSarif(request, settings, scan, folder);
    if (sarif !== null) {
      runner.setOutput('sarif-file', scan.sarifFile);
      if (settings.uploadSarif) await uploadToCodeScanning({ world, github, plan, sarif, scanner, warn });
    }
    if (sorted.failing.length === 0) return { summary, failure: null };
    if (settings.fail)
      return { summary, failure: new CheckFailedError(`${describeFindings(report)} The image is not published.`) };
    warn(describeFindings(report));
    return { summary, failure: null };
  } catch (error) {
    if (error instanceof ScanReportError) throw new CheckFailedError(`The scan could not be done: ${error.message}`);
    throw error;
  }
}

/** @returns the report in SARIF; null, with a warning, when there is none: it is not needed for the verdict */
async function readSarif(
  request: CheckRequest,
  settings: ScanSettings,
  scan: ScanRequest,
  folder: string,
): Promise<string | null> {
  const convert = toConvertCommand(scan);
  try {
    const { code } = convert === null ? { code: 0 } : await runScanner(request, settings, folder, convert);
    if (code !== 0) throw new CheckFailedError(`${scan.scanner} convert ended with exit code ${code}`);
    return await readFile(scan.sarifFile, 'utf8');
  } catch (error) {
    if (error instanceof CancelledError) throw error;
    request.warn(`There is no report in SARIF, and the output sarif-file is empty: ${errorMessage(error)}.`);
    return null;
  }
}

/** Runs the scanner that is on PATH, or else its official image. */
async function runScanner(
  request: CheckRequest,
  settings: ScanSettings,
  folder: string,
  scannerCommand: ScannerCommand,
): Promise<ProcessResult> {
  const { world, engine, directory } = request;
  const { runner, run, signal } = world;
  const { scanner, token } = settings;
  // An empty Docker config has no logins, but no Docker contexts either: DOCKER_HOST names the engine instead.
  const dockerConfig = join(directory, 'scanner-docker-config');
  await mkdir(dockerConfig, { recursive: true, mode: 0o700 });
  const own = getCheckEnvironment(runner.childEnv, engine);
  const host = await findDockerHost(request);
  const given = scannerEnvironment(scanner, { env: own, token, dockerConfig });
  const env: Record<string, string> = { ...given, ...(host !== null && { DOCKER_HOST: host }) };
  if (host !== null) delete env.DOCKER_CONTEXT;
  const limit: TimeLimit = { milliseconds: runner.scanLimit, advice: '' };
  const start = ({ command, args }: Command): Promise<ProcessResult> =>
    runner.log.relay(
      (print) => run(command, args, { env, cwd: runner.workspace, signal, limit, sweep: true, onLine: print }),
      scannerCommand.args[0] === 'convert' ? `Report of ${scanner} as SARIF` : `Scan with ${scanner}`,
    );
  const containers: string[] = [];
  try {
    return await start(scannerCommand).catch((error: unknown) => {
      if (!(error instanceof CommandNotFoundError)) throw error;
      const socket = findSocket(host ?? undefined);
      if (socket === null) {
        throw new CheckFailedError(
          `The scan could not be done: ${scanner} is not on PATH, and the Docker Engine is on another machine. Install ${scanner} in a step before this one.`,
        );
      }
      const moving = warnOfMovingImage(scanner);
      if (moving !== null) request.warn(moving);
      const name = `two-pass-build-scan-${randomUUID()}`;
      containers.push(name);
      const place = { socket, outputFolder: folder, workspace: runner.workspace, env, name };
      return start(toContainerCommand(scannerCommand, place));
    });
  } catch (error) {
    // Stopping the docker client leaves its container running.
    const tidy = { env, signal: null, limit: ANSWER_LIMIT };
    for (const name of containers) await run('docker', ['rm', '--force', name], tidy).catch(() => null);
    if (error instanceof CommandNotFoundError) {
      throw new CheckFailedError(`The scan could not be done: neither ${scanner} nor docker is on PATH.`);
    }
    if (error instanceof TimeLimitError) {
      throw new CheckFailedError(
        `The scan could not be done: ${scanner} did not end within ${runner.scanLimit / 1000} s (TWO_PASS_BUILD_SCAN_SECONDS).`,
      );
    }
    throw error;
  }
}

/** DOCKER_HOST of the engine that has the image; null when the docker client's default is that engine. */
async function findDockerHost({ world, engine }: CheckRequest): Promise<string | null> {
  const { runner, run, signal } = world;
  const env = getCheckEnvironment(runner.childEnv, engine);
  if ((env.DOCKER_HOST ?? '') !== '') return env.DOCKER_HOST ?? null;
  const args = ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'];
  const { code, stdout } = await run('docker', args, { env, signal, limit: ANSWER_LIMIT });
  const host = stdout.trim();
  return code === 0 && host !== '' ? host : null;
}
