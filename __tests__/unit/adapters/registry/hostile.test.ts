// A registry and a token server that mean harm, or are broken: what they say ends in a value that is sound or in an error
// for people, after few requests, and no login goes where it was not asked for.
import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Denial, explainDenial } from '../../../../src/plan/denial/denial.js';
import { TooLargeError } from '../../../../src/adapters/registry/bounded-reader.js';
import { copyContent } from '../../../../src/adapters/registry/copy.js';
import { readAnswer } from '../../../../src/adapters/registry/error-answer.js';
import { ConnectionError, type HttpRequest } from '../../../../src/adapters/registry/http.js';
import {
  readConfigDigests,
  readImages,
  readParts,
  readStoredImage,
} from '../../../../src/adapters/registry/read-image.js';
import { Registry, RegistryError } from '../../../../src/adapters/registry/registry.js';
import {
  InsecureRealmError,
  LoginRejectedError,
  TokenServerError,
  fetchToken,
  parseChallenge,
} from '../../../../src/adapters/registry/token.js';
import { mergeCaches } from '../../../../src/cache/pure/merge-caches.js';
import { type Digest, isDigest, parseDigest } from '../../../../src/image/digest.js';
import { isTag, parseImageName } from '../../../../src/image/reference.js';
import type { Login } from '../../../../src/inputs/secrets/credentials.js';
import { showAnswer } from '../../../../src/shared/answer.js';
import { digestOf } from '../../../support/fixtures.js';
import {
  type Answer,
  BASE,
  IMAGE,
  PASSWORD,
  PRINTABLE,
  TAG,
  deep,
  open,
  serving,
  shaOf,
  someOf,
  text,
  wrong,
} from '../../../support/hostile-registry.js';
import { runsOf } from '../../../support/nightly.js';

const REALM = 'https://auth.example/token';
const IDENTITY: Login = { identityToken: 'canary-identity' };

/** The value, or an error that is meant for people; any other error fails the test. */
async function settle<T>(action: () => Promise<T>): Promise<{ readonly value: T } | { readonly error: Error }> {
  try {
    return { value: await action() };
  } catch (error) {
    const meant = [RegistryError, TokenServerError, LoginRejectedError, InsecureRealmError, ConnectionError].find(
      (kind) => error instanceof kind,
    );
    if (meant === undefined || !(error instanceof Error)) throw error;
    expect(error.message).toMatch(PRINTABLE);
    expect(error.message).not.toContain('canary');
    return { error };
  }
}

/** Logins go to the registry, or to a realm that it has announced; tokens only to the registry. */
function expectNoLeak(requests: readonly HttpRequest[], challenges: readonly string[], insecure: boolean): void {
  const own = insecure ? [BASE, BASE.replace('https', 'http')] : [BASE];
  const announced = challenges.flatMap((text) => text.match(/https?:\/\/[^\s",]*/g) ?? []);
  const realms = announced.filter((text) => URL.canParse(text)).map((text) => new URL(text).origin);
  for (const { method, url, headers, body = '' } of requests) {
    const { origin, protocol } = new URL(url);
    expect(protocol).toMatch(/^https?:$/);
    expect(url).not.toContain('canary');
    const { authorization = '' } = headers;
    expect(authorization).toMatch(/^(?:|(?:Basic|Bearer) [!-~]+)$/);
    if (authorization.startsWith('Bearer')) expect(own).toContain(origin);
    if (authorization.startsWith('Basic')) expect([...own, ...realms]).toContain(origin);
    if (body.includes('canary')) {
      expect(method).toBe('POST');
      expect(realms).toContain(origin);
    }
  }
}
const fault = someOf(['code', 'message', 'details', 'detail']);
const json = fc.oneof(
  fc.record({ errors: fc.oneof(fc.array(fault), wrong) }),
  fault,
  fc.record({ tags: fc.oneof(fc.array(fc.oneof(text, wrong, fc.constant('v1'))), wrong) }),
  someOf(['token', 'access_token'], fc.oneof(fc.constantFrom('good', 'a\r\nX: y', 'x'.repeat(10_000)), wrong)),
  fc.record({ config: someOf(['digest', 'size']), layers: fc.oneof(fc.array(someOf(['digest', 'size'])), wrong) }),
  fc.record({ manifests: fc.oneof(fc.array(someOf(['digest', 'platform'])), wrong) }),
  wrong,
);
const POLLUTION = ['__proto__', 'constructor'].map(
  (name) => `{"${name}":{"polluted":1,"prototype":{"polluted":1},"token":"t","tags":["v1"],"errors":[{"code":"x"}]}}`,
);
const body = fc.oneof(
  { weight: 6, arbitrary: json.map((value) => JSON.stringify(value)) },
  json.map((value) => JSON.stringify(value).slice(1)),
  fc.constantFrom(...POLLUTION, deep('[', ']', 2000), deep('{"errors":[', ']}', 1000), '<html>', '\ufeff{}', 'null'),
  text,
);
const address = fc.oneof(
  fc.constantFrom(
    'http://[',
    '//',
    'https://',
    '/v2/owner/app/blobs/uploads/1?_state=x',
    `${BASE}:443/upload`,
    `${BASE}:8443/upload`,
    'http://registry.example/upload',
    'https://registry.example.evil.example/upload',
    'https://registry.example@evil.example/upload',
    'https://evil.example/upload#digest=x',
    '//evil.example/upload',
    '\\\\evil.example\\upload',
    'file:///etc/passwd',
    'ftp://registry.example/x',
    'javascript:alert(1)',
    'data:,x',
    '..//../%2e%2e/x',
  ),
  text,
);
const challenge = fc.oneof(
  { weight: 4, arbitrary: fc.constant(`Bearer realm="${REALM}",service="registry.example"`) },
  fc.constantFrom(
    'Basic realm="x"',
    `Bearer realm="${BASE}/token"`,
    'Bearer realm="http://auth.example:81/t?a=b#c"',
    `Bearer realm="https://${'a.'.repeat(2000)}example/token"`,
    'Bearer realm="file:///etc/passwd"',
    'Bearer realm="https://user:word@auth.example/"',
    `Basic realm="x", Bearer realm="${REALM}", Bearer realm="https://evil.example/t"`,
  ),
  address.map((realm) => `Bearer realm="${realm}",service="\u00ff"`),
  text,
);
const link = fc.oneof(
  fc.constantFrom('</v2/x/tags/list?n=1>; rel="next"', '<?>; rel=next', '<https://evil.example/?a#b>; rel="next"'),
  address.map((target) => `<${target}?n=1>; rel="next"`),
  text,
);
const headers = fc.record(
  {
    'www-authenticate': challenge,
    location: address,
    link,
    'content-type': fc.oneof(text, fc.constant('application/json, text/html')),
    'docker-content-digest': fc.oneof(fc.constantFrom(digestOf(1), shaOf('null')), text),
  },
  { requiredKeys: [] },
);
const STATUSES = [200, 201, 202, 204, 301, 307, 400, 401, 403, 404, 405, 416, 429, 500, 503];
const status = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...STATUSES) },
  fc.constantFrom(0, -1, 99, 999, 1e9, NaN),
);
const answer: fc.Arbitrary<Answer | null> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ status, headers, body }) },
  fc.constant(null),
);
const answers = fc.array(answer, { minLength: 1, maxLength: 6 });
const tokens = fc.oneof(
  answers,
  body.map((value) => [{ status: 200, body: value }]),
);
/** How it is contacted, what tokens it gives, and all the rest: each in turn, again and again. */
const server = fc.record({
  contact: fc.oneof(
    fc.constant<(Answer | null)[]>([{ status: 200 }]),
    challenge.map((value): (Answer | null)[] => [{ status: 401, headers: { 'www-authenticate': value } }]),
    answers,
  ),
  token: fc.oneof(fc.constant<(Answer | null)[]>([{ status: 200, body: '{"token":"t"}' }]), tokens),
  other: answers,
});
const login = fc.constantFrom(null, PASSWORD, IDENTITY);

const isPrintableAnswer = (said: { status: number | null; text: string }): boolean =>
  /^[ -~]{1,230}$/.test(showAnswer(said));

/** A method, what its value must be, and how much it may ask: with a new login each time, seven requests for one. */
const method =
  <T>(call: (registry: Registry) => Promise<T>, most: number, expectSound: (value: T) => void = () => undefined) =>
  async (registry: Registry): Promise<number> => {
    const outcome = await settle(() => call(registry));
    if ('value' in outcome) expectSound(outcome.value);
    return most;
  };
const METHODS: Readonly<Record<string, (registry: Registry) => Promise<number>>> = {
  connect: method((registry) => registry.connect(), 7),
  readDigest: method(
    (registry) => registry.readDigest(TAG),
    28,
    (digest) => expect(digest === null || isDigest(digest)).toBe(true),
  ),
  readManifest: method(
    (registry) => registry.readManifest(TAG),
    14,
    (manifest) => expect(manifest?.digest).toBe(manifest === null ? undefined : shaOf(manifest.bytes)),
  ),
  readBlob: method(
    (registry) => registry.readBlob(shaOf('null')),
    14,
    (bytes) => expect(bytes?.toString() ?? 'null').toBe('null'),
  ),
  writeBlob: method((registry) => registry.writeBlob(digestOf(1), '{}'), 50),
  writeManifest: method((registry) => registry.writeManifest(TAG, { mediaType: 'x', bytes: Buffer.from('{}') }), 14),
  listTags: method(
    (registry) => registry.listTags(),
    1400,
    (tags) => expect(tags.length <= 100_000 && tags.every((tag) => isTag(tag))).toBe(true),
  ),
  probeWriteAccess: method(
    (registry) => registry.probeWriteAccess(),
    24,
    (said) => expect(said === null || isPrintableAnswer(said)).toBe(true),
  ),
  readStoredImage: method(
    (registry) => readStoredImage(registry, TAG),
    1000,
    (stored) => expect(stored === null || isDigest(stored.digest)).toBe(true),
  ),
};

describe('any answers', () => {
  test.each(Object.keys(METHODS))('%s gives what it promises or an error for people', async (name) => {
    await fc.assert(
      fc.asyncProperty(server, login, fc.boolean(), fc.boolean(), async (told, credentials, insecure, write) => {
        const counts = { contact: 0, token: 0, other: 0 };
        const next = (kind: keyof typeof counts): Answer | null => {
          const list = told[kind];
          counts[kind] += 1;
          return list[(counts[kind] - 1) % list.length] ?? null;
        };
        const { send, requests, challenges } = serving(({ url }) =>
          next(url.endsWith('/v2/') ? 'contact' : url.includes('/v2/') ? 'other' : 'token'),
        );
        const registry = new Registry(IMAGE, { send, login: credentials, insecure, write });
        // Twice: the second time there is a session, or the memory of a failed one.
        const most = (await METHODS[name]!(registry)) + (await METHODS[name]!(registry));
        expect(requests.length).toBeLessThanOrEqual(most);
        expectNoLeak(requests, challenges, insecure);
      }),
      { numRuns: 150 },
    );
  });

  test.each([401, 403, 500])('a token server with a long name that answers %s is not named at length', async (code) => {
    const realm = `https://${'a.'.repeat(5000)}example/`;
    const { send } = serving(() => ({ status: code }));
    const bearer = { scheme: 'bearer', realm, service: null } as const;
    expect(await settle(() => fetchToken(send, bearer, [], PASSWORD))).toHaveProperty('error');
  });

  test('a token server gives a token, a refusal or an error for people', () =>
    fc.assert(
      fc.asyncProperty(tokens, login, fc.boolean(), async (list, credentials, scoped) => {
        const { send, requests } = serving((_, count) => list[count % list.length] ?? null);
        const bearer = { scheme: 'bearer', realm: REALM, service: null } as const;
        const outcome = await settle(() => fetchToken(send, bearer, scoped ? ['repository:x:pull'] : [], credentials));
        expect(requests.length).toBeLessThanOrEqual(2);
        expectNoLeak(requests, [REALM], false);
        if (!('value' in outcome)) return;
        if ('token' in outcome.value) expect(outcome.value.token).toMatch(/^[!-~]+$/);
        else expect(isPrintableAnswer(outcome.value.refused)).toBe(true);
      }),
      { numRuns: 500 },
    ));

  test('a challenge is one that can be met, or none', () =>
    fc.assert(
      fc.property(fc.oneof(challenge, text), (header) => {
        const parsed = parseChallenge(header, 'http://registry.example');
        if (parsed?.scheme === 'bearer') expect(new URL(parsed.realm).protocol).toMatch(/^https?:$/);
      }),
      { numRuns: runsOf(1000) },
    ));

  test('what a server says is shown on one printable line, and only its kind decides what is said of it', () =>
    fc.assert(
      fc.property(
        status,
        body,
        fc.constantFrom('ghcr.io/owner/app', 'owner/app', 'x.azurecr.io/app', 'registry.example/app'),
        fc.record<Omit<Denial, 'image' | 'answer'>>({
          action: fc.constantFrom('login', 'read', 'write'),
          origin: fc.constantFrom('fork', 'dependabot', 'own'),
          login: fc.constantFrom('none', 'workflow-token', 'own'),
          gitHubRegistry: fc.constantFrom('ghcr.io', 'containers.github.example'),
          repository: fc.constant('owner/app'),
          username: fc.constantFrom(null, 'user'),
          inputs: fc.constantFrom('image', 'mirrors'),
          readable: fc.boolean(),
        }),
        (code, said, image, details) => {
          const parsed = readAnswer({ status: code, body: Buffer.from(said) });
          expect(isPrintableAnswer(parsed)).toBe(true);
          const { cause, change } = explainDenial({ ...details, image: parseImageName(image), answer: parsed });
          for (const shown of [cause, change]) {
            expect(shown).toMatch(PRINTABLE);
            if (parsed.text.trim().length > 20) expect(shown).not.toContain(parsed.text);
          }
        },
      ),
      { numRuns: runsOf(1000) },
    ));
});

describe('much of one thing', () => {
  // Node takes 16 kB of headers.
  test.each(['<?', '<?>', '<', '?', '<?x>;', '<>     ', '<?a>; rel="next', ' '])(
    'a Link header full of %j is read or refused',
    async (part) => {
      const header = part.repeat(8000 / part.length);
      const { registry } = open(() => ({ status: 200, headers: { link: header }, body: '{"tags":[]}' }));
      const listed = await settle(() => registry.listTags());
      if ('value' in listed) expect(listed.value).toEqual([]);
    },
  );

  test.each(['a', 'a ', 'a=', 'a= ', 'a="', 'a=",', ' ', ', ', 'bearer ', ',bearer', 'basic', 'realm="http://x'])(
    'a challenge full of %j is read or refused',
    (part) => {
      for (const before of ['', 'Bearer ', 'Bearer realm=', 'Bearer a'])
        for (const after of ['', ' '.repeat(8000), '"', '='])
          parseChallenge(`${before}${part.repeat(8000 / part.length)}${after}`, 'http://registry.example');
    },
  );

  test('a list of a million tags is no list', async () => {
    const { registry } = open(() => ({ status: 200, body: `{"tags":[${'"v1",'.repeat(1_000_000)}"v1"]}` }));
    await expect(registry.listTags()).rejects.toThrow('more tags of owner/app than are read');
  });

  test.each([
    ['the same page', () => '</v2/owner/app/tags/list?n=1000>; rel="next"'],
    ['ever other pages', (count: number) => `</tags/list?last=${count}>; rel="next"`],
  ])('pages without end: %s', async (_, linkOf) => {
    const { registry, requests } = open((__, count) => ({
      status: 200,
      headers: { link: linkOf(count) },
      body: '{"tags":["v1","",null,"-x","a b"]}',
    }));
    await expect(registry.listTags()).rejects.toThrow('more tags of owner/app than are read');
    expect(requests).toHaveLength(101);
  });

  test.each([401, 403, 404, 429, 500])('a list that breaks off with %s at its second page is no list', async (code) => {
    const { registry } = open(({ url }) =>
      url.includes('last=')
        ? { status: code }
        : { status: 200, headers: { link: '</v2/owner/app/tags/list?last=v1>; rel="next"' }, body: '{"tags":["v1"]}' },
    );
    expect(await settle(() => registry.listTags())).toMatchObject({ error: { name: 'RegistryError', status: code } });
  });

  test('answers that are nested deeply', async () => {
    for (const [opening, closing] of [
      ['[', ']'],
      ['{"errors":', '}'],
      ['{"errors":[', ']}'],
      ['{"config":', '}'],
      ['{"token":', '}'],
    ] as const) {
      const content = deep(opening, closing);
      expect(readAnswer({ status: 400, body: Buffer.from(content) })).toEqual({ status: 400, text: '' });
      const manifest = { digest: shaOf(content), mediaType: '', bytes: Buffer.from(content) };
      const { registry, send } = open(() => ({ status: 200, body: content }));
      expect(await readImages(registry, 'main', manifest)).toMatchObject([{ layers: [], records: [] }]);
      // A list in the place of the answer must not pass for a repository without tags.
      const listed = opening === '[' ? { error: { name: 'RegistryError' } } : { value: [] };
      expect(await settle(() => registry.listTags())).toMatchObject(listed);
      const bearer = { scheme: 'bearer', realm: REALM, service: null } as const;
      const given = () => fetchToken((request) => send({ ...request, url: `${BASE}/x` }), bearer, [], null);
      expect(await settle(given)).toMatchObject({ error: { name: 'TokenServerError' } });
    }
  });

  test('an index that lists itself and others without end', async () => {
    const index = JSON.stringify({ manifests: Array.from({ length: 5000 }, () => ({ digest: digestOf(1) })) });
    const { registry, requests } = open(({ url }) =>
      url.includes('sha256') ? { status: 404 } : { status: 200, body: index },
    );
    expect((await readStoredImage(registry, TAG))?.images).toHaveLength(64);
    expect(requests.length).toBeLessThanOrEqual(66);
  });
});

describe('prototypes that are named in JSON give no members', () => {
  test.each(POLLUTION)('%s', async (content) => {
    const { registry } = open(() => ({ status: 200, body: content }));
    expect(await registry.listTags()).toEqual([]);
    expect(readAnswer({ status: 400, body: Buffer.from(content) }).text).toBe('');
    const bearer = { scheme: 'bearer', realm: REALM, service: null } as const;
    const { send } = serving(() => ({ status: 200, body: content }));
    await expect(fetchToken(send, bearer, [], null)).rejects.toThrow(TokenServerError);
    expect((await readStoredImage(registry, TAG))?.images).toMatchObject([{ layers: [], records: [] }]);
    const records: unknown = JSON.parse(`[${content},{"digest":"${digestOf(1)}"}]`);
    const { cache } = mergeCaches([{ name: 'main', layers: [], records }]);
    // The one with a digest, and the one that joins them.
    expect(JSON.parse(cache?.config ?? '{}')).toMatchObject({ records: [{}, {}] });
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('bytes that are not what their digest says', () => {
  const sha512 = (content: string): Digest =>
    parseDigest(`sha512:${createHash('sha512').update(content).digest('hex')}`);
  test.each([shaOf('right'), sha512('right')])('are refused: %s', async (digest) => {
    const { registry } = open(() => ({ status: 200, body: 'wrong' }));
    await expect(registry.readBlob(digest)).rejects.toThrow(RegistryError);
    await expect(registry.readManifest(digest)).rejects.toThrow(RegistryError);
    const honest = open(() => ({ status: 200, body: 'right' })).registry;
    expect((await honest.readBlob(digest))?.toString()).toBe('right');
    expect((await honest.readManifest(digest))?.digest).toBe(shaOf('right'));
  });

  test.each([
    ['something long', `sha256:${'0'.repeat(16_000)}`],
    ['a command', 'sha256:\x85\x1b[31m\n::error::evil'],
    ['another digest', shaOf('other')],
  ])('where the registry says %s, too', async (_, said) => {
    const { registry } = open(() => ({ status: 200, headers: { 'docker-content-digest': said }, body: 'right' }));
    expect(await settle(() => registry.readManifest(TAG))).toMatchObject({ error: { name: 'RegistryError' } });
  });
});

describe('an upload', () => {
  const start = (location: string) => {
    const { send, requests } = serving(({ method, url }) => {
      if (url === REALM || url.startsWith(`${REALM}?`)) return { status: 200, body: '{"token":"canary-token"}' };
      if (url === `${BASE}/v2/`) return { status: 401, headers: { 'www-authenticate': `Bearer realm="${REALM}"` } };
      if (method === 'POST') return { status: 202, headers: { location } };
      return { status: method === 'HEAD' ? 404 : 201 };
    });
    return { registry: new Registry(IMAGE, { send, login: PASSWORD, insecure: false, write: true }), requests };
  };

  test.each([
    ['/upload/1?_state=x', 'https://registry.example/upload/1', true],
    ['upload', 'https://registry.example/upload', true],
    ['https://registry.example:443/upload', 'https://registry.example/upload', true],
    ['https://registry.example:8443/upload', 'https://registry.example:8443/upload', false],
    ['http://registry.example/upload', 'http://registry.example/upload', false],
    ['//storage.example/upload?signature=x', 'https://storage.example/upload', false],
    ['https://registry.example@evil.example/', 'https://registry.example@evil.example/', false],
    ['\\\\evil.example\\upload', 'https://evil.example/upload', false],
  ])('at %s gets the login only at the registry itself', async (location, place, trusted) => {
    const { registry, requests } = start(location);
    await registry.writeBlob(digestOf(1), '{}');
    expect(await registry.probeWriteAccess()).toBeNull();
    await registry.cancelProbe();
    const put = requests.find(({ method }) => method === 'PUT');
    expect(put?.url.startsWith(place)).toBe(true);
    expect(new URL(put?.url ?? '').searchParams.get('digest')).toBe(digestOf(1));
    expect(put?.headers.authorization).toBe(trusted ? 'Bearer canary-token' : undefined);
    const cancelled = requests.filter(({ method }) => method === 'DELETE');
    expect(cancelled.map(({ headers: sent }) => sent.authorization)).toEqual(trusted ? ['Bearer canary-token'] : []);
  });

  test.each([
    'http://[',
    'https://',
    'file:///etc/passwd',
    'ftp://registry.example/',
    'javascript:alert(1)',
    'data:,x',
  ])('at %s is none', async (location) => {
    const { registry, requests } = start(location);
    await expect(registry.writeBlob(digestOf(1), '{}')).rejects.toThrow('takes uploads at what is no address');
    expect(await registry.probeWriteAccess()).toBeNull();
    await registry.cancelProbe();
    expect(requests.filter(({ method }) => method === 'PUT' || method === 'DELETE')).toEqual([]);
  });
});

describe('an index of many images', () => {
  const MEGABYTE = 1024 * 1024;
  /** A registry with images whose manifest and config have so many bytes, and what it has sent. */
  const serveIndex = (count: number, size: number) => {
    const pad = (content: object): string => JSON.stringify({ ...content, pad: 'x'.repeat(size) });
    const config = pad({ rootfs: { diff_ids: [] } });
    const blobs = new Map<string, string>([[shaOf(config), config]]);
    const digests = Array.from({ length: count }, (_, number) => {
      const manifest = pad({ number, config: { digest: shaOf(config), size: config.length } });
      blobs.set(shaOf(manifest), manifest);
      return shaOf(manifest);
    });
    const index = JSON.stringify({ manifests: digests.map((digest) => ({ digest })) });
    let sent = 0;
    const { registry } = open(({ url }) => {
      const body = blobs.get(url.slice(url.lastIndexOf('/') + 1)) ?? '';
      sent += body.length;
      return { status: body === '' ? 404 : 200, body };
    });
    const manifest = { digest: shaOf(index), mediaType: '', bytes: Buffer.from(index) };
    return { registry, manifest, digests, sent: () => sent };
  };
  const { signal } = new AbortController();
  const options = { signal, wait: () => Promise.resolve() };
  type Served = ReturnType<typeof serveIndex>;
  const readers: readonly [string, (served: Served) => Promise<unknown>][] = [
    ['for its cache', ({ registry, manifest }) => readImages(registry, 'main', manifest)],
    ['for its configs', ({ registry, manifest }) => readConfigDigests(registry, manifest)],
    ['to copy it', ({ registry, manifest }) => copyContent(registry, registry, manifest, options)],
    ['as parts of another', ({ registry, digests }) => readParts(registry, 'app', digests)],
  ];

  test.each(readers)('that are large is not read to its end %s', async (_, read) => {
    const served = serveIndex(64, MEGABYTE);
    await expect(read(served)).rejects.toThrow(TooLargeError);
    expect(served.sent()).toBeLessThan(42 * MEGABYTE);
  });

  test.each(readers.filter(([what]) => what !== 'to copy it'))('of the usual size is read %s', async (name, read) => {
    const served = serveIndex(64, 100_000);
    // Of each config there are two digests.
    expect(await read(served)).toHaveLength(name === 'for its configs' ? 128 : 64);
  });
});
