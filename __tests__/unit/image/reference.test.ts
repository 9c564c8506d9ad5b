import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isDigest, parseDigest } from '../../../src/image/digest.js';
import { isTag, parseImageName, parseTag, pinnedReference, taggedReference } from '../../../src/image/reference.js';
import { messageOf } from '../../support/fixtures.js';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

describe('an image name', () => {
  test.each([
    ['ghcr.io/owner/app', 'ghcr.io/owner/app', 'ghcr.io', 'owner/app'],
    ['GHCR.io/DFE-Digital/My_App', 'ghcr.io/dfe-digital/my_app', 'ghcr.io', 'dfe-digital/my_app'],
    ['  ghcr.io/owner/app\n', 'ghcr.io/owner/app', 'ghcr.io', 'owner/app'],
    ['ghcr.io/owner/group/app', 'ghcr.io/owner/group/app', 'ghcr.io', 'owner/group/app'],
    ['localhost:5000/app', 'localhost:5000/app', 'localhost:5000', 'app'],
    ['localhost/app', 'localhost/app', 'localhost', 'app'],
    ['127.0.0.1:5000/a/b', '127.0.0.1:5000/a/b', '127.0.0.1:5000', 'a/b'],
    ['[::1]:5000/app', '[::1]:5000/app', '[::1]:5000', 'app'],
    ['registry:5000/app', 'registry:5000/app', 'registry:5000', 'app'],
    ['registry.example/a.b_c__d--e/f', 'registry.example/a.b_c__d--e/f', 'registry.example', 'a.b_c__d--e/f'],
    ['owner/app', 'owner/app', 'docker.io', 'owner/app'],
    ['app', 'app', 'docker.io', 'library/app'],
    ['docker.io/app', 'docker.io/app', 'docker.io', 'library/app'],
    ['docker.io/owner/app', 'docker.io/owner/app', 'docker.io', 'owner/app'],
    ['index.docker.io/owner/app', 'index.docker.io/owner/app', 'docker.io', 'owner/app'],
  ])('%j', (text, name, registry, repository) => expect(parseImageName(text)).toEqual({ name, registry, repository }));

  test.each([
    ['nothing', '', 'empty'],
    ['white space', ' \n', 'empty'],
    ['a tag', 'ghcr.io/owner/app:v1', 'has a tag'],
    ['a tag on Docker Hub', 'owner/app:v1', 'has a tag'],
    ['a tag behind a port', 'localhost:5000/app:v1', 'has a tag'],
    ['a digest', `ghcr.io/owner/app@${DIGEST}`, 'has a digest'],
    ['a URL', 'https://ghcr.io/owner/app', 'URL scheme'],
    ['no repository', 'ghcr.io/', 'not a repository path'],
    ['an empty part', 'ghcr.io//app', 'not a repository path'],
    ['a slash at the end', 'ghcr.io/owner/app/', 'not a repository path'],
    ['a slash at the start', '/owner/app', 'not a repository path'],
    ['a space', 'ghcr.io/owner/my app', 'not a repository path'],
    ['two dots', 'ghcr.io/owner/a..b', 'not a repository path'],
    ['three underscores', 'ghcr.io/owner/a___b', 'not a repository path'],
    ['a part that ends in a hyphen', 'ghcr.io/owner-/app', 'not a repository path'],
    ['accents', 'ghcr.io/owner/äpp', 'not a repository path'],
    ['an option', '--push', 'not a repository path'],
    ['an underscore in the host', 'my_host.example/app', 'not a host name'],
    ['a port that is no number', 'localhost:port/app', 'not a host name'],
    ['256 characters', `ghcr.io/${'a'.repeat(248)}`, 'longer than 255'],
  ])('with %s is refused', (_, text, why) => {
    const message = messageOf(() => parseImageName(text));
    expect(message).toMatch(/^InputError: image /);
    expect(message).toContain(why);
  });

  test('may have 255 characters', () => expect(parseImageName(`ghcr.io/${'a'.repeat(247)}`).name).toHaveLength(255));

  test('keeps an error on one line, and short', () => {
    const message = messageOf(() => parseImageName(`a\n::error::b${'c'.repeat(500)}`));
    expect(message).not.toContain('\n');
    expect(message.length).toBeLessThan(600);
  });

  test('means the same when it is parsed again', () => {
    const part = fc.stringMatching(/^[A-Za-z0-9]{1,8}(?:(?:\.|_|__|-{1,3})[A-Za-z0-9]{1,8}){0,2}$/);
    const host = fc.constantFrom(
      '',
      'GHCR.io/',
      'localhost/',
      'localhost:5000/',
      'docker.io/',
      'index.docker.io/',
      '[::1]:80/',
    );
    fc.assert(
      fc.property(host, fc.array(part, { minLength: 1, maxLength: 4 }), (registry, parts) => {
        // Without a registry, a first part with a dot would be one.
        fc.pre(registry !== '' || parts.length === 1 || !/\.|^localhost$/i.test(parts[0] ?? ''));
        const image = parseImageName(registry + parts.join('/'));
        expect(parseImageName(image.name)).toEqual(image);
        expect(image.name).toBe(image.name.toLowerCase());
      }),
    );
  });
});

describe('a tag', () => {
  test.each(['a', '_', 'V1.2.3', 'a-b_c.d', 'x'.repeat(128)])('%j is one', (tag) => expect(parseTag(tag)).toBe(tag));

  test.each(['', '.a', '-a', 'a/b', 'a:b', 'a b', 'ä', 'a\n', 'a+b', 'x'.repeat(129)])('%j is none', (tag) => {
    expect(isTag(tag)).toBe(false);
    expect(messageOf(() => parseTag(tag, 'extra-tags: item 2,'))).toMatch(/^InputError: extra-tags: item 2, /);
  });
});

describe('a digest', () => {
  test.each([DIGEST, `sha512:${'a'.repeat(128)}`])('%s is one', (digest) => expect(parseDigest(digest)).toBe(digest));

  test.each(['', 'sha256:', DIGEST.slice(0, -1), `${DIGEST}0`, DIGEST.toUpperCase(), DIGEST.slice(7), `${DIGEST}\n`])(
    '%j is none',
    (text) => {
      expect(isDigest(text)).toBe(false);
      expect(() => parseDigest(text)).toThrow('is not a digest');
    },
  );

  test.each([null, undefined, 256, [DIGEST], { digest: DIGEST }])('%j is none', (value) =>
    expect(isDigest(value)).toBe(false),
  );
});

test('references are name, tag and digest', () => {
  const image = parseImageName('ghcr.io/owner/app');
  expect(taggedReference(image, parseTag('v1'))).toBe('ghcr.io/owner/app:v1');
  expect(pinnedReference(image, parseTag('v1'), parseDigest(DIGEST))).toBe(`ghcr.io/owner/app:v1@${DIGEST}`);
});
