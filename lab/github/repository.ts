// What the stand-in for GitHub's API knows of a repository, and its answers to questions about branches, commits and pull
// requests. Pure, but for the state that the caller holds.
// Shapes: https://docs.github.com/rest/git/refs, https://docs.github.com/rest/git/commits, https://docs.github.com/rest/pulls

/** A pull request that a commit on its base branch is the merge of. */
export interface MergedPullRequest {
  readonly number: number;
  readonly headRef: string;
  /** `owner/name` */
  readonly headRepository: string;
  /** The branch that it was merged into; main unless it is given. */
  readonly baseRef?: string;
}

/** A pull request as the cleanup asks for it. */
export interface PullRequestState extends MergedPullRequest {
  /** Open without it. */
  readonly closedAt?: Date;
  /** The commit that it became. */
  readonly mergedAs?: string;
}

export interface RepositoryState {
  /** Name -> commit */
  readonly branches: Map<string, string>;
  readonly gitTags: Set<string>;
  /** Commit -> its time in ISO 8601 */
  readonly commitTimes: Map<string, string>;
  readonly pulls: Map<number, PullRequestState>;
  /** By the commit of the merge. */
  readonly mergedPulls: Map<string, MergedPullRequest>;
}

export function createRepositoryState(): RepositoryState {
  return {
    branches: new Map(),
    gitTags: new Set(),
    commitTimes: new Map(),
    pulls: new Map(),
    mergedPulls: new Map(),
  };
}

/** @returns what GitHub's JSON holds; undefined where there is no such thing */
type Answer = (state: RepositoryState, wanted: string, query: URLSearchParams) => object | undefined;

/** Paths below `/repos/owner/name`; the group is what is asked for. */
const ANSWERS: readonly (readonly [RegExp, Answer])[] = [
  [/^()$/, () => ({ default_branch: 'main' })],
  [/^\/git\/matching-refs\/(.+)$/, listRefs],
  [/^\/git\/ref\/heads\/(.+)$/, findBranch],
  [/^\/git\/commits\/([0-9a-f]+)$/, findCommit],
  [/^\/commits\/([0-9a-f]+)\/branches-where-head$/, listBranchesAt],
  [/^\/commits\/([0-9a-f]+)\/pulls$/, listPullsOf],
  [/^\/pulls\/(\d+)$/, findPull],
  [/^\/pulls()$/, listPullsFrom],
];

/** @returns the JSON that GitHub answers with; undefined for what it does not know */
export function answerAbout(state: RepositoryState, url: URL): object | undefined {
  const [, path] = /^\/repos\/[^/]+\/[^/]+(.*)$/.exec(decodeURIComponent(url.pathname)) ?? [];
  if (path === undefined) return undefined;
  for (const [pattern, answer] of ANSWERS) {
    const [, wanted] = pattern.exec(path) ?? [];
    if (wanted !== undefined) return answer(state, wanted, url.searchParams);
  }
  return undefined;
}

function listRefs({ branches, gitTags }: RepositoryState, start: string): object {
  const refs = [...[...branches.keys()].map((name) => `heads/${name}`), ...[...gitTags].map((name) => `tags/${name}`)];
  return refs.filter((ref) => ref.startsWith(start)).map((ref) => ({ ref: `refs/${ref}`, object: { type: 'commit' } }));
}

function findBranch({ branches }: RepositoryState, name: string): object | undefined {
  const sha = branches.get(name);
  return sha === undefined ? undefined : { ref: `refs/heads/${name}`, object: { type: 'commit', sha } };
}

function findCommit({ commitTimes }: RepositoryState, sha: string): object | undefined {
  const date = commitTimes.get(sha);
  return date === undefined ? undefined : { sha, committer: { date } };
}

/** https://docs.github.com/rest/commits/commits#list-branches-for-head-commit */
function listBranchesAt({ branches }: RepositoryState, sha: string): object {
  return [...branches]
    .filter(([, head]) => head === sha)
    .map(([name]) => ({ name, commit: { sha }, protected: false }));
}

/** https://docs.github.com/rest/commits/commits#list-pull-requests-associated-with-a-commit */
function listPullsOf({ mergedPulls }: RepositoryState, sha: string): object {
  const pull = mergedPulls.get(sha);
  if (pull === undefined) return [];
  return [toPullRequest({ ...pull, closedAt: new Date('2026-05-04T03:02:01Z'), mergedAs: sha })];
}

function findPull({ pulls }: RepositoryState, number: string): object | undefined {
  const pull = pulls.get(Number(number));
  return pull && toPullRequest(pull);
}

function listPullsFrom({ pulls }: RepositoryState, _: string, query: URLSearchParams): object {
  const head = query.get('head') ?? '';
  return [...pulls.values()]
    .filter(({ headRepository, headRef }) => `${headRepository.split('/')[0] ?? ''}:${headRef}` === head)
    .map(toPullRequest);
}

/** https://docs.github.com/rest/pulls/pulls#get-a-pull-request */
function toPullRequest({ number, headRef, headRepository, baseRef, closedAt, mergedAs }: PullRequestState): object {
  const closed = closedAt?.toISOString() ?? null;
  return {
    number,
    state: closed === null ? 'open' : 'closed',
    closed_at: closed,
    merged_at: mergedAs === undefined ? null : closed,
    merge_commit_sha: mergedAs ?? null,
    head: { ref: headRef, repo: { full_name: headRepository } },
    base: { ref: baseRef ?? 'main' },
  };
}
