// Why nothing was pushed, or a login was refused. What ghcr.io, Docker Hub and Azure have said is recorded; the unit test of
// the explanations names its sources.
import { parseChallenge } from '../../../src/adapters/registry/token.js';
import { parseImageName } from '../../../src/image/reference.js';
import { type Denial, explainDenial, parseDenial } from '../../../src/plan/denial/denial.js';
import { errorMessage } from '../../../src/shared/text.js';
import { OTHER, SHA, on, pullRequest, push } from '../world/events.js';
import { type Cause, type Causes, given } from './cause.js';

const PERSONAL_TOKEN = `ghp_${'a'.repeat(36)}`;
const READER = { name: 'reader', password: 'the-right-password', writes: false };

/** What is made of a registry's answer. @param who by default a run of octo/app with the workflow's token that pushes */
function denied(image: string, said: string, who: Partial<Denial> = {}): Cause {
  return () => {
    const { cause } = explainDenial({
      ...{ action: 'write', origin: 'own', repository: 'Octo/app', login: 'workflow-token', gitHubRegistry: 'ghcr.io' },
      ...{ username: 'octo', inputs: 'image', readable: false },
      ...{ image: parseImageName(image), answer: parseDenial(said) ?? { status: null, text: said } },
      ...who,
    });
    return cause;
  };
}

const GHCR: Causes = {
  'ghcr.io, without packages: write': denied(
    'ghcr.io/octo/app',
    'denied: installation not allowed to Write organization package',
  ),
  "ghcr.io, another repository's package": denied('ghcr.io/octo/app', 'denied: permission_denied: write_package', {
    readable: true,
  }),
  'ghcr.io, a package that is not there': denied(
    'ghcr.io/octo/app',
    'denied: installation not allowed to Create organization package',
  ),
  'ghcr.io, another owner': denied(
    'ghcr.io/someone/app',
    'permission_denied: The requested installation does not exist.',
  ),
  'ghcr.io, Dependabot': denied('ghcr.io/octo/app', 'denied: installation not allowed to Write organization package', {
    origin: 'dependabot',
  }),
  'ghcr.io, a token without the scope': denied(
    'ghcr.io/octo/app',
    'permission_denied: The token provided does not match expected scopes',
    { login: 'own' },
  ),
  'ghcr.io, a wrong token': denied('ghcr.io/octo/app', 'response status code 403: denied: denied', {
    action: 'login',
    login: 'own',
  }),
};

const OTHERS: Causes = {
  'Docker Hub, a password': denied('octo/app', 'unauthorized: please use personal access token to login', {
    action: 'login',
    login: 'own',
  }),
  'Docker Hub, a token that reads': denied('octo/app', '401 Unauthorized: access token has insufficient scopes', {
    login: 'own',
  }),
  'Azure, an identity without a role': denied('team.azurecr.io/app', 'unauthorized: authentication required', {
    login: 'own',
    username: '11111111-2222-3333-4444-555555555555',
  }),
  'Azure, the admin user': denied('team.azurecr.io/app', 'unauthorized: Application not registered with AAD.', {
    action: 'login',
    login: 'own',
    username: 'team',
  }),
  'Azure, a firewall': denied('team.azurecr.io/app', "denied: client with IP '10.0.0.1' is not allowed access.", {
    action: 'login',
    login: 'own',
  }),
  "the workflow's token for another registry": denied('team.azurecr.io/app', 'unauthorized: authentication required'),
  'too many requests': denied('docker.io/octo/app', 'toomanyrequests: You have reached your pull rate limit.', {
    action: 'read',
    login: 'none',
  }),
};

const RUNS: Causes = {
  'a run of a fork that must push': given({ push: 'true' }, pullRequest({ fork: 'mallory/app' })),
  'another commit on an event that strangers can cause': (world) => {
    world.checkedOut = { commit: OTHER, branch: null };
    return world.run(on('issue_comment', 'refs/heads/main'));
  },
  'no login': (world) => {
    world.registry.users = [READER];
    return world.run(push('main', SHA));
  },
  'a personal token for another registry': given({
    image: 'registry.test/owner/app',
    username: 'owner',
    password: PERSONAL_TOKEN,
  }),
  'a personal token for a mirror elsewhere': given({
    mirrors: 'registry.test/owner/app',
    'mirror-logins': `registry.test=owner:${PERSONAL_TOKEN}`,
  }),
  'a password of white space': given({ password: '  ' }),
  'a password without a user': given({ username: '', password: 'x-password' }),
  'a wrong password': (world) => {
    world.registry.users = [READER];
    return world.run(push('main', SHA), { username: READER.name, password: 'another-password' });
  },
  'a token server without TLS': () => {
    try {
      parseChallenge('Bearer realm="http://auth.test/token"', 'https://registry.test/v2/');
      return '';
    } catch (error) {
      return errorMessage(error);
    }
  },
  'a registry that is not there': given({ image: '127.0.0.1:1/owner/app' }),
  'a mirror that takes nothing': (world) => {
    world.registry.intercept = (method, _path, repository) =>
      method !== 'GET' && method !== 'HEAD' && repository === 'owner/copy' ? { status: 403, body: '{}' } : undefined;
    return world.run(push('main', SHA), { mirrors: `${world.registry.host}/owner/copy` });
  },
  'a mirror that fails later': (world) => {
    world.registry.intercept = (method, path, repository) =>
      method === 'PUT' && path.startsWith('manifests/') && repository === 'owner/copy'
        ? { status: 400, body: '{}' }
        : undefined;
    return world.run(push('main', SHA), { mirrors: `${world.registry.host}/owner/copy` });
  },
  'no tag that is free': (world) => {
    world.registry.intercept = (method, path) =>
      method === 'HEAD' && path.startsWith(`manifests/${SHA}`)
        ? { status: 200, headers: { 'docker-content-digest': `sha256:${'0'.repeat(64)}` } }
        : undefined;
    return world.run(push('main', SHA));
  },
};

export const REFUSED: Causes = { ...GHCR, ...OTHERS, ...RUNS };
