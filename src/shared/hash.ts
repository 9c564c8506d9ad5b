// Short names for long texts.
import { createHash } from 'node:crypto';

/** @returns the SHA-256 of the text in UTF-8, as 64 hex digits */
export function hashText(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
