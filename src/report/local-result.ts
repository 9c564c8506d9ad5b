// What a developer takes from a run: the image, and a command to try it. Pure text.
import { taggedReference } from '../plan/image-name.js';
import type { RunResult } from './summary.js';

export function toLocalLines({ plan, digest }: Pick<RunResult, 'plan' | 'digest'>): string[] {
  const reference = taggedReference(plan.image, plan.tags.unique);
  if (digest === null && plan.production.output !== 'engine') return [];
  return [
    '',
    `Image:   ${reference}${digest === null ? ' (in the local engine)' : ''}`,
    ...(digest === null ? [] : [`Digest:  ${digest}`]),
    `Try it:  docker run --rm ${reference}${digest === null ? '' : `@${digest}`}`,
  ];
}
