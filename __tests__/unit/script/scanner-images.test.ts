import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  type ScannerImage,
  chooseTag,
  describeChange,
  isChanged,
  parseImage,
  writeImages,
  writeRows,
} from '../../../script/scanners/images.js';
import { SCANNER_IMAGES } from '../../../src/checks/pure/scanner-images.js';

const DIGEST = `sha256:${'1'.repeat(64)}`;
const OTHER = `sha256:${'2'.repeat(64)}`;
const imageOf = (change: Partial<ScannerImage> = {}): ScannerImage => ({
  scanner: 'grype',
  name: 'anchore/grype',
  tag: 'v1.2.3',
  digest: DIGEST,
  ...change,
});

describe('an image', () => {
  test('is a name, a tag, and a digest or none', () => {
    expect(parseImage('grype', `anchore/grype:v1.2.3@${DIGEST}`)).toEqual(imageOf());
    expect(parseImage('snyk', 'snyk/snyk:docker')).toMatchObject({ name: 'snyk/snyk', tag: 'docker', digest: null });
  });

  test.each(['', 'anchore/grype', `anchore/grype@${DIGEST}`, 'a:b@sha256:1', "a:b', evil: '"])('is not %j', (text) =>
    expect(() => parseImage('grype', text)).toThrow(`grype: ${JSON.stringify(text)} is no image.`),
  );
});

test.each<[string, string, readonly string[], string]>([
  ['a newer version', 'v0.9.1', ['v0.10.0', 'v0.9.9', 'latest', 'v1'], 'v0.10.0'],
  ['of the same form only', '0.74.0', ['v9.9.9', '0.75.0-rc.1', '0.75.0-amd64', '0.74.1'], '0.74.1'],
  ['never an older one', 'v2.0.0', ['v1.9.9'], 'v2.0.0'],
  ['what is no version stays', 'docker', ['docker-1.2.3', '9.9.9'], 'docker'],
])('the newest tag: %s', (_, current, tags, newest) => expect(chooseTag(current, tags)).toBe(newest));

test('a change is told with both digests, and so is the first one', () => {
  const [before, after] = [imageOf(), imageOf({ tag: 'v1.3.0', digest: OTHER })];
  expect(describeChange({ before, after })).toBe(`grype (anchore/grype): v1.2.3@${DIGEST} -> v1.3.0@${OTHER}`);
  const pinned = { before: imageOf({ digest: null }), after: imageOf() };
  expect([isChanged(pinned), describeChange(pinned)]).toEqual([
    true,
    `grype (anchore/grype): v1.2.3 (no digest) -> v1.2.3@${DIGEST}`,
  ]);
  // The same tag with another digest has been moved.
  expect(isChanged({ before, after: imageOf({ digest: OTHER }) })).toBe(true);
  expect(describeChange({ before, after: before })).toMatch(/, as it was$/);
});

describe('what is committed', () => {
  const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
  const source = read('src/checks/pure/scanner-images.ts');
  const document = read('docs/checks.md');
  const images = Object.entries(SCANNER_IMAGES).map(([scanner, text]) => parseImage(scanner, text));
  const withoutWidths = (text: string): string => text.replace(/ +\|/g, ' |');

  test('is what the script would write of it', () => {
    expect(writeImages(source, images)).toBe(source);
    expect(withoutWidths(writeRows(document, images))).toBe(withoutWidths(document));
  });

  test('takes other images, and nothing else changes', () => {
    const newer = images.map((image) => ({ ...image, digest: OTHER }));
    const written = writeImages(source, newer);
    expect(written.match(new RegExp(OTHER, 'g'))).toHaveLength(3);
    expect(written.split('\n').length).toBe(source.split('\n').length);
    expect(writeRows(document, newer)).toContain(
      '| snyk | `snyk/snyk:docker`, by digest; it has no tags with a version |',
    );
  });

  test('of versions is pinned by version and digest', () => {
    for (const { scanner, tag, digest } of images.filter((one) => one.scanner !== 'snyk'))
      expect([scanner, tag, digest]).toEqual([
        scanner,
        expect.stringMatching(/^v?\d+\.\d+\.\d+$/),
        expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      ]);
  });

  test('has a place for each scanner, or the script says which it lacks', () => {
    const unknown = [imageOf({ scanner: 'other' })];
    expect(() => writeImages(source, unknown)).toThrow('no line of other');
    expect(() => writeRows(document, unknown)).toThrow('no row of other');
  });
});
