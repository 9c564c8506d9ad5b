// Uploads the report of a scan to GitHub's code scanning. An upload that fails is a warning: the check is decided already.
import { pathToFileURL } from 'node:url';
import { type GitHubApi, isRefusal } from '../adapters/github/run-api.js';
import { CancelledError } from '../adapters/process/process.js';
import type { World } from '../adapters/world.js';
import type { Plan } from '../plan/plan.js';
import { errorMessage } from '../shared/text.js';
import type { Warn } from '../shared/types.js';
import { decideUpload, toUpload } from './pure/sarif-upload.js';

export interface CodeScanningRequest {
  readonly world: Pick<World, 'runner' | 'wait' | 'now'>;
  readonly github: Pick<GitHubApi, 'uploadSarif'>;
  readonly plan: Plan;
  /** The report as the scanner wrote it. */
  readonly sarif: string;
  /** snyk, grype or trivy. */
  readonly scanner: string;
  readonly warn: Warn;
}

/**
 * Uploads a report, or says why not. A fork's run sends GitHub no request.
 * @throws CancelledError when the run is cancelled meanwhile
 */
export async function uploadToCodeScanning(request: CodeScanningRequest): Promise<void> {
  const { world, github, plan, sarif, scanner, warn } = request;
  const { runner, wait, now } = world;
  const decision = decideUpload(plan.event);
  if (decision.kind === 'skip') {
    runner.log.notice(`The report of the scan was not uploaded to code scanning: ${decision.reason}.`);
    return;
  }
  try {
    const outcome = await github.uploadSarif(
      {
        sarif: toUpload(sarif, plan.image.name),
        sha: decision.sha,
        ref: decision.ref,
        startedAt: now,
        toolName: scanner,
        checkoutUri: pathToFileURL(`${runner.workspace}/`).href,
      },
      wait,
    );
    runner.log.info(
      outcome === 'complete'
        ? `Code scanning has the report of the scan, for ${decision.ref}.`
        : 'Code scanning has taken the report of the scan, and is still at work on it.',
    );
  } catch (error) {
    if (error instanceof CancelledError) throw error;
    const advice = isRefusal(error)
      ? ' The job needs "permissions: security-events: write", and the repository needs code scanning.'
      : '';
    const reason = errorMessage(error).replace(/\.$/, '');
    warn(`The report of the scan was not uploaded to code scanning: ${reason}.${advice}`);
  }
}
