// Error lines as the engines and Buildx print them: from the faults of __tests__/e2e/run/faults.test.ts, and put together from
// the Go source of BuildKit 0.20 and 0.25, containerd 2.1 (core/remotes/docker) and dockerd 28 (distribution).
import { describe, expect, test } from '@jest/globals';
import { classifyFailure } from '../../../../src/adapters/docker/pass-failure.js';

/** Written as plain progress shows them, which is easiest to read. */
const classify = (stderr: string) =>
  classifyFailure(
    stderr
      .split('\n')
      .filter((line) => /^(?:ERROR: |#\d+ ERROR: )/.test(line))
      .map((line) => line.replace(/^#\d+ ERROR: /, '[builder 2/2] RUN x: ')),
  );

const URL = 'http://127.0.0.1:5000/v2/octo/app';
const SHA256 = `sha256:${'a'.repeat(64)}`;
const PUSH = 'ERROR: failed to build: failed to solve: failed to push 127.0.0.1:5000/octo/denied:main: ';

describe('a push that a JSON body ended, after BuildKit has tried it', () => {
  const fatal = `${PUSH}unknown: fault 503`;
  const tried = (status: string, words = 'unknown: fault 503') => [
    `error: failed commit on ref "manifest-${SHA256}": unexpected status from PUT request to ${URL}/manifests/main: ${status}`,
    words,
    'retrying in 4s',
  ];
  test('has the status that BuildKit logged', () => {
    const said = [...tried('500 Internal Server Error', 'unknown: other'), ...tried('503 Service Unavailable')];
    expect(classifyFailure([fatal], said).transient).toBe('503 Service Unavailable');
    expect(classifyFailure([fatal], said.slice(0, -1)).transient).toBe('503 Service Unavailable');
  });
  test.each([
    ['nothing was logged', []],
    ['another answer came last', tried('503 Service Unavailable', 'denied: no')],
    ['the status is none that passes', tried('400 Bad Request')],
    ['nothing stands below', tried('503 Service Unavailable').slice(0, 1)],
  ])('is final when %s', (_case, said) => {
    expect(classifyFailure([fatal], said).transient).toBeNull();
  });
});

describe('what may pass', () => {
  test.each([
    [
      `${PUSH}unexpected status from PUT request to ${URL}/manifests/main: 503 Service Unavailable`,
      '503 Service Unavailable',
    ],
    [
      `${PUSH}unexpected status from POST request to ${URL}/blobs/uploads/: 429 Too Many Requests`,
      '429 Too Many Requests',
    ],
    [`${PUSH}unexpected status from HEAD request to ${URL}/blobs/${SHA256}: 502 Bad Gateway`, '502 Bad Gateway'],
    [
      `${PUSH}failed to authorize: failed to fetch oauth token: unexpected status from POST request to http://127.0.0.1:1/token: 504 Gateway Timeout`,
      '504 Gateway Timeout',
    ],
    [
      `ERROR: failed to build: unexpected status from PUT request to ${URL}/manifests/main: 503 Service Unavailable`,
      '503 Service Unavailable',
    ],
    [`${PUSH}unexpected status: 500 Internal Server Error`, '500 Internal Server Error'],
    [`${PUSH}failed to do request: Head "${URL}/blobs/${SHA256}": EOF`, 'EOF'],
    [
      `${PUSH}failed to do request: Put "${URL}/blobs/uploads/1": write tcp 127.0.0.1:1->127.0.0.1:2: write: broken pipe`,
      'broken pipe',
    ],
    [
      `${PUSH}failed to copy: failed to do request: Put "${URL}/x": read tcp 127.0.0.1:1->127.0.0.1:2: read: connection reset by peer`,
      'connection reset by peer',
    ],
    [
      `${PUSH}failed to do request: Get "https://ghcr.io/v2/": net/http: TLS handshake timeout`,
      'TLS handshake timeout',
    ],
    [`${PUSH}failed to do request: Get "https://ghcr.io/v2/": dial tcp 10.0.0.1:443: i/o timeout`, 'i/o timeout'],
    ['ERROR: received unexpected HTTP status: 502 Bad Gateway', '502 Bad Gateway'],
    [
      'ERROR: error parsing HTTP 429 response body: invalid character \'<\' looking for beginning of value: "<html>"',
      '429',
    ],
    ['ERROR: toomanyrequests: retry later', 'toomanyrequests'],
    [
      'ERROR: failed to build: failed to solve: failed to fetch oauth token: unknown: fault 429',
      'failed to fetch oauth token: unknown',
    ],
    ['ERROR: unexpected EOF', 'unexpected EOF'],
    [
      'ERROR: Get "https://ghcr.io/v2/": net/http: request canceled (Client.Timeout exceeded while awaiting headers)',
      'Client.Timeout exceeded',
    ],
  ])('%s', (line, reason) =>
    expect(classify(`#8 pushing layers\n${line}`)).toEqual({ cacheFault: false, transient: reason }),
  );
});

describe('what stays', () => {
  test.each([
    `${PUSH}unexpected status from POST request to ${URL}/blobs/uploads/: 403 Forbidden`,
    `${PUSH}push access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`,
    `${PUSH}failed to authorize: failed to fetch oauth token: unexpected status from POST request to http://127.0.0.1:1/token: 401 Unauthorized`,
    `${PUSH}unexpected status from PUT request to ${URL}/manifests/main: 400 Bad Request`,
    `${PUSH}unexpected status from PUT request to ${URL}/503/EOF: 404 Not Found`,
    'ERROR: failed to solve: failed to fetch oauth token: denied: denied',
    'ERROR: denied: requested access to the resource is denied',
    'ERROR: manifest invalid: manifest invalid',
    'ERROR: failed to build: failed to solve: write /var/lib/docker/x: no space left on device',
    'ERROR: failed to do request: Head "https://ghcr.io/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    'ERROR: failed to build: failed to solve: dockerfile parse error on line 3: unknown instruction: FORM',
    'ERROR: failed to compute cache key: failed to calculate checksum of ref x: "/connection reset by peer": not found',
    '',
  ])('%s', (line) => expect(classify(line).transient).toBeNull());
});

describe('a failing RUN is never run again', () => {
  const FAILED = 'process "/bin/sh -c curl https://example.com" did not complete successfully: exit code: 22';
  test.each([
    'connection reset by peer',
    'unexpected status: 503 Service Unavailable',
    'httpReadSeeker: failed to copy',
  ])('whatever it prints: %s', (text) =>
    expect(
      classify(
        `#9 0.100 ERROR: ${text}\n#9 0.2 ${text}\n#9 ERROR: ${FAILED}\n------\n0.100 ERROR: ${text}\nERROR: failed to solve: ${FAILED}`,
      ),
    ).toEqual({ cacheFault: false, transient: null }),
  );
  test('even where a cache import failed before', () =>
    expect(
      classify(
        `#5 ERROR: failed to copy: httpReadSeeker: unexpected EOF\n#9 ERROR: ${FAILED}\nERROR: failed to solve: ${FAILED}`,
      ),
    ).toEqual({ cacheFault: false, transient: null }));
});

describe('a cache that cannot be read', () => {
  const READ = `failed to copy: httpReadSeeker: failed open: `;
  test('and will not be, is a cache fault and nothing else', () =>
    expect(
      classify(`ERROR: failed to solve: ${READ}could not fetch content descriptor ${SHA256} from remote: not found`),
    ).toEqual({
      cacheFault: true,
      transient: null,
    }));
  test('for a moment, is both', () =>
    expect(
      classify(
        `ERROR: failed to solve: ${READ}unexpected status from GET request to ${URL}/blobs/${SHA256}: 500 Internal Server Error`,
      ),
    ).toEqual({
      cacheFault: true,
      transient: '500 Internal Server Error',
    }));
  test('is no reason where only its import failed, which BuildKit passes over', () =>
    expect(
      classify(
        '#5 ERROR: failed to configure registry cache importer: unexpected status: 503 Service Unavailable\nERROR: denied: x',
      ).transient,
    ).toBeNull());
  test('is not what a push that was broken off says', () =>
    expect(classify(`#8 ERROR: failed to push x: failed to copy: EOF\n${PUSH}failed to copy: EOF`)).toEqual({
      cacheFault: false,
      transient: 'EOF',
    }));
  test('is not what Buildx cannot read of an image that several nodes have pushed', () => {
    const read = `unexpected status from GET request to ${URL}/blobs/${SHA256}: 503 Service Unavailable`;
    const errors = [`merging manifest list x: ${read}`, `ERROR: failed to build: ${read}`];
    expect(classifyFailure(errors)).toEqual({ cacheFault: false, transient: '503 Service Unavailable' });
  });
});
