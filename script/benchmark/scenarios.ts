// What is measured: from which state of the registry, and which commit is built as what. Pure.

/** What a repository in the registry holds before a try. */
export type StateName =
  /** Nothing. */
  | 'empty'
  /** Images of main and of the branch `topic`, which changed the source. */
  | 'two-scopes'
  /** The same, and images of ten other branches. */
  | 'many-scopes';

/** One build of one commit, as the event that a workflow run would get. */
export interface Change {
  /** A commit of the history in service.ts. */
  readonly commit: CommitName;
  readonly branch: string;
  /** The number of the pull request whose head the branch is; a push without one. */
  readonly pullRequest?: number;
}

/** The commits that are built; service.ts makes them. */
export type CommitName =
  'main' | 'topic' | 'topic-again' | 'topic-source' | 'topic-dependencies' | 'fresh' | 'merge' | `old-${number}`;

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly start: StateName;
  readonly change: Change;
}

export const TOPIC = 'topic';
export const TOPIC_PULL_REQUEST = 12;
export const OLD_BRANCHES = 10;

const topic = (commit: CommitName): Change => ({ commit, branch: TOPIC, pullRequest: TOPIC_PULL_REQUEST });

export const SCENARIOS = [
  { name: 'cold', title: 'cold', start: 'empty', change: { commit: 'main', branch: 'main' } },
  { name: 'unchanged', title: 'unchanged', start: 'two-scopes', change: topic('topic-again') },
  { name: 'source', title: 'source changed', start: 'two-scopes', change: topic('topic-source') },
  { name: 'dependencies', title: 'dependencies changed', start: 'two-scopes', change: topic('topic-dependencies') },
  {
    name: 'new-branch',
    title: 'new branch, unchanged',
    start: 'two-scopes',
    change: { commit: 'fresh', branch: 'fresh', pullRequest: TOPIC_PULL_REQUEST + 1 },
  },
  {
    name: 'merge',
    title: 'merge to main of an up-to-date pull request',
    start: 'two-scopes',
    change: { commit: 'merge', branch: 'main' },
  },
  {
    name: 'older-branches',
    title: `unchanged, ${OLD_BRANCHES} older branches`,
    start: 'many-scopes',
    change: topic('topic-again'),
  },
] as const satisfies readonly Scenario[];

export type ScenarioName = (typeof SCENARIOS)[number]['name'];

/** The builds that lead to each state, in their order; each state goes on from the one before. */
export const HISTORY: readonly { readonly state: StateName; readonly changes: readonly Change[] }[] = [
  { state: 'empty', changes: [] },
  { state: 'two-scopes', changes: [{ commit: 'main', branch: 'main' }, topic('topic')] },
  {
    state: 'many-scopes',
    changes: Array.from({ length: OLD_BRANCHES }, (_, index) => ({
      commit: `old-${index}` as const,
      branch: `old-${index}`,
      pullRequest: 100 + index,
    })),
  },
];

/** The scenarios whose commits hold nothing new, each with the images that it equals. */
export const KINDS = {
  unchanged: 'its own branch',
  'new-branch': 'main',
  merge: 'the merged pull request',
} as const satisfies Partial<Record<ScenarioName, string>>;
