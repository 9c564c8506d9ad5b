// GitHub's code scanning, as its API takes reports and tells what became of them.
// https://docs.github.com/rest/code-scanning/code-scanning#upload-an-analysis-as-sarif-data
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { type JsonObject, objectList, objectMember, parseJsonObject, stringMember } from '../json.js';

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
  /** The same for questions about an upload. */
  readonly setStatusFault: (status: number | null) => void;
  readonly setProcessing: (processing: Processing) => void;
  /** @returns false for requests about something else */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** GitHub's own words. */
const MESSAGES: Readonly<Record<number, string>> = {
  403: 'Resource not accessible by integration',
  404: 'Not Found',
  503: 'Service unavailable',
};

const MOST_COMPRESSED_BYTES = 10_000_000;

export function createCodeScanning(): CodeScanning {
  const uploads: CodeScanningUpload[] = [];
  let fault: { readonly status: number; readonly message?: string } | null = null;
  let statusFault: number | null = null;
  let processing: Processing = { status: 'complete' };
  let questions = 0;

  const respond = async (request: IncomingMessage, path: string, response: ServerResponse): Promise<void> => {
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
      response.end(JSON.stringify(body));
    };
    const text = await readBody(request);
    const [, id] = /\/code-scanning\/sarifs(?:\/([\w-]+))?$/.exec(path) ?? [];
    if (request.method === 'POST' && id === undefined) {
      if (fault !== null) {
        const { status, message = MESSAGES[status] ?? 'Server Error' } = fault;
        if (status !== 0) send(status, { message });
        return;
      }
      try {
        uploads.push(readUpload(text));
      } catch (error) {
        send(400, { message: error instanceof Error ? error.message : 'Invalid request' });
        return;
      }
      questions = 0;
      send(202, {
        id: `upload-${uploads.length}`,
        url: `http://${request.headers.host ?? ''}${path}/upload-${uploads.length}`,
      });
    } else if (request.method === 'GET' && id === `upload-${uploads.length}`) {
      if (statusFault !== null) {
        send(statusFault, { message: MESSAGES[statusFault] ?? 'Server Error' });
        return;
      }
      const { status, errors = null, after = 0 } = judge(uploads.at(-1)!, processing);
      send(200, questions++ < after ? { processing_status: 'pending' } : { processing_status: status, errors });
    } else send(404, { message: MESSAGES[404] });
  };

  return {
    uploads: () => uploads,
    setFault: (next) => void (fault = next),
    setStatusFault: (next) => void (statusFault = next),
    setProcessing: (next) => void (processing = next),
    answer: (request, response) => {
      const path = (request.url ?? '').replace(/\?.*$/, '');
      if (!path.includes('/code-scanning/')) return false;
      respond(request, path, response).catch(() => response.destroy());
      return true;
    },
  };
}

/** @throws Error with what GitHub would not take */
function readUpload(text: string): CodeScanningUpload {
  const body = parseJsonObject(text, 'the request');
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

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}
