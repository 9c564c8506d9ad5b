// Uploads a SARIF report to GitHub's code scanning, and waits up to a minute until it is processed.
// https://docs.github.com/rest/code-scanning/code-scanning#upload-an-analysis-as-sarif-data
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { getOctokit } from '@actions/github';
import { poll } from '../../shared/retry.js';
import { formatMegabytes } from '../../shared/text.js';
import { withLimit } from '../process/with-limit.js';

type Octokit = ReturnType<typeof getOctokit>;

export interface SarifUpload {
  readonly sarif: string;
  readonly sha: string;
  readonly ref: string;
  readonly startedAt: Date;
  readonly toolName: string;
  /** `file:///…/`: the folder that absolute paths in the report are relative to. */
  readonly checkoutUri: string;
}

/** `pending`: GitHub has the report and is still processing it. */
export type UploadOutcome = 'complete' | 'pending';

/** GitHub's limit for the compressed report. */
const MOST_BYTES = 10_000_000;
const SEND_TIME_LIMIT_MS = 60_000;
const ASK_TIME_LIMIT_MS = 5000;
/** Waits before each question. Most reports are processed at the second. */
const WAITS_MS = [1000, 2000, 3000, 5000, 5000, 10_000, 15_000, 20_000];
const MOST_ERRORS = 5;

const compress = promisify(gzip);

/**
 * @param wait how to wait between questions; may throw to end it
 * @param cancel ends every request
 * @throws Error when GitHub does not take the report, or could not make use of it
 */
export async function uploadSarif(
  octokit: Octokit,
  repository: { readonly owner: string; readonly repo: string },
  { sarif, sha, ref, startedAt, toolName, checkoutUri }: SarifUpload,
  wait: (milliseconds: number) => Promise<void>,
  cancel: AbortSignal,
): Promise<UploadOutcome> {
  const compressed = await compress(Buffer.from(sarif, 'utf8'), { level: 9 });
  if (compressed.length > MOST_BYTES) {
    throw new Error(
      `the report is ${formatMegabytes(compressed.length)} compressed, and GitHub takes ${formatMegabytes(MOST_BYTES)}`,
    );
  }
  const { data } = await withLimit(cancel, SEND_TIME_LIMIT_MS, (signal) =>
    octokit.rest.codeScanning.uploadSarif({
      ...repository,
      commit_sha: sha,
      ref,
      sarif: compressed.toString('base64'),
      started_at: startedAt.toISOString(),
      tool_name: toolName,
      checkout_uri: checkoutUri,
      request: { signal },
    }),
  );
  if (data.id === undefined) throw new Error('GitHub does not say under which number it has taken the report');
  return awaitProcessing(octokit, { ...repository, sarif_id: data.id }, wait, cancel);
}

async function awaitProcessing(
  octokit: Octokit,
  upload: { readonly owner: string; readonly repo: string; readonly sarif_id: string },
  wait: (milliseconds: number) => Promise<void>,
  cancel: AbortSignal,
): Promise<UploadOutcome> {
  const ask = async (): Promise<UploadOutcome | undefined> => {
    // A question that fails is asked again: GitHub has the report already.
    const answer = await withLimit(cancel, ASK_TIME_LIMIT_MS, (signal) =>
      octokit.rest.codeScanning.getSarif({ ...upload, request: { signal } }),
    ).catch(() => null);
    if (answer?.data.processing_status === 'failed') throw new Error(describeErrors(answer.data.errors ?? []));
    return answer?.data.processing_status === 'complete' ? 'complete' : undefined;
  };
  return (await poll(ask, WAITS_MS, wait)) ?? 'pending';
}

function describeErrors(errors: readonly string[]): string {
  const said = errors.slice(0, MOST_ERRORS).join('; ').slice(0, 1000);
  return `GitHub could not make use of the report${said === '' ? '' : `: ${said}`}`;
}
