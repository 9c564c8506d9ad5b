// A copy of a manifest with another digest, for removing a tag. ghcr.io cannot delete a tag alone. But a tag can be moved to
// the copy, and the copy deleted with it. Whoever pulls the tag in between gets the same image.
import type { Manifest } from '../../adapters/registry/registry.js';
import { digestOf } from '../../image/digest.js';
import { hashText } from '../../shared/hash.js';

/** Bits of white space that make the digest of each copy different. */
const LENGTH = 128;

/**
 * The same manifest or index with another digest: white space after JSON changes the digest and nothing else. The copy
 * refers to the same layers, so no blob has to be written.
 * @param name another name gives another digest
 */
export function makeManifestCopy({ mediaType, bytes }: Manifest, name: string): Manifest {
  const bytesOfName = [...Buffer.from(hashText(name), 'hex')];
  const bits = bytesOfName.map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const space = bits.slice(0, LENGTH).replaceAll('0', ' ').replaceAll('1', '\t');
  const content = `${bytes.toString('utf8')}\n${space}\n`;
  return { mediaType, digest: digestOf(content), bytes: Buffer.from(content, 'utf8') };
}
