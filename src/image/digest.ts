// Digests as a type that cannot be wrong: the only way to get one is to parse it or to compute it here.
import { type Hash, createHash } from 'node:crypto';
import { quote } from '../shared/text.js';
import type { brand } from '../shared/types.js';

/** `sha256:` and 64 hex digits, or `sha512:` and 128. */
export type Digest = string & { readonly [brand]: 'digest' };
const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && DIGEST.test(text);
}

/** The SHA-256 of what a registry stores. */
export function digestOf(content: string | Buffer): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(content).digest('hex')}`);
}

/** Of what comes piece by piece: to be fed all of it, and then given to `isHashOf`. */
export function startHash(digest: Digest): Hash {
  return createHash(digest.startsWith('sha512:') ? 'sha512' : 'sha256');
}

/** Whether what the hash was fed is what the digest stands for. It can be asked once. */
export function isHashOf(hash: Hash, digest: Digest): boolean {
  return digest.endsWith(`:${hash.digest('hex')}`);
}

/** Whether the content is what the digest stands for. */
export function isDigestOf(digest: Digest, content: Buffer): boolean {
  return isHashOf(startHash(digest).update(content), digest);
}

/** @throws Error when the text is not a digest. */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) throw new Error(`${quote(text)} is not a digest (sha256:<64 hex digits>).`);
  return text;
}
