// Where GitHub's tokens may go: to the registry of the server that issued them, and nowhere else.
import { describe, expect, test } from '@jest/globals';
import { type Denial, explainDenial, toMirrorCaller, toCaller } from '../../../../src/plan/denial/denial.js';
import { getGitHubRegistry, isGitHubToken } from '../../../../src/inputs/secrets/github-token.js';
import { type With, inputsOf, messageOf, pushTo } from '../../../support/fixtures.js';

const TOKEN = 'ghs_workflow0123456789';
const GHES = 'containers.github.example.com';

describe('the registry of a server', () => {
  test.each([
    ['https://github.com', 'ghcr.io'],
    ['https://github.com/', 'ghcr.io'],
    ['https://GitHub.com', 'ghcr.io'],
    ['https://github.example.com', GHES],
    ['https://github.example.com:8443', `${GHES}:8443`],
    ['https://octocorp.ghe.com', 'containers.octocorp.ghe.com'],
    ['', 'ghcr.io'],
    ['no address', 'ghcr.io'],
  ])('%s: %s', (server, registry) => expect(getGitHubRegistry(server)).toBe(registry));
});

describe("the workflow's own token as password", () => {
  const login = { username: 'octo', password: TOKEN };
  test.each([
    ['ghcr.io/octo/app', 'ghcr.io', true],
    [`${GHES}/octo/app`, GHES, true],
    ['containers.octocorp.ghe.com/octo/app', 'containers.octocorp.ghe.com', true],
    ['127.0.0.1:5000/octo/app', 'ghcr.io', true],
    ['localhost:5000/octo/app', 'ghcr.io', true],
    ['containers.example.test/octo/app', 'ghcr.io', false],
    ['containers.example.test/octo/app', GHES, false],
    [`${GHES}/octo/app`, 'ghcr.io', false],
    [`${GHES}:5000/octo/app`, GHES, false],
    [`${GHES}.example.org/octo/app`, GHES, false],
    ['github.example.com/octo/app', GHES, false],
    ['containers.other.ghe.com/octo/app', 'containers.octocorp.ghe.com', false],
    // A server's token is of no use on github.com.
    ['ghcr.io/octo/app', GHES, false],
    ['ghcr.io:8443/octo/app', 'ghcr.io', false],
    ['docker.pkg.github.com/octo/app', 'ghcr.io', false],
    ['team.azurecr.io/app', 'ghcr.io', false],
    ['octo/app', 'ghcr.io', false],
    ['ghcr.io.example.com/octo/app', 'ghcr.io', false],
    ['127.0.0.1.example.com/octo/app', 'ghcr.io', false],
  ])('for %s on the server of %s: %s', (image, registry, sent) => {
    const inputs = inputsOf({ image, ...login, 'github-token': TOKEN }, registry);
    expect(inputs.credentials).toEqual(sent ? login : null);
    expect(inputs.withheldToken).toBe(!sent);
  });

  test.each<[string, With]>([
    ['white space behind it', { password: `${TOKEN} \n`, 'github-token': TOKEN }],
    ['white space before it', { password: `\t${TOKEN}`, 'github-token': TOKEN }],
    ['white space in the other input', { password: TOKEN, 'github-token': `${TOKEN}\n` }],
    ['beside another github-token', { password: TOKEN, 'github-token': 'ghp_personal0123456789' }],
    ['beside no github-token', { password: TOKEN, 'github-token': '' }],
    ['a form that nobody knows', { password: 'v9.abcdef \n', 'github-token': 'v9.abcdef' }],
  ])('is known however it arrives: %s', (_, given) => {
    const elsewhere = inputsOf({ image: 'team.azurecr.io/app', username: 'octo', ...given });
    expect(elsewhere.credentials).toBeNull();
    expect(elsewhere.withheldToken).toBe(true);
    const { credentials } = inputsOf({ username: 'octo', ...given });
    expect(credentials).toEqual({ username: 'octo', password: given.password?.trim() });
  });

  test('a refusal is explained as that of the token also where github-token is another one', () => {
    const given = { password: TOKEN, 'github-token': 'ghp_personal0123456789' };
    const details = { repository: 'octo/app', actor: 'octo', hasLogin: true };
    expect(toCaller(inputsOf(given), pushTo('main'), details).login).toBe('workflow-token');
  });

  test('a loopback registry takes it as a password like any other, and so it is explained', () => {
    const inputs = inputsOf({ image: '127.0.0.1:5000/octo/app', ...login, 'github-token': 'ghs_other0123456789' });
    const details = toCaller(inputs, pushTo('main'), { repository: 'octo/app', actor: 'octo', hasLogin: true });
    expect(details.login).toBe('own');
  });

  test('another password goes wherever the image is, as it was given', () => {
    const password = ' not-of-github ';
    const inputs = inputsOf({ image: 'team.azurecr.io/app', username: 'octo', password, 'github-token': TOKEN });
    expect(inputs.credentials).toEqual({ username: 'octo', password });
    expect(inputs.withheldToken).toBe(false);
  });
});

describe('another GitHub token', () => {
  const TOKENS = [
    'ghp_0123456789abcdefghijABCDEFGHIJ012345',
    'gho_0123456789',
    'ghu_0123456789',
    'ghr_0123456789',
    'github_pat_11ABCDEFG0123456789_abc',
  ];
  test.each(TOKENS)("%s is an error where the registry is not GitHub's, with the line to change", (token) => {
    for (const password of [token, `${token}\n`, ` ${token} `]) {
      const message = messageOf(() => inputsOf({ image: 'containers.example.test/app', password }));
      expect(message).toBe(
        "InputError: password is a GitHub token, and containers.example.test is not GitHub's registry: it would be sent to somebody else. " +
          'Change the line "password:" to a password or token of containers.example.test.',
      );
    }
  });
  test.each(TOKENS)("%s goes to GitHub's registries, without white space around it", (password) => {
    for (const [image, own] of [
      ['ghcr.io/owner/app', 'ghcr.io'],
      ['ghcr.io/owner/app', GHES],
      [`${GHES}/owner/app`, GHES],
      ['127.0.0.1:5000/app', 'ghcr.io'],
    ] as const)
      expect(inputsOf({ image, password: `${password} \n` }, own).credentials?.password).toBe(password);
  });
  test('is one as a user name too', () => {
    const given = { image: 'team.azurecr.io/app', username: TOKENS[0]!, password: 'x-oauth-basic' };
    const message = messageOf(() => inputsOf(given));
    expect(message).toMatch(/^InputError: username is a GitHub token.* Change the line "username:"/);
    expect(message).not.toContain(TOKENS[0]);
    expect(messageOf(() => inputsOf({ ...given, username: TOKEN }))).toMatch(/username is the workflow's own token/);
  });
  test.each(['ghost_town', 'ghp_', 'ghx_0123', 'x-ghp_0123456789', 'GHP_0123456789', 'github_patches'])(
    '%j is none',
    (text) => expect(isGitHubToken(text)).toBe(false),
  );
});

test("a scanner's token is not GitHub's", () => {
  for (const token of [TOKEN, 'ghp_0123456789'])
    expect(messageOf(() => inputsOf({ scan: 'snyk', 'scan-token': token, 'github-token': TOKEN }))).toMatch(
      /^InputError: scan-token is a GitHub token, .* Change the line "scan-token:"/,
    );
});

describe('the login of a mirror', () => {
  const mirror = (password: string, registry = 'docker.io', own = 'ghcr.io') =>
    inputsOf(
      {
        image: '127.0.0.1:5000/x',
        mirrors: `${registry}/owner/app`,
        'github-token': 'ghs_x',
        'mirror-logins': `${registry}=a:${password}`,
      },
      own,
    ).mirrors[0]?.credentials?.password;
  test.each(['ghs_x', 'ghs_x ', TOKEN])("%j is the workflow's token", (password) =>
    expect(messageOf(() => mirror(password))).toBe(
      "InputError: mirror-logins: the password for docker.io is the workflow's own token, which is for GitHub's registry only. " +
        'Change the line "docker.io=…" to a login of docker.io.',
    ),
  );
  test.each(['ghp_0123456789', 'github_pat_11A'])("%s is another of GitHub's", (password) =>
    expect(messageOf(() => mirror(password, GHES))).toMatch(
      /the password for containers\.github\.example\.com is a GitHub token, and that is not GitHub's registry\. Change the line "containers\.github\.example\.com=…"/,
    ),
  );
  test("they go to GitHub's own", () => {
    expect(mirror(`${TOKEN} `, 'ghcr.io')).toBe(TOKEN);
    expect(mirror('ghs_x', GHES, GHES)).toBe('ghs_x');
    expect(mirror('ghp_0123456789', 'ghcr.io', GHES)).toBe('ghp_0123456789');
    expect(messageOf(() => mirror('ghs_x', 'ghcr.io', GHES))).toMatch(
      /the workflow's own token, which is for GitHub's registry only \(containers\.github\.example\.com\)/,
    );
  });
});

describe('on an Enterprise Server', () => {
  const explain = (image: string, given: With, action: Denial['action']): string => {
    const inputs = inputsOf({ image, username: 'octo', password: TOKEN, 'github-token': TOKEN, ...given }, GHES);
    const details = toCaller(inputs, pushTo('main'), {
      repository: 'octo/app',
      actor: 'octo',
      hasLogin: inputs.credentials !== null,
    });
    const denial = { ...details, action, image: inputs.image, answer: { status: 403, text: '' }, readable: false };
    const { cause, change } = explainDenial(denial);
    return `${cause}. ${change}`;
  };
  test("its registry is explained as GitHub's", () =>
    expect(explain(`${GHES}/octo/app`, {}, 'write')).toMatch(/add "permissions: packages: write" to the job/i));
  test('ghcr.io has not been given its token', () =>
    expect(explain('ghcr.io/octo/app', {}, 'write')).toMatch(
      /no login for ghcr\.io: .* for GitHub's registry only \(containers\.github\.example\.com\)\. Set "username" and "password"/,
    ));
  test("a mirror there is one of GitHub's", () => {
    const inputs = inputsOf({ image: 'owner/app', mirrors: `${GHES}/owner/app` }, GHES);
    const run = toCaller(inputs, pushTo('main'), { repository: 'owner/app', actor: 'octo', hasLogin: false });
    const [one] = inputs.mirrors;
    const details = toMirrorCaller(one!, inputs, run, false);
    const answer = { status: 401, text: '' };
    expect(explainDenial({ ...details, action: 'write', image: one!.image, answer, readable: false }).change).toBe(
      `Add "${GHES}=\${{ github.actor }}:\${{ github.token }}" to mirror-logins`,
    );
  });
});
