// A service with three stages that keep their layers, as a Rails team writes it, for the engine in memory.
import type { Step } from './recorded-image.js';

export const DOCKERFILE_SEVERAL = `FROM scratch AS gems
RUN bundle

FROM scratch AS modules
RUN npm

FROM scratch AS assets
COPY --from=modules /modules /modules
RUN compile

FROM scratch AS production
COPY --from=gems /gems /gems
COPY --from=assets /public /public
`;

/** What the stages are made from; change one, and the steps that depend on it run again. */
export interface SeveralSources {
  readonly gems: string;
  readonly modules: string;
  readonly assets: string;
}

/** The steps of a target, those of the stages that it copies from first. */
export function listSeveralSteps({ gems, modules, assets }: SeveralSources, target: string): readonly Step[] {
  const bundle: Step = { name: '[gems 1/1] RUN bundle', stage: 'gems', key: `bundle ${gems}`, uses: [] };
  const npm: Step = { name: '[modules 1/1] RUN npm', stage: 'modules', key: `npm ${modules}`, uses: [] };
  const copied: Step = step('assets', '1/2', 'COPY --from=modules /modules /modules', npm);
  const compile = { ...step('assets', '2/2', 'RUN compile', copied), key: `compile ${modules} ${assets}` };
  const first = step('production', '1/2', 'COPY --from=gems /gems /gems', bundle);
  const second = step('production', '2/2', 'COPY --from=assets /public /public', first, compile);
  const ofAssets = [npm, copied, compile];
  switch (target) {
    case 'gems':
      return [bundle];
    case 'modules':
      return [npm];
    case 'assets':
      return ofAssets;
    default:
      return [bundle, ...ofAssets, first, second];
  }
}

function step(stage: string, number: string, text: string, ...uses: readonly Step[]): Step {
  const keys = uses.map(({ key }) => key);
  return { name: `[${stage} ${number}] ${text}`, stage, key: `${text} of ${keys.join(' and ')}`, uses: keys };
}
