// Recognises GitHub's tokens, and keeps them from other registries. Pure.
import { isLoopback } from '../../image/reference.js';
import { InputError } from '../../shared/errors.js';
import type { Credentials } from './credentials.js';

/** The registry of github.com. */
const GITHUB_COM_REGISTRY = 'ghcr.io';

/**
 * The one registry that takes the token of a workflow on this server: a token is of use only where it was issued.
 * github.com has `ghcr.io`, an Enterprise Server and a tenant of ghe.com have `containers.` before their own host.
 * https://docs.github.com/enterprise-server/packages/working-with-a-github-packages-registry/working-with-the-container-registry
 * https://docs.github.com/enterprise-cloud@latest/admin/data-residency/feature-overview-for-github-enterprise-cloud-with-data-residency
 * @param serverUrl `GITHUB_SERVER_URL`, such as `https://github.com`
 */
export function getGitHubRegistry(serverUrl: string): string {
  const host = URL.canParse(serverUrl) ? new URL(serverUrl).host : '';
  return host === '' || host === 'github.com' ? GITHUB_COM_REGISTRY : `containers.${host}`;
}

/** @param own the registry of the server that runs the workflow, by `getGitHubRegistry` */
export function isGitHubRegistry(registry: string, own: string): boolean {
  return registry === GITHUB_COM_REGISTRY || registry === own;
}

/**
 * Prefixes of GitHub's tokens: personal (classic, fine-grained), OAuth, user and installation of an app, refresh. Only the
 * prefix is compared, since GitHub may change length and characters of the rest.
 * https://github.blog/changelog/2021-03-31-authentication-token-format-updates-are-generally-available
 */
const GITHUB_TOKEN = /^(?:gh[pousr]_|github_pat_)[A-Za-z0-9_]/;
/** Prefix of an app's installation token; the workflow's token is one, of the app GitHub Actions. */
const INSTALLATION_TOKEN = /^ghs_[A-Za-z0-9_]/;

/** Whether a text has the form of a GitHub token; white space around it is ignored. */
export function isGitHubToken(text: string): boolean {
  return GITHUB_TOKEN.test(text.trim());
}

/**
 * Whether a password is the workflow's own token: the same as the input github-token, or of its kind, since that input may
 * have been given another one.
 */
function isWorkflowToken(password: string, githubToken: string | null): boolean {
  const text = password.trim();
  return (githubToken !== null && text === githubToken.trim()) || INSTALLATION_TOKEN.test(text);
}

/** What decides which registry may get a token. */
export interface TokenScope {
  /** The input github-token. */
  readonly githubToken: string | null;
  /** From `getGitHubRegistry`. */
  readonly gitHubRegistry: string;
}

export interface SortedLogin {
  /** Null: no login was given, or it is withheld. */
  readonly credentials: Credentials | null;
  /** Whether the login is withheld: its password is the workflow's token, which this registry must not get. */
  readonly withheld: boolean;
}

/**
 * The login for the registry of the image. The workflow's token, which is the default, is kept back from another registry,
 * so that an earlier step's login counts. Any other GitHub token there was given on purpose, and is a mistake.
 * @throws InputError when a GitHub token would go to a registry that is not GitHub's; it never repeats the token
 */
export function sortLogin(given: Credentials | null, registry: string, tokenScope: TokenScope): SortedLogin {
  if (given === null) return { credentials: null, withheld: false };
  const misplaced = findMisplacedToken(given, registry, tokenScope);
  if (misplaced?.input === 'password' && misplaced.kind === 'workflow') return { credentials: null, withheld: true };
  if (misplaced !== null)
    throw new InputError(
      `${misplaced.input} is ${KINDS[misplaced.kind]}, and ${registry} is not GitHub's registry: it would be sent to somebody else. ` +
        `Change the line "${misplaced.input}:" to a ${misplaced.input === 'password' ? 'password or token' : 'user name'} of ${registry}.`,
    );
  return { credentials: withoutSpaceAroundToken(given, tokenScope), withheld: false };
}

/**
 * The login for the registry of a mirror. It has no default, so a GitHub token for another registry is a mistake.
 * @throws InputError as `sortLogin`
 */
export function checkMirrorLogin(given: Credentials, registry: string, tokenScope: TokenScope): Credentials {
  const misplaced = findMisplacedToken(given, registry, tokenScope);
  if (misplaced === null) return withoutSpaceAroundToken(given, tokenScope);
  const what = misplaced.input === 'password' ? 'password' : 'user name';
  const why =
    misplaced.kind === 'workflow'
      ? describeWorkflowToken(tokenScope.gitHubRegistry)
      : "is a GitHub token, and that is not GitHub's registry";
  throw new InputError(
    `mirror-logins: the ${what} for ${registry} ${why}. Change the line "${registry}=…" to a login of ${registry}.`,
  );
}

/** @throws InputError when the token for a scanner's service is one of GitHub's */
export function checkScanToken(token: string | null, { githubToken }: TokenScope): void {
  if (token !== null && (isWorkflowToken(token, githubToken) || isGitHubToken(token)))
    throw new InputError(
      'scan-token is a GitHub token, and the scanner would send it to somebody else. Change the line "scan-token:" to a token of the scanner.',
    );
}

/** Words of a message on a GitHub token for another registry. */
export function describeWorkflowToken(own: string): string {
  return `is the workflow's own token, which is for GitHub's registry only${own === GITHUB_COM_REGISTRY ? '' : ` (${own})`}`;
}

const KINDS = { workflow: "the workflow's own token", other: 'a GitHub token' } as const;

interface MisplacedToken {
  readonly input: 'username' | 'password';
  readonly kind: keyof typeof KINDS;
}

/** @returns which part of a login is a GitHub token that this registry must not get, or null. Loopback may get any. */
function findMisplacedToken(login: Credentials, registry: string, tokenScope: TokenScope): MisplacedToken | null {
  const { githubToken, gitHubRegistry } = tokenScope;
  if (registry === gitHubRegistry || isLoopback(registry)) return null;
  for (const input of ['password', 'username'] as const) {
    if (isWorkflowToken(login[input], githubToken)) return { input, kind: 'workflow' };
    if (isGitHubToken(login[input]) && !isGitHubRegistry(registry, gitHubRegistry)) return { input, kind: 'other' };
  }
  return null;
}

/** Whether a login that is sent is the workflow's token: elsewhere than at GitHub's registry (loopback) it is a password like any other. */
export function isSentWorkflowToken({ password }: Credentials, registry: string, tokenScope: TokenScope): boolean {
  return registry === tokenScope.gitHubRegistry && isWorkflowToken(password, tokenScope.githubToken);
}

/** White space around a token is never part of it. */
function withoutSpaceAroundToken(login: Credentials, { githubToken }: TokenScope): Credentials {
  const { password } = login;
  const isToken = isWorkflowToken(password, githubToken) || isGitHubToken(password);
  return isToken ? { ...login, password: password.trim() } : login;
}
