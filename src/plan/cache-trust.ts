// Which images a run may take layers from (input trust-cache). Anybody with write access to the package can put another image
// under a tag of main; which images are main's own is recorded in the Actions cache, whose entries of the default branch no
// other ref can write. Pure. docs: security.md, "What only main has written".
import type { Inputs } from '../inputs/inputs.js';
import { hashText } from '../shared/hash.js';
import type { RunContext } from './context.js';
import type { WorkflowEvent } from './event/event.js';
import { type Scope, toScope } from './tags/tags.js';

export type CacheTrust =
  /** Whatever is under the tags of the lineage. */
  | { readonly kind: 'lineage' }
  /** Images in records of main's runs, whose keys begin so. `writes`: this run is one of them, and adds its own. */
  | { readonly kind: 'recorded'; readonly keys: string; readonly writes: boolean }
  /** No image: nobody could tell which ones are main's own. The reason is a clause. */
  | { readonly kind: 'nothing'; readonly reason: string };

const LINEAGE: CacheTrust = { kind: 'lineage' };

/** Part of every key: raise it when a new version cannot read the old records. */
const FORMAT = 1;

/** Runs of main and of git tags are those that `own` is about; what others build is not deployed as main's. */
export function decideTrust(
  { trustCache, image, mainBranch: given, part }: Inputs,
  event: WorkflowEvent,
  scope: Scope | null,
  { ownRef, defaultBranch, repository }: Pick<RunContext, 'ownRef' | 'defaultBranch' | 'repository'>,
): CacheTrust {
  const main = given ?? defaultBranch;
  const mayBeMain = scope !== null && event.kind !== 'pull-request' && (main === null || scope.branch === main);
  if (trustCache === 'lineage' || !(mayBeMain || event.kind === 'git-tag')) return LINEAGE;
  const nothing = (reason: string): CacheTrust => ({ kind: 'nothing', reason });
  if (repository === '') return nothing('there is no Actions cache outside GitHub');
  if (main === null) return nothing('the event does not say which is the main branch. Set main-branch');
  if (main !== defaultBranch)
    return nothing(
      `the main branch is ${main}, and GitHub keeps only the Actions cache of the default branch${defaultBranch === null ? '' : ` (${defaultBranch})`} from all other refs`,
    );
  if (ownRef === null) return nothing(`another branch or a fork may have caused this ${event.name} run`);
  const ofMain = ownRef === `refs/heads/${main}`;
  if (!ofMain && !(event.kind === 'git-tag' && ownRef.startsWith('refs/tags/')))
    return nothing(`this run belongs to ${ownRef}, whose Actions cache others can write`);
  const id = hashText(JSON.stringify([image.name, toScope(main, part).tag])).slice(0, 16);
  return { kind: 'recorded', keys: `two-pass-build/${FORMAT}/record/${id}/`, writes: ofMain && mayBeMain };
}

/** Sources of the input cache-from: whoever writes there is not known, so they are left out where only main is trusted. */
export function getOtherSources({ kind }: CacheTrust, { cacheFrom }: Pick<Inputs, 'cacheFrom'>): readonly string[] {
  return kind === 'lineage' ? cacheFrom : [];
}
