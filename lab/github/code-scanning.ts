// GitHub's code scanning, as its API takes reports and tells what became of them.
// https://docs.github.com/rest/code-scanning/code-scanning#upload-an-analysis-as-sarif-data
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { type JsonObject, objectList, objectMember, parseJsonObject, stringMember } from '../json.js';
import { type Reply, addressOf, refusal, sendLater } from './reply.js';

interface CodeScanningUpload {
  readonly sha: string;
  readonly ref: string;
  readonly toolName: string;
  readonly startedAt: string;
  readonly checkoutUri: string;
  readonly report: JsonObject;
}

/** What becomes of reports that were taken. */
interface Processing {
  readonly status: 'complete' | 'failed' | 'pending';
  readonly errors?: readonly string[];
  /** As many questions are answered with "pending" before. */
  readonly after?: number;
}

export interface CodeScanning {
  /** Reports that were taken, in the order of arrival. */
  readonly uploads: () => readonly CodeScanningUpload[];
  /** What an upload is refused with; 0: no answer ever. Null ends it. */
  readonly setFault: (fault: { readonly status: number; readonly message?: string } | null) => void;
  /** What questions about an upload are refused with. Null ends it. */
  readonly setStatusFault: (status: number | null) => void;
  readonly setProcessing: (processing: Processing) => void;
  /** @returns false for requests about something else */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => boolean;
}

const MOST_COMPRESSED_BYTES = 10_000_000;

interface State {
  readonly uploads: CodeScanningUpload[];
  fault: Parameters<CodeScanning['setFault']>[0];
  statusFault: number | null;
  processing: Processing;
  /** About the last upload. */
  questions: number;
}

export function createCodeScanning(): CodeScanning {
  const state: State = {
    uploads: [],
    fault: null,
    statusFault: null,
    processing: { status: 'complete' },
    questions: 0,
  };
  return {
    uploads: () => state.uploads,
    setFault: (fault) => void (state.fault = fault),
    setStatusFault: (status) => void (state.statusFault = status),
    setProcessing: (processing) => void (state.processing = processing),
    answer: (request, response) => {
      if (!addressOf(request).pathname.includes('/code-scanning/')) return false;
      sendLater(response, reply(state, request));
      return true;
    },
  };
}

async function reply(state: State, request: IncomingMessage): Promise<Reply | null> {
  const url = addressOf(request);
  const sent = await text(request);
  const [, id] = /\/code-scanning\/sarifs(?:\/([\w-]+))?$/.exec(url.pathname) ?? [];
  if (request.method === 'POST' && id === undefined) return takeUpload(state, url, sent);
  if (request.method === 'GET' && id === `upload-${state.uploads.length}`) return tellProcessing(state);
  return refusal(404);
}

function takeUpload(state: State, url: URL, sent: string): Reply | null {
  const { uploads, fault } = state;
  if (fault !== null) return fault.status === 0 ? null : refusal(fault.status, fault.message);
  try {
    uploads.push(readUpload(sent));
  } catch (error) {
    return refusal(400, error instanceof Error ? error.message : 'Invalid request');
  }
  state.questions = 0;
  const id = `upload-${uploads.length}`;
  return { status: 202, body: { id, url: `${url.href}/${id}` } };
}

function tellProcessing(state: State): Reply {
  if (state.statusFault !== null) return refusal(state.statusFault);
  const { status, errors = null, after = 0 } = judge(state.uploads.at(-1)!, state.processing);
  const body = state.questions < after ? { processing_status: 'pending' } : { processing_status: status, errors };
  state.questions += 1;
  return { status: 200, body };
}

/** @throws Error with what GitHub would not take */
function readUpload(sent: string): CodeScanningUpload {
  const body = parseJsonObject(sent, 'the request');
  const [sha, ref, sarif] = ['commit_sha', 'ref', 'sarif'].map((name) => stringMember(body, name));
  if (!/^[0-9a-f]{40}$/.test(sha!)) throw new Error('commit_sha is not a commit SHA');
  if (!/^refs\/(?:heads\/.+|tags\/.+|pull\/\d+\/(?:merge|head))$/.test(ref!))
    throw new Error('ref is not a full reference');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(sarif!))
    throw new Error('sarif is not base64');
  const compressed = Buffer.from(sarif!, 'base64');
  if (compressed.length > MOST_COMPRESSED_BYTES) throw new Error('sarif is too large');
  const report = parseJsonObject(gunzipSync(compressed).toString('utf8'), 'the report');
  if (report.version !== '2.1.0') throw new Error('sarif is not version 2.1.0');
  const startedAt = stringMember(body, 'started_at');
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(startedAt)) throw new Error('started_at is not a time');
  const checkoutUri = stringMember(body, 'checkout_uri');
  if (!/^file:\/\/\/.*\/$/.test(checkoutUri)) throw new Error('checkout_uri is not a folder');
  return { sha: sha!, ref: ref!, toolName: stringMember(body, 'tool_name'), startedAt, checkoutUri, report };
}

/** Runs of one tool and category in one file are refused: https://github.blog/changelog/2024-05-06-code-scanning-will-stop-combining-runs-from-a-single-upload/ */
function judge({ report }: CodeScanningUpload, processing: Processing): Processing {
  const categories = objectList(report, 'runs').map((run) => {
    const name = stringMember(objectMember(objectMember(run, 'tool'), 'driver'), 'name');
    const id = run.automationDetails === undefined ? '' : stringMember(objectMember(run, 'automationDetails'), 'id');
    return `${name} ${id.slice(0, id.lastIndexOf('/'))}`;
  });
  if (new Set(categories).size === categories.length) return processing;
  return { status: 'failed', errors: ['multiple SARIF runs with the same category'] };
}
