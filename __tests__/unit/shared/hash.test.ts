import { expect, test } from '@jest/globals';
import { hashText } from '../../../src/shared/hash.js';

// https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values; the last by `printf ä | sha256sum`
test.each([
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['ä', '33e6d73fee82904c8d7afb78de1154d1e8dc2a0edb08120e63df5b9385c2d9cc'],
])('%j has the SHA-256 %s', (text, expected) => {
  expect(hashText(text)).toBe(expected);
});
