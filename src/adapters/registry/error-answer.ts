// What a registry or token server says when it refuses: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
import type { ServerAnswer } from '../../shared/answer.js';
import { isRecord } from '../../shared/json.js';
import { toSingleLine } from '../../shared/text.js';
import type { HttpResponse } from './http.js';

/** Code and message of the first error, on one line; Docker Hub's token server has `details` instead. */
export function readAnswer({ status, body }: Pick<HttpResponse, 'status' | 'body'>): ServerAnswer {
  let content: unknown = null;
  try {
    content = JSON.parse(body.toString('utf8'));
  } catch {
    // A page of a proxy: the status has to do.
  }
  const errors: unknown = isRecord(content) ? content.errors : null;
  const first: unknown = Array.isArray(errors) ? errors[0] : content;
  const parts = isRecord(first) ? [first.code, first.message, first.details] : [];
  const text = parts.filter((part) => typeof part === 'string' && part !== '').join(' ');
  return { status, text: toSingleLine(text) };
}
