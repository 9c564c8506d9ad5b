// Parses the error of a registry or token server: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
import type { ServerAnswer } from '../../shared/answer.js';
import { asRecord, asText, parseObject } from '../../shared/json.js';
import { toSingleLine } from '../../shared/text.js';
import type { HttpResponse } from './http.js';

/** Code and message of the first error, on one line; Docker Hub's token server has `details` instead. */
export function readAnswer({ status, body }: Pick<HttpResponse, 'status' | 'body'>): ServerAnswer {
  // Of a page that a proxy sends, the status has to do.
  const content = asRecord(parseObject(body));
  const { code, message, details } = asRecord(Array.isArray(content.errors) ? content.errors[0] : content);
  const text = [code, message, details].filter((part) => asText(part) !== '').join(' ');
  return { status, text: toSingleLine(text) };
}
