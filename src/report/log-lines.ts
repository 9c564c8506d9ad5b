// The last lines of the log: how the passes went, and off GitHub the image and how to run it.
import { taggedReference } from '../image/reference.js';
import { showTarget } from '../plan/targets.js';
import { type PassFigures, describePass } from './figures.js';
import type { RunResult } from './result.js';

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

/** How each pass went, for the log. */
export function toPassLines({
  plan,
  builders,
  production,
}: Pick<RunResult, 'plan' | 'builders' | 'production'>): string[] {
  const line = (name: string, figures: PassFigures | null): string[] =>
    // When Buildx draws on a terminal, its steps are not read.
    figures === null || figures.steps.length === 0 ? [] : [`${name}: ${describePass(figures)}`];
  const several = builders.length > 1;
  const names = plan.builders.map(({ target }) => (several ? `Builder ${showTarget(target)}` : 'Builder'));
  return [
    ...builders.flatMap((builder, index) => line(names[index] ?? 'Builder', builder)),
    ...line('Production', production),
  ];
}
