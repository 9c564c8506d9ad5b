// A reverse proxy before a registry, for what a healthy CNCF registry nearby never does: distance, faults, and the
// refusals of ghcr.io. Names with the front's host reach the same images as names with the registry's.
import { Agent, type IncomingMessage, type ServerResponse, createServer, request as sendRequest } from 'node:http';
import { Transform } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Gate, listen } from '../listen.js';

/** A fault for the requests that match. */
export interface Fault {
  readonly method?: string;
  /** Matched against path and query. */
  readonly path: RegExp;
  /** Matched against User-Agent: the engine's requests, or the action's own. */
  readonly agent?: RegExp;
  readonly answer: FaultAnswer;
  /** The registry has got the request and done what it asks for: only its answer is lost. */
  readonly forwarded?: true;
  /** How often; always if left out. */
  readonly times?: number;
}

/**
 * An answer of its own, or what becomes of the connection. `disconnect` ends it, `reset` breaks it off (RST), `silence`
 * keeps it open without a word, `stall` does so until a load balancer on the way would end it (sooner here than a real one does), `truncate` promises more bytes than come, and `cut` breaks it off in the middle of the request's body.
 */
export type FaultAnswer =
  | { readonly status: number; readonly body?: object; readonly headers?: Readonly<Record<string, string>> }
  | 'disconnect'
  | 'reset'
  | 'silence'
  | 'stall'
  | 'truncate'
  | 'cut';

/** Everybody's requests but the action's own, which have retries of their own. */
export const ENGINE_AGENT = /^(?!two-pass-build)/;

/** A running front. */
export interface Front {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** Adds a fault; the oldest one that matches is used. */
  readonly fail: (fault: Fault) => void;
  /** Forgets all faults. */
  readonly heal: () => void;
  /** How many requests faults have answered. */
  readonly faultsServed: () => number;
  readonly stop: () => Promise<void>;
}

/** What the front does besides faults. */
export interface FrontOptions {
  /** Host and port of the registry. */
  readonly registry: string;
  /** Waits before every answer, as a distant registry does. */
  readonly delayMs?: number;
  /** How much all answers together, and all requests together, may carry in a second. */
  readonly megabytesPerSecond?: number;
  /**
   * Refuse as ghcr.io does: 403 DENIED to a token that is worth too little. CNCF's registry says 401 there, which
   * makes clients ask for another token.
   */
  readonly deniesLikeGhcr?: boolean;
  /** Where the registry's tokens are: asked for through the front as well, so that faults reach `/token`. */
  readonly realm?: string;
  readonly gate?: Gate;
}

const STALL_MS = 2_000;

interface PlannedFault {
  readonly fault: Fault;
  left: number;
}

/** Starts a front on the loopback address. */
export async function startFront(options: FrontOptions): Promise<Front> {
  const agent = new Agent({ keepAlive: true });
  const link = { up: openLine(options.megabytesPerSecond), down: openLine(options.megabytesPerSecond) };
  const planned: PlannedFault[] = [];
  let served = 0;
  const takeFault = (request: IncomingMessage) => {
    const found = planned.find(({ fault, left }) => left > 0 && matches(fault, request));
    if (found !== undefined) {
      found.left -= 1;
      served += 1;
    }
    return found?.fault;
  };
  const server = createServer((request, response) => {
    void (async () => {
      await sleep(options.delayMs ?? 0);
      if ((await options.gate?.(`${request.method ?? ''} ${request.url ?? ''}`)) === false) {
        request.socket.destroy();
        return;
      }
      const fault = takeFault(request);
      if (fault === undefined || fault.answer === 'truncate' || fault.forwarded === true) {
        forward(options, { agent, link }, request, response, fault);
      } else answerFault(fault, request, response);
    })();
  });
  const { port, stop } = await listen(server);
  return {
    host: `127.0.0.1:${port}`,
    fail: (fault) => {
      planned.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY });
    },
    heal: () => {
      planned.length = 0;
    },
    faultsServed: () => served,
    stop: async () => {
      agent.destroy();
      await stop();
    },
  };
}

function matches(fault: Fault, request: IncomingMessage): boolean {
  const { method = request.method, path, agent = /^/ } = fault;
  return method === request.method && path.test(request.url ?? '') && agent.test(request.headers['user-agent'] ?? '');
}

function answerFault(fault: Fault, request: IncomingMessage, response: ServerResponse): void {
  const { answer } = fault;
  switch (answer) {
    case 'disconnect':
      request.socket.destroy();
      return;
    case 'reset':
      request.socket.resetAndDestroy();
      return;
    case 'silence':
      request.resume();
      return;
    case 'stall':
      request.resume();
      setTimeout(() => request.socket.destroy(), STALL_MS);
      return;
    case 'truncate':
      throw new Error("A truncated answer is the registry's own.");
    case 'cut':
      // A request without a body cannot be cut in the middle of it.
      request.once('data', () => request.socket.resetAndDestroy());
      request.once('end', () => request.socket.resetAndDestroy());
      return;
    default: {
      request.resume();
      const { status, headers, body = { errors: [{ code: codeFor(status), message: `fault ${status}` }] } } = answer;
      sendJson(response, status, body, headers);
    }
  }
}

/** https://github.com/distribution/distribution/blob/main/registry/api/errcode/register.go */
function codeFor(status: number): string {
  return status === 429 ? 'TOOMANYREQUESTS' : status === 403 ? 'DENIED' : 'UNKNOWN';
}

/** Gives a stream that lets through what the line can carry, shared by all streams of that line. */
type Line = () => Transform;

function openLine(megabytesPerSecond = Number.POSITIVE_INFINITY): Line {
  let busyUntil = 0;
  return () =>
    new Transform({
      transform: (chunk: Buffer, _, done) => {
        busyUntil = Math.max(busyUntil, performance.now()) + chunk.length / (megabytesPerSecond * 1000);
        const wait = busyUntil - performance.now();
        // Timers are no finer than this.
        if (wait < 1) done(null, chunk);
        else setTimeout(done, wait, null, chunk);
      },
    });
}

interface Way {
  readonly agent: Agent;
  readonly link: { readonly up: Line; readonly down: Line };
}

function forward(
  options: FrontOptions,
  { agent, link }: Way,
  request: IncomingMessage,
  response: ServerResponse,
  fault: Fault | undefined,
): void {
  const isToken = options.realm !== undefined && request.url?.startsWith('/token') === true;
  const [hostname, port] = (isToken ? new URL(options.realm).host : options.registry).split(':');
  // The Host header stays as it came: the registry builds the addresses of uploads from it.
  const onward = sendRequest(
    { agent, hostname, port, path: request.url, method: request.method, headers: request.headers },
    (answer) => {
      if (options.deniesLikeGhcr === true && isTooLittle(request, answer)) {
        answer.resume();
        const write = !['GET', 'HEAD'].includes(request.method ?? '');
        const message = write ? 'permission_denied: write_package' : 'denied';
        sendJson(response, 403, { errors: [{ code: 'DENIED', message }] });
        return;
      }
      const headers = throughFront(options, request, answer);
      if (fault?.answer === 'truncate') truncate(headers, answer, response);
      else if (fault !== undefined) {
        answer.resume();
        answerFault(fault, request, response);
      } else {
        response.writeHead(answer.statusCode ?? 502, headers);
        answer.pipe(link.down()).pipe(response);
      }
    },
  );
  onward.on('error', () => {
    response.destroy();
  });
  response.on('close', () => {
    if (!response.writableFinished) onward.destroy();
  });
  request.pipe(link.up()).pipe(onward);
}

/** Sends half of the body, or of an empty one only the header that promises more. */
function truncate(headers: IncomingMessage['headers'], answer: IncomingMessage, response: ServerResponse): void {
  // Chunks and a length are one too many.
  const others = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'transfer-encoding'));
  const chunks: Buffer[] = [];
  answer.on('data', (chunk: Buffer) => chunks.push(chunk));
  answer.on('end', () => {
    const body = Buffer.concat(chunks);
    const promised = Math.max(body.length, 1000);
    response.writeHead(answer.statusCode ?? 502, { ...others, 'content-length': String(promised) });
    response.write(body.length === 0 ? '{' : body.subarray(0, body.length / 2), () => response.destroy());
  });
}

/** The answer's headers, with the front as the place to ask for tokens. */
function throughFront({ realm }: FrontOptions, request: IncomingMessage, { headers }: IncomingMessage) {
  const challenge = headers['www-authenticate'];
  if (realm === undefined || challenge === undefined) return headers;
  return { ...headers, 'www-authenticate': challenge.replace(realm, `http://${request.headers.host ?? ''}/token`) };
}

function isTooLittle(request: IncomingMessage, answer: IncomingMessage): boolean {
  const challenge = answer.headers['www-authenticate'] ?? '';
  return (
    answer.statusCode === 401 && request.headers.authorization !== undefined && challenge.includes('insufficient_scope')
  );
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
