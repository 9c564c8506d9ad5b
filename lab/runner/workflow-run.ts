// What a workflow run tells an action: environment variables, and the `github` context that defaults in action.yml
// refer to. Pure.
import { isObject } from '../json.js';

/** The event and the place of a workflow run. */
export interface WorkflowRun {
  /** `push`, `pull_request` … */
  readonly name: string;
  /** The event's payload: becomes the file of GITHUB_EVENT_PATH. */
  readonly payload: object;
  /** The whole ref: `refs/heads/main`, `refs/tags/v1.2.3`, `refs/pull/5/merge`. */
  readonly ref: string;
  readonly sha: string;
  readonly headRef?: string;
  readonly baseRef?: string;
  /** `owner/name` */
  readonly repository: string;
  readonly actor?: string;
  readonly runId?: string;
  readonly runAttempt?: string;
  readonly serverUrl?: string;
  readonly apiUrl?: string;
  /** GITHUB_TOKEN. The runner masks it by itself. */
  readonly token?: string;
}

const DEFAULTS = {
  actor: 'octocat',
  runId: '1658821493',
  runAttempt: '1',
  serverUrl: 'https://github.com',
  apiUrl: 'https://api.github.com',
} as const;

/** The GITHUB_ variables of a run, without the paths that belong to one step. */
export function githubEnvironment(run: WorkflowRun): Readonly<Record<string, string>> {
  const context = githubContext(run);
  return {
    ...Object.fromEntries(Object.entries(context).map(([name, value]) => [`GITHUB_${name.toUpperCase()}`, value])),
    GITHUB_ACTIONS: 'true',
    CI: 'true',
    GITHUB_ACTION: '__self',
    GITHUB_TRIGGERING_ACTOR: context.actor,
    GITHUB_GRAPHQL_URL: `${context.api_url}/graphql`,
    RUNNER_OS: 'Linux',
    RUNNER_ARCH: process.arch === 'arm64' ? 'ARM64' : 'X64',
    RUNNER_NAME: 'lab',
    RUNNER_ENVIRONMENT: 'github-hosted',
  };
}

/** Replaces the `${{ github.… }}` expressions of a default in action.yml. Throws on anything more difficult. */
export function evaluateDefault(text: string, run: WorkflowRun): string {
  return text.replace(/\$\{\{(.*?)\}\}/g, (_, expression: string) => {
    for (const alternative of expression.split('||')) {
      const value = evaluateTerm(alternative.trim(), run);
      if (value !== '') return value;
    }
    return '';
  });
}

function evaluateTerm(term: string, run: WorkflowRun): string {
  const literal = /^'(.*)'$/.exec(term)?.[1];
  if (literal !== undefined) return literal;
  if (!/^github(\.[\w-]+)+$/.test(term)) throw new Error(`the lab cannot evaluate the expression "${term}"`);
  let value: unknown = { ...githubContext(run), token: run.token ?? '', event: run.payload };
  for (const name of term.split('.').slice(1)) value = isObject(value) ? value[name] : undefined;
  if (value === undefined || value === null) return '';
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`the expression "${term}" gives no text`);
}

/** What the context `github` and the GITHUB_ variables share, by the names of the context. */
function githubContext(run: WorkflowRun) {
  const github = { ...DEFAULTS, ...run };
  return {
    job: 'build',
    workflow: 'Build',
    workflow_ref: `${run.repository}/.github/workflows/build.yml@${run.ref}`,
    event_name: run.name,
    ref: run.ref,
    ref_name: run.ref.replace(/^refs\/(heads|tags|pull)\//, ''),
    ref_type: run.ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    sha: run.sha,
    head_ref: run.headRef ?? '',
    base_ref: run.baseRef ?? '',
    repository: run.repository,
    repository_owner: run.repository.split('/')[0] ?? '',
    actor: github.actor,
    run_id: github.runId,
    run_number: '7',
    run_attempt: github.runAttempt,
    server_url: github.serverUrl,
    api_url: github.apiUrl,
  };
}
