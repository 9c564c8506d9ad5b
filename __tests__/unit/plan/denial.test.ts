// Recorded refusals -> the one thing to change. Each text was really said; its source stands beside it.
import { describe, expect, test } from '@jest/globals';
import { type Denial, explainDenial, parseBaseImage, parseDenial, toCaller } from '../../../src/plan/denial/denial.js';
import { readAnswer } from '../../../src/adapters/registry/error-answer.js';
import { parseImageName } from '../../../src/image/reference.js';
import { showAnswer } from '../../../src/shared/answer.js';
import { fromFork, inputsOf, pullRequest, pushTo } from '../../support/fixtures.js';

/** A run of `octo/app` with the workflow's own token that asks to write `ghcr.io/octo/app`. */
const DEFAULTS: Omit<Denial, 'answer'> = {
  action: 'write',
  image: parseImageName('ghcr.io/octo/app'),
  origin: 'own',
  repository: 'Octo/app',
  login: 'workflow-token',
  gitHubRegistry: 'ghcr.io',
  username: 'octo',
  inputs: 'image',
  readable: false,
};

type Case = readonly [source: string, text: string, change: Partial<Denial> & { name?: string }, expected: RegExp];

const explain = ([, text, { name, ...change }]: Case): string => {
  const answer = parseDenial(text) ?? { status: null, text };
  const image = parseImageName(name ?? 'ghcr.io/octo/app');
  const { cause, change: advice } = explainDenial({ ...DEFAULTS, image, answer, ...change });
  return `${cause}. ${advice}`;
};

const GHCR: readonly Case[] = [
  // No packages: write, or a read-only default token.
  [
    'github.com/bachp/git-mirror/pull/516, github.com/hyperledger-firefly/signer/pull/74',
    'denied: installation not allowed to Write organization package',
    {},
    /^the job's token may not write packages\. Add "permissions: packages: write" to the job\. .*"Manage Actions access", add Octo\/app with the role Write$/,
  ],
  [
    'github.com/pinchbench/skill/pull/17; the organisation: github.com/atlanhq/application-sdk/pull/2680',
    'denied: installation not allowed to Create organization package',
    {},
    /^the job's token may not create the package\. Add "permissions: packages: write" to the job\. If it has that, the organisation forbids it: /,
  ],
  // Not linked to this repository.
  [
    'github.com/tuna-os/tunaOS/issues/642, github.com/docker/build-push-action/issues/806',
    'denied: permission_denied: write_package',
    { readable: true },
    /^the package does not let Octo\/app write\. In the package's settings, under "Manage Actions access", add Octo\/app with the role Write\. If the job has no "permissions: packages: write"/,
  ],
  [
    'github.com/Opendray/opendray/issues/55, of a package that did not exist',
    'failed to push ghcr.io/opendray/opendray:1.0.0: denied: permission_denied: write_package',
    {},
    /^the job's token may not write packages\. Add "permissions: packages: write".*another repository/,
  ],
  [
    'github.com/docker/build-push-action/issues/981',
    'failed to push ghcr.io/MY_ORG/MY_REPO:latest: unexpected status from HEAD request to https://ghcr.io/v2/MY_ORG/MY_REPO/blobs/sha256:f698428706820e407a258fef7b91e82cecfa28636a487094468a8ee12ce15b7b: 403 Forbidden',
    {},
    /^the job's token may not write packages/,
  ],
  // Wrong owner.
  [
    'github.com/goreleaser/goreleaser/issues/2815',
    'denied: not_found: owner not found',
    { name: 'ghcr.io/helium-diy/app' },
    /^GitHub has no owner helium-diy\. Correct the owner in the input image$/,
  ],
  [
    'github.com/grafana/k6/pull/2111',
    'permission_denied: The requested installation does not exist.',
    { name: 'ghcr.io/loadimpact/k6packager', repository: 'grafana/k6' },
    /^the workflow's token is for packages of grafana, .* loadimpact's\. Set the input image to ghcr\.io\/grafana\/k6packager, or/,
  ],
  // Dependabot.
  [
    'github.com/jidicula/clang-format-action/issues/190',
    'denied: installation not allowed to Write organization package',
    { origin: 'dependabot' },
    /^GitHub gives a read-only token to runs that Dependabot starts\. To push in such runs too, add "permissions: packages: write" to the job$/,
  ],
  // A personal token.
  [
    'github.com/daltoniam/switchboard/pull/139',
    'permission_denied: The token provided does not match expected scopes',
    { login: 'own' },
    /has no scope write:packages\. Give it that scope, or leave username and password out/,
  ],
  [
    'github.com/autc04/Retro68/issues/274',
    'unauthorized: unauthenticated: User cannot be authenticated with the token provided.',
    { login: 'own' },
    /^the token in the input password is not valid any more\. Renew it$/,
  ],
  [
    'github.com/docker/build-push-action/issues/806, as with a personal token',
    'denied: permission_denied: write_package',
    { login: 'own', username: 'robot' },
    /^robot may not write this package\. Give robot the role Write on the package/,
  ],
  // The login itself.
  [
    'github.com/confidential-containers/cloud-api-adaptor/pull/2829',
    'GET "https://ghcr.io/token... response status code 403: denied: denied',
    { action: 'login', login: 'own' },
    /fine-grained .*\. Check the inputs username and password, or leave both out/,
  ],
  // No login.
  [
    'github.com/docker/build-push-action/issues/200',
    'failed to authorize: failed to fetch anonymous token: unexpected status: 403 Forbidden',
    { login: 'none', username: null },
    /^there is no login for ghcr\.io \(the input password is empty\)\. Leave username and password out/,
  ],
];

const DOCKER_HUB: readonly Case[] = [
  [
    'github.com/docker/build-push-action/issues/223: another namespace than on GitHub',
    'server message: insufficient_scope: authorization failed',
    { name: 'andrey-helldar/laravel-gitlab-ci', login: 'own', username: 'helldar' },
    /^helldar may not write to andrey-helldar\/laravel-gitlab-ci, .*\. Set the input image to helldar\/laravel-gitlab-ci\./,
  ],
  [
    'github.com/microsoft/vscode-docker/issues/4379',
    'server message: insufficient_scope: authorization failed',
    { name: 'octo/app', login: 'own' },
    /^the access token may only read, .*Read & Write.*create the repository on Docker Hub$/,
  ],
  [
    'github.com/spinalcordtoolbox/spinalcordtoolbox/issues/5286',
    'failed to fetch oauth token: unexpected status from GET request to https://auth.docker.io/token?scope=repository%3Aneuropoly%2Fsct%3Apull%2Cpush&service=registry.docker.io: 401 Unauthorized: access token has insufficient scopes',
    { name: 'neuropoly/sct', login: 'own', username: 'robot' },
    /^the access token may only read\. Create an access token with the permission Read & Write, and set the input password to it$/,
  ],
  [
    'github.com/docker/hub-feedback/issues/1222',
    'denied: requested access to the resource is denied',
    { name: 'octo/app', login: 'own', username: 'someone' },
    /Set the input image to someone\/app/,
  ],
  [
    'github.com/docker/login-action/issues/95',
    'unauthorized: incorrect username or password',
    { name: 'octo/app', action: 'login', login: 'own' },
    /^the user name or the password is wrong, or has expired\. Check the inputs username and password$/,
  ],
  [
    'github.com/medic/cht-conf/issues/554',
    'unauthorized: please use personal access token to login',
    { name: 'octo/app', action: 'login', login: 'own' },
    /^the account takes no password here\. .*must be an access token/,
  ],
  [
    'the defaults of this action with an image on Docker Hub; text of github.com/docker/login-action/issues/95',
    'unauthorized: incorrect username or password',
    { name: 'octo/app', action: 'write' },
    /^there is no login for docker\.io: the input password is the workflow's own token, which is for GitHub's registry only\. Set "username" and "password" to a login that may write to docker\.io$/,
  ],
  [
    'github.com/docker/hub-feedback/issues/2464',
    'toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit',
    { name: 'library/node', action: 'read', login: 'none' },
    /^docker\.io has had too many requests without a login from this runner's address\. Log in to docker\.io before this step/,
  ],
  [
    'github.com/hystax/optscale/issues/845',
    'failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/hystax/keeper/manifests/sha256:7a5482821467c818a5d166b7a253be240802cb52c7eb554dc5778f883aa0b2b1: 429 Too Many Requests - Server message: toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit',
    { name: 'hystax/keeper', action: 'read', login: 'own' },
    /^this login has reached the limit of requests of docker\.io\. Run the job again later/,
  ],
];

const UNAUTHORIZED =
  'unauthorized: authentication required, visit https://aka.ms/acr/authorization for more information.';
const ACR: readonly Case[] = [
  [
    'github.com/microsoft/azure-pipelines-tasks/issues/19224, with a service principal',
    UNAUTHORIZED,
    { name: 'team.azurecr.io/app', login: 'own', username: '11111111-2222-3333-4444-555555555555' },
    /^the identity of this login may not push\. Assign it the role AcrPush on team\.azurecr\.io$/,
  ],
  [
    'github.com/argoproj-labs/argocd-image-updater/issues/473, with a repository-scoped token',
    UNAUTHORIZED,
    { name: 'team.azurecr.io/app', login: 'own', username: 'ci-push-token' },
    /^the token ci-push-token may not write to app\. Add content\/read and content\/write of app to the scope map/,
  ],
  [
    'github.com/MicrosoftDocs/azure-docs/issues/84204, as the admin user',
    'unauthorized: Application not registered with AAD',
    { name: 'team.azurecr.io/app', action: 'login', login: 'own', username: 'team' },
    /^the admin user of team\.azurecr\.io is off\. Set the inputs username and password to a service principal/,
  ],
  [
    'github.com/Azure/azure-cli/issues/29659, with a wrong user name',
    'unauthorized: Application not registered with AAD.',
    { name: 'team.azurecr.io/app', action: 'login', login: 'own', username: 'wrong_username' },
    /^wrong_username is neither the ID of a service principal nor the name of a token\. Check/,
  ],
  [
    'github.com/microsoft/vscode-docker/issues/3780',
    'unauthorized: aad access token with sp failed client id must be guid',
    { name: 'team.azurecr.io/app', action: 'login', login: 'own', username: 'octo' },
    /^octo is neither/,
  ],
  [
    'github.com/docker/build-push-action/issues/1214',
    'denied: {"errors":[{"code":"DENIED","message":"client with IP \\u0027172.214.169.102\\u0027 is not allowed access. Refer https://aka.ms/acr/firewall to grant access."}]}',
    { name: 'team.azurecr.io/app', action: 'login', login: 'own' },
    /^the firewall of team\.azurecr\.io does not let this runner in\. Allow the runner's address there, or use a runner inside/,
  ],
  [
    'the defaults of this action with an image on ACR; text of github.com/Azure/azure-cli/issues/29659',
    'unauthorized: Application not registered with AAD.',
    { name: 'team.azurecr.io/app', action: 'write' },
    /^there is no login for team\.azurecr\.io: the input password is the workflow's own token/,
  ],
];

const PULL_DENIED =
  'pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed';
const BASE_IMAGES: readonly Case[] = [
  [
    'github.com/zhaarey/wrapper/issues/33: COPY --from names no stage',
    PULL_DENIED,
    { name: 'docker.io/library/builder', action: 'read', login: 'none' },
    /^docker\.io\/library\/builder does not exist, .* Check its name, or the name of the stage if builder is meant to be one\./,
  ],
  [
    'github.com/exactlab/vhpc/issues/43',
    'unexpected status from HEAD request to https://ghcr.io/v2/exactlab/vhpc-base/manifests/v0.3.0: 403 Forbidden',
    { name: 'ghcr.io/exactlab/vhpc-base', action: 'read' },
    /If it is private: in the package's settings, under "Manage Actions access", add Octo\/app with the role Read$/,
  ],
  [
    'github.com/docker/build-push-action/issues/628',
    'failed to solve: failed to fetch anonymous token: unexpected status: 403 Forbidden',
    { name: 'team.azurecr.io/base', action: 'read', login: 'none' },
    /log in to team\.azurecr\.io before this step: the build uses that login$/,
  ],
  [
    'the same text in a run of a fork',
    'failed to solve: failed to fetch anonymous token: unexpected status: 403 Forbidden',
    { name: 'team.azurecr.io/base', action: 'read', login: 'none', origin: 'fork' },
    /runs of forks get no secrets of the repository to log in with$/,
  ],
];

describe.each([
  ['ghcr.io', GHCR],
  ['Docker Hub', DOCKER_HUB],
  ['Azure Container Registry', ACR],
  ['a base image', BASE_IMAGES],
])('%s', (_, cases) => {
  test.each(cases.map((one) => [one[0], one] as const))('%s', (__, one) => {
    const said = explain(one);
    expect(said).toMatch(one[3]);
    expect(said).not.toMatch(/\.$|\n|undefined|null/);
  });
});

test('a registry that is none of these needs another login; Dependabot has secrets of its own', () => {
  const name = 'registry.example/app';
  const denied = 'denied: requested access to the resource is denied';
  expect(explain(['', denied, { name, login: 'own' }, /./])).toMatch(
    /^octo may not write to it, .*"username" and "password"/,
  );
  expect(explain(['', denied, { name, login: 'none', origin: 'dependabot' }, /./])).toContain('the Dependabot secrets');
});

test('who asks follows from event, actor and inputs', () => {
  const details = { repository: 'owner/app', actor: 'octocat', hasLogin: true };
  const token = inputsOf({ password: 't', 'github-token': 't' });
  const own = inputsOf({ password: 'p', 'github-token': 't', username: 'robot' });
  expect(toCaller(token, pushTo('main'), details)).toMatchObject({ origin: 'own', login: 'workflow-token' });
  expect(toCaller(own, pullRequest(), { ...details, actor: 'dependabot[bot]' })).toMatchObject({
    origin: 'dependabot',
    login: 'own',
    username: 'robot',
  });
  expect(toCaller(inputsOf(), fromFork(), details)).toMatchObject({ origin: 'fork', login: 'own', username: null });
  expect(toCaller(inputsOf(), pushTo('main'), { ...details, hasLogin: false })).toMatchObject({ login: 'none' });
});

test.each([
  ['exit code: 1', null],
  ['docker.io/library/nope:1: not found', null],
  ['dial tcp 10.0.0.1:443: connect: connection refused', null],
  ['unexpected status from HEAD request to https://a/v2/b/manifests/1: 403 Forbidden', 403],
])('%s: is it a refusal, and with which status', (line, status) =>
  expect(parseDenial(line)?.status ?? null).toBe(status),
);

test.each([
  ['[internal] load metadata for docker.io/library/node:24-slim', 'docker.io/library/node'],
  ['[linux/amd64 internal] load metadata for 127.0.0.1:5000/base/busybox:1', '127.0.0.1:5000/base/busybox'],
  [`[internal] load metadata for ghcr.io/octo/base:1@sha256:${'a'.repeat(64)}`, 'ghcr.io/octo/base'],
  ['[builder 1/6] FROM ghcr.io/octo/base:1', undefined],
  ['exporting to image', undefined],
])('%s loads %s', (step, name) => expect(parseBaseImage(step)?.name).toBe(name));

test.each([
  [
    '{"errors":[{"code":"DENIED","message":"permission_denied: write_package"}]}',
    '403 DENIED permission_denied: write_package',
  ],
  // auth.docker.io
  ['{"details":"incorrect username or password"}', '403 incorrect username or password'],
  ['{"errors":[{"code":"DENIED","message":"two\\nlines"}]}', '403 DENIED two lines'],
  ['<html>Forbidden</html>', '403'],
  ['', '403'],
])('%s is shown as %s', (body, shown) =>
  expect(showAnswer(readAnswer({ status: 403, body: Buffer.from(body) }))).toBe(shown),
);
