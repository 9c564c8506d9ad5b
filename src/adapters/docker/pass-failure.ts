// Classifies the failure of a pass: may a retry help, or a run without cache? Pure.
// Only BuildKit's and Buildx's own errors count. A RUN step's output is never read.
import { LONGEST_QUOTED, shortenLine } from '../../shared/long-line.js';
import { isJoining } from '../progress/build-progress.js';

/** The properties of a failure that decide on a retry. */
export interface PassFailure {
  /** A layer of a cache source could not be read; without the source the pass may succeed. */
  readonly cacheFault: boolean;
  /** The temporary fault in a few words, such as "503 Service Unavailable"; null when a retry is no use. */
  readonly transient: string | null;
}

const FATAL = 'ERROR: ';
/** A RUN step's command failed (solver/llbsolver/ops/exec.go). It is never retried. */
const STEP_FAILED = 'did not complete successfully';

/**
 * A blob that cannot be read after BuildKit has found it in a cache source fails the build (moby/buildkit#2836). A push
 * says "failed to copy" as well, and has nothing to do with the cache.
 */
const CACHE_FAULT =
  /failed to (?:load|get) (?:cache key|ref|result)|failed to copy|httpReadSeeker|blob unknown|content (?:descriptor|digest) .*not found|sha256:[0-9a-f]{64}: not found|could not fetch content|failed to (?:extract|register|download) layer|unexpected status .*blobs/i;
const PUSH = /failed to push|^pushing /i;

/**
 * A closed list: everything else is permanent. Each gives the words for the log. Texts of: containerd core/remotes/errors
 * (`unexpected status from PUT request to …`) and core/remotes/docker; docker/distribution registry/client/errors.go
 * (`received unexpected HTTP status`, `error parsing HTTP 429 response body`) and errcode (`toomanyrequests`,
 * `unavailable`); Go's net, net/http and io.
 */
const TRANSIENT: readonly RegExp[] = [
  /\b(?:unexpected status[^:]*(?:: | )|unexpected HTTP status(?: code)?: |parsing HTTP )((?:408|429|5\d\d)\b(?: [A-Z][a-z]+)*)/,
  /\b(toomanyrequests|too many requests)\b/i,
  /\b(unavailable): /,
  // A token server's error with a JSON body: its status is lost. What it thinks of the login has codes of its own.
  /\b(failed to fetch (?:oauth|anonymous) token: unknown): /,
  /\b(connection reset by peer|connection refused|broken pipe|connection timed out|i\/o timeout|TLS handshake timeout|timeout awaiting response headers|Client\.Timeout exceeded|server closed idle connection|use of closed network connection|read\/write on closed pipe|http2: [a-z ]+|closed incomplete writer|server misbehaving|temporary failure in name resolution)/i,
  /\b(unexpected EOF|EOF)\s*$/,
  /\b(short read|unexpected size \d+, expected \d+)/,
];

/**
 * @param lines `NAME: …` of each part of the build that failed, and the lines of Buildx that begin with `ERROR: `
 * @param said what BuildKit itself printed while it wrote the result; never what a step printed
 */
export function classifyFailure(lines: readonly string[], said: readonly string[] = []): PassFailure {
  // Some patterns below take time with the square of a line that begins again and again as they do.
  const errors = lines.map((line) => shortenLine(line, LONGEST_QUOTED));
  if (errors.some((line) => line.includes(STEP_FAILED))) return { cacheFault: false, transient: null };
  const fatal = errors.findLast((line) => line.startsWith(FATAL)) ?? '';
  // Where Buildx joins what several nodes have pushed, the last error does not say so.
  const pushFailed = PUSH.test(fatal) || errors.some(isJoining);
  return {
    cacheFault: !pushFailed && errors.some((line) => !PUSH.test(line) && CACHE_FAULT.test(line)),
    transient: findTransient(fatal) ?? findTransient(findStatus(fatal, said)),
  };
}

/**
 * An answer whose body is JSON ends a push as `CODE: message`, without its status. BuildKit has tried it before, and logged
 * `error: … 503 Service Unavailable` with the same words below (util/resolver/retryhandler).
 */
function findStatus(fatal: string, said: readonly string[]): string {
  const last = said.findLastIndex((line) => line.startsWith('error: '));
  const words = said[last + 1] ?? '';
  return last !== -1 && words !== '' && fatal.endsWith(words) ? (said[last] ?? '') : '';
}

/** Text in double quotes, with backslash escapes. Text after an unclosed quote is kept. */
function withoutQuoted(text: string): string {
  let rest = '';
  let from = 0;
  for (let open = text.indexOf('"'); open !== -1; open = text.indexOf('"', from)) {
    let close = open + 1;
    while (close < text.length && text[close] !== '"') close += text[close] === '\\' ? 2 : 1;
    if (close >= text.length) break;
    rest += `${text.slice(from, open)}""`;
    from = close + 1;
  }
  return rest + text.slice(from);
}

/** The colon after an address is not its own; what a quote ends is no address of an error. */
function withoutAddress(found: string): string {
  if (found.endsWith('"')) return found;
  return found.endsWith(':') ? ':' : '';
}

/** Only the last error: a cache import that failed and was passed over has a line of its own, and ended nothing. */
function findTransient(fatal: string): string | null {
  // Go quotes addresses, file names and commands: they may hold any words. So may references.
  const text = withoutQuoted(fatal)
    .replace(/https?:\/\/[^\s"]+(?:"|(?=\s|$))/g, withoutAddress)
    .replace(/failed to push \S+: /, 'failed to push: ');
  for (const pattern of TRANSIENT) {
    const [, reason] = pattern.exec(text) ?? [];
    if (reason !== undefined) return reason;
  }
  return null;
}
