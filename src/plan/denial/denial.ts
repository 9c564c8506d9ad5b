// Explains a registry's refusal: the likely cause, and the one thing to change. Pure.
// Servers give the same answer for several causes; the likeliest is named first. Every text that is matched here was really
// observed; the unit test has them with their sources.
import { type ImageName, parseImageName } from '../../image/reference.js';
import type { Inputs } from '../../inputs/inputs.js';
import type { Mirror } from '../../inputs/mirror-inputs.js';
import { describeWorkflowToken, isGitHubRegistry, isSentWorkflowToken } from '../../inputs/secrets/github-token.js';
import { type WorkflowEvent, isFromFork } from '../event/event.js';
import type { ServerAnswer } from '../../shared/answer.js';

/** The login that was used: `none`, `workflow-token` (the job's token), or `own` for any other. */
type LoginKind = 'none' | 'workflow-token' | 'own';

/** Who asks the registry, and for whose code: what explains its answer. */
export interface Caller {
  /** Where the code comes from, on which secrets and permissions of the run depend. */
  readonly origin: 'fork' | 'dependabot' | 'own';
  /** `owner/app` on GitHub; empty elsewhere. */
  readonly repository: string;
  readonly login: LoginKind;
  /** GitHub's registry, from `getGitHubRegistry`. */
  readonly gitHubRegistry: string;
  /** Null when there is no login, or it is in the Docker config. */
  readonly username: string | null;
  /** Which inputs a message names: those of the image, or those of its mirrors. */
  readonly inputs: 'image' | 'mirrors';
}

interface InputWords {
  readonly image: string;
  /** With their article, for "Check …". */
  readonly login: string;
  /** In quotes, for "Set … to a login". */
  readonly quotedLogin: string;
  readonly password: string;
}

const WORDS: Readonly<Record<Caller['inputs'], InputWords>> = {
  image: {
    image: 'image',
    login: 'the inputs username and password',
    quotedLogin: '"username" and "password"',
    password: 'password',
  },
  mirrors: {
    image: 'mirrors',
    login: 'the input mirror-logins',
    quotedLogin: '"mirror-logins"',
    password: 'mirror-logins',
  },
};

export interface Denial extends Caller {
  readonly action: 'login' | 'read' | 'write';
  readonly image: ImageName;
  readonly answer: ServerAnswer;
  /** Whether an image of this name could be read, which means that the name is right. */
  readonly readable: boolean;
}

/** Both without a full stop; `change` is a sentence in the imperative. */
export interface Explanation {
  readonly cause: string;
  readonly change: string;
}

const DEPENDABOT = 'dependabot[bot]';
const PACKAGES_WRITE = 'add "permissions: packages: write" to the job';

/** @param run repository and actor as GitHub names them; `hasLogin` false when neither inputs nor Docker config have one */
export function toCaller(
  inputs: Pick<Inputs, 'image' | 'credentials' | 'githubToken' | 'gitHubRegistry' | 'withheldToken'>,
  event: WorkflowEvent,
  run: { readonly repository: string; readonly actor: string; readonly hasLogin: boolean },
): Caller {
  const { image, credentials, gitHubRegistry, withheldToken } = inputs;
  const workflowToken =
    credentials === null ? withheldToken && !run.hasLogin : isSentWorkflowToken(credentials, image.registry, inputs);
  return {
    origin: isFromFork(event) ? 'fork' : run.actor === DEPENDABOT ? 'dependabot' : 'own',
    repository: run.repository,
    login: workflowToken ? 'workflow-token' : run.hasLogin ? 'own' : 'none',
    gitHubRegistry,
    username: credentials?.username ?? null,
    inputs: 'image',
  };
}

/**
 * The caller for a mirror. In the image's own registry a mirror uses the image's login, unless it has its own.
 * @param caller the run itself, at the registry of the image
 */
export function toMirrorCaller(
  { image, credentials }: Mirror,
  inputs: Pick<Inputs, 'image' | 'githubToken' | 'gitHubRegistry'>,
  caller: Caller,
  hasLogin: boolean,
): Caller {
  if (credentials === null && image.registry === inputs.image.registry) return caller;
  const workflowToken = credentials !== null && isSentWorkflowToken(credentials, image.registry, inputs);
  return {
    ...caller,
    login: workflowToken ? 'workflow-token' : hasLogin ? 'own' : 'none',
    username: credentials?.username ?? null,
    inputs: 'mirrors',
  };
}

/** @returns null when a line of Buildx or BuildKit is no refusal by a registry */
export function parseDenial(line: string): ServerAnswer | null {
  const status = /\b(401 Unauthorized|403 Forbidden|429 Too Many Requests)\b/.exec(line)?.[1]?.slice(0, 3);
  const refused =
    /\bdenied\b|\bunauthorized\b|insufficient_scope|toomanyrequests|not allowed|authentication required/i.test(line);
  return status === undefined && !refused ? null : { status: status === undefined ? null : Number(status), text: line };
}

/** @returns the image whose metadata a step of that name loads (`[internal] load metadata for HOST/NAME:TAG`), or null */
export function parseBaseImage(step: string): ImageName | null {
  const reference = /^\[(?:\S+ )?internal\] load metadata for (\S+)$/.exec(step)?.[1];
  if (reference === undefined) return null;
  try {
    return parseImageName(reference.replace(/@.*$/, '').replace(/:[^/:]*$/, ''));
  } catch {
    return null;
  }
}

/** The likeliest cause, and what to change. */
export function explainDenial(denial: Denial): Explanation {
  const { action, image, answer } = denial;
  const common = explainLimits(denial) ?? explainTokenOfWorkflow(denial);
  if (common !== null) return common;
  if (action === 'read') return explainRead(denial);
  if (action === 'write' && denial.login === 'none')
    return {
      cause: `there is no login for ${image.registry} (the input ${WORDS[denial.inputs].password} ${denial.inputs === 'image' ? 'is empty' : 'has none'})`,
      change: explainMissingLogin(denial),
    };
  const { text } = answer;
  if (isGitHubRegistry(image.registry, denial.gitHubRegistry))
    return action === 'login' ? explainGitHubLogin(denial) : explainGitHubWrite(denial, text);
  if (image.registry === 'docker.io')
    return action === 'login' ? explainHubLogin(denial, text) : explainHubWrite(denial, text);
  if (image.registry.endsWith('.azurecr.io'))
    return action === 'login' ? explainAzureLogin(denial, text) : explainAzureWrite(denial);
  return action === 'login' ? explainWrongLogin(denial) : explainOtherWrite(denial);
}

function explainWrongLogin({ inputs }: Denial): Explanation {
  return {
    cause: 'the user name or the password is wrong, or has expired',
    change: `Check ${WORDS[inputs].login}`,
  };
}

function explainLimits({ image, answer: { status, text }, login }: Denial): Explanation | null {
  const { registry } = image;
  if (status === 429 || /toomanyrequests|rate limit/i.test(text)) {
    return login === 'none'
      ? {
          cause: `${registry} has had too many requests without a login from this runner's address`,
          change: `Log in to ${registry} before this step (docker/login-action): a login has a limit of its own`,
        }
      : {
          cause: `this login has reached the limit of requests of ${registry}`,
          change: 'Run the job again later, or take base images from a registry of your own',
        };
  }
  if (/client with ip\b.*not allowed/i.test(text)) {
    return {
      cause: `the firewall of ${registry} does not let this runner in`,
      change: "Allow the runner's address there, or use a runner inside the registry's network",
    };
  }
  return null;
}

function explainTokenOfWorkflow({ image, login, action, inputs, gitHubRegistry }: Denial): Explanation | null {
  if (login !== 'workflow-token' || image.registry === gitHubRegistry || action === 'read') return null;
  return {
    cause: `there is no login for ${image.registry}: the input ${WORDS[inputs].password} ${describeWorkflowToken(gitHubRegistry)}`,
    change: `Set ${WORDS[inputs].quotedLogin} to a login that may write to ${image.registry}`,
  };
}

function explainMissingLogin({ image, origin, inputs, gitHubRegistry }: Denial): string {
  if (image.registry === gitHubRegistry) {
    return inputs === 'image'
      ? "Leave username and password out: the default is the workflow's token"
      : `Add "${image.registry}=\${{ github.actor }}:\${{ github.token }}" to mirror-logins`;
  }
  if (origin === 'dependabot')
    return 'Add the password to the Dependabot secrets of the repository: runs of Dependabot get no other secrets';
  return `Set ${WORDS[inputs].quotedLogin} to a login that may write to ${image.registry}`;
}

function explainGitHubWrite(
  { image, origin, login, repository, username, readable, inputs }: Denial,
  text: string,
): Explanation {
  const words = WORDS[inputs];
  const [owner = ''] = image.repository.split('/');
  const [runOwner = ''] = repository.toLowerCase().split('/');
  if (/owner not found/i.test(text))
    return { cause: `GitHub has no owner ${owner}`, change: `Correct the owner in the input ${words.image}` };
  if (/user cannot be authenticated/i.test(text))
    return { cause: `the token in the input ${words.password} is not valid any more`, change: 'Renew it' };
  if (login === 'own') {
    return /expected scopes/i.test(text)
      ? {
          cause: `the token in the input ${words.password} has no scope write:packages`,
          change:
            inputs === 'image'
              ? "Give it that scope, or leave username and password out, so that the workflow's token is used"
              : 'Give it that scope',
        }
      : {
          cause: `${username ?? 'the login'} may not write this package`,
          change: `Give ${username ?? 'it'} the role Write on the package. If it has that, its token needs the scope write:packages`,
        };
  }
  if (runOwner !== '' && owner !== runOwner)
    return {
      cause: `the workflow's token is for packages of ${runOwner}, and this one is ${owner}'s`,
      change: `Set the input ${words.image} to ${image.registry}/${[runOwner, ...image.repository.split('/').slice(1)].join('/')}, or the input ${words.password} to a token that may write packages of ${owner}`,
    };
  if (origin === 'dependabot')
    return {
      cause: 'GitHub gives a read-only token to runs that Dependabot starts',
      change: `To push in such runs too, ${PACKAGES_WRITE}`,
    };
  const grant = `in the package's settings, under "Manage Actions access", add ${repository} with the role Write`;
  if (/not allowed to create/i.test(text))
    return {
      cause: "the job's token may not create the package",
      change: `${capitalize(PACKAGES_WRITE)}. If it has that, the organisation forbids it: let one of its owners push the package once, then ${grant}`,
    };
  if (/write_package/i.test(text) && readable)
    return {
      cause: `the package does not let ${repository} write`,
      change: `${capitalize(grant)}. If the job has no "permissions: packages: write", add that first`,
    };
  return {
    cause: "the job's token may not write packages",
    change: `${capitalize(PACKAGES_WRITE)}. If it has that, the package belongs to another repository: ${grant}`,
  };
}

function explainGitHubLogin({ login, inputs }: Denial): Explanation {
  const words = WORDS[inputs];
  if (login === 'workflow-token')
    return {
      cause: "the workflow's token is not valid any more",
      change: `Run the job again, and check ${words.login}`,
    };
  return {
    cause: 'the token is wrong, has expired, or is a fine-grained one, which GitHub does not take here',
    change: `Check ${words.login}${inputs === 'image' ? ", or leave both out, so that the workflow's token is used" : ''}`,
  };
}

function explainHubWrite({ image, username, inputs }: Denial, text: string): Explanation {
  const words = WORDS[inputs];
  const [namespace = '', ...rest] = image.repository.split('/');
  const readWrite = `Create an access token with the permission Read & Write, and set the input ${words.password} to it`;
  if (/insufficient scopes/i.test(text)) return { cause: 'the access token may only read', change: readWrite };
  if (username !== null && username.toLowerCase() !== namespace)
    return {
      cause: `${username} may not write to ${image.repository}, or there is no such repository`,
      change: `Set the input ${words.image} to ${[username.toLowerCase(), ...rest].join('/')}. If ${namespace} is right, its owner must create the repository and let ${username} write`,
    };
  return {
    cause: `the access token may only read, or there is no repository ${image.repository}`,
    change: `${readWrite}. If it has that, create the repository on Docker Hub`,
  };
}

function explainHubLogin(denial: Denial, text: string): Explanation {
  return /personal access token/i.test(text)
    ? {
        cause: 'the account takes no password here',
        change: `Check ${WORDS[denial.inputs].login}: the password must be an access token with the permission Read & Write`,
      }
    : explainWrongLogin(denial);
}

/** On Azure the user name shows the kind of login: https://learn.microsoft.com/azure/container-registry/container-registry-authentication */
function explainAzureWrite({ image, username }: Denial): Explanation {
  if (username === null || isGuid(username) || username === getAzureName(image))
    return {
      cause: 'the identity of this login may not push',
      change: `Assign it the role AcrPush on ${image.registry}`,
    };
  return {
    cause: `the token ${username} may not write to ${image.repository}`,
    change: `Add content/read and content/write of ${image.repository} to the scope map of the token. If ${username} is no token, its identity needs the role AcrPush`,
  };
}

function explainAzureLogin(denial: Denial, text: string): Explanation {
  if (!/not registered with aad|must be guid/i.test(text)) return explainWrongLogin(denial);
  const { image, username } = denial;
  const { login } = WORDS[denial.inputs];
  if (username === getAzureName(image))
    return {
      cause: `the admin user of ${image.registry} is off`,
      change: `Set ${login} to a service principal or a token that may push, or switch the admin user on`,
    };
  return {
    cause: `${username ?? 'the user name'} is neither the ID of a service principal nor the name of a token`,
    change: `Check ${login}`,
  };
}

function explainOtherWrite({ image, username, inputs }: Denial): Explanation {
  return {
    cause: `${username ?? 'the login'} may not write to it, or it does not exist`,
    change: `To push, set ${WORDS[inputs].quotedLogin} to a login that may write to ${image.registry}`,
  };
}

/** For base images: their name may be wrong as well. */
function explainRead({ image, origin, login, repository, gitHubRegistry }: Denial): Explanation {
  const cause = `${image.name} does not exist, or this run may not read it`;
  if (origin !== 'own')
    return {
      cause,
      change: `Check its name. If it is private: runs of ${origin === 'fork' ? 'forks' : 'Dependabot'} get no secrets of the repository to log in with`,
    };
  if (image.registry === gitHubRegistry && login === 'workflow-token')
    return {
      cause,
      change: `Check its name. If it is private: in the package's settings, under "Manage Actions access", add ${repository} with the role Read`,
    };
  const [, official] = /^library\/(.+)$/.exec(image.repository) ?? [];
  const stage = official === undefined ? '' : `, or the name of the stage if ${official} is meant to be one`;
  return {
    cause,
    change: `Check its name${stage}. If it is private, log in to ${image.registry} before this step: the build uses that login`,
  };
}

function getAzureName({ registry }: ImageName): string {
  return registry.split('.')[0] ?? '';
}

function isGuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
