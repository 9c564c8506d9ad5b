// A second manifest of an image, which takes tags off the first: registries let nobody delete a tag, but a tag can be moved,
// and what it was moved to can be deleted. Whoever pulls the tag in between gets the same image.
import type { Manifest } from '../../adapters/registry/registry.js';
import { digestOf } from '../../image/digest.js';
import { hashText } from '../../shared/hash.js';

/** Bits that make one twin another than every other. */
const LENGTH = 128;

/**
 * The same manifest or index with another digest. White space behind JSON means nothing, whatever the media type, and is
 * digested all the same: nothing else has to be written, and nothing is missing when the run ends here.
 * @param name gives each its own digest
 */
export function makeTwin({ mediaType, bytes }: Manifest, name: string): Manifest {
  const bytesOfName = [...Buffer.from(hashText(name), 'hex')];
  const bits = bytesOfName.map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const space = bits.slice(0, LENGTH).replaceAll('0', ' ').replaceAll('1', '\t');
  const content = `${bytes.toString('utf8')}\n${space}\n`;
  return { mediaType, digest: digestOf(content), bytes: Buffer.from(content, 'utf8') };
}
