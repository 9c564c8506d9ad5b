import { describe, expect, test } from '@jest/globals';
import { explainDenial, toMirrorCaller, toCaller } from '../../../src/plan/denial/denial.js';
import { parseImageName, parseTag } from '../../../src/image/reference.js';
import type { RegistryState } from '../../../src/plan/context.js';
import { planBuild } from '../../../src/plan/plan.js';
import { expectMirrored, listPinned, listReferences } from '../../../src/publish/pure/mirror-outcome.js';
import { toPlanJson, toPlanLines } from '../../../src/report/plan-text.js';
import { CONTEXT, type With, digestOf, inputsOf, messageOf, pushTo, registryWith } from '../../support/fixtures.js';

const NAMES = { mirrors: 'docker.io/owner/app, registry.example/x/app' };

describe('mirrors and their logins', () => {
  test('names by comma or line, each with the login of its registry', () =>
    expect(
      inputsOf({
        mirrors: 'Owner/App, registry.example:5000/x\nghcr.io/owner/other\n',
        'mirror-logins': 'index.docker.io=owner:dckr_pat:with=all, of it\nregistry.example:5000=robot$x:p\n',
      }).mirrors.map(({ image, credentials }) => [image.name, image.registry, credentials]),
    ).toEqual([
      ['owner/app', 'docker.io', { username: 'owner', password: 'dckr_pat:with=all, of it' }],
      ['registry.example:5000/x', 'registry.example:5000', { username: 'robot$x', password: 'p' }],
      ['ghcr.io/owner/other', 'ghcr.io', null],
    ]));

  test('a login without a password, as in runs without secrets, is left out and said', () => {
    const { mirrors, warnings } = inputsOf({ ...NAMES, 'mirror-logins': 'docker.io=owner:' });
    expect(mirrors.map(({ credentials }) => credentials)).toEqual([null, null]);
    expect(warnings).toEqual([expect.stringMatching(/^mirror-logins: the login for docker\.io has no password/)]);
  });

  test.each<[With, RegExp]>([
    [{ mirrors: 'ghcr.io/owner/app' }, /^InputError: mirrors: item 1 is the image itself, ghcr\.io\/owner\/app/],
    [{ mirrors: 'owner/app,docker.io/owner/app' }, /mirrors: docker\.io\/owner\/app is given twice/],
    [
      { mirrors: 'owner/app,docker.io/owner/b:1' },
      /mirrors: item 2, "docker\.io\/owner\/b:1" is not an image name: it has a tag/,
    ],
    [{ ...NAMES, 'mirror-logins': 'docker.io' }, /mirror-logins: item 1 is not of the form REGISTRY=USERNAME:PASSWORD/],
    [{ ...NAMES, 'mirror-logins': 'docker.io=user' }, /item 1 is not of the form/],
    [{ ...NAMES, 'mirror-logins': 'docker.io=:p' }, /item 1 \(docker\.io\) has no user name/],
    [{ ...NAMES, 'mirror-logins': 'hub=user:p' }, /item 1: what stands before "=" is not the host of a registry/],
    [{ ...NAMES, 'mirror-logins': 'quay.io=user:p' }, /there is a login for quay\.io, and no mirror in that registry/],
    [{ ...NAMES, 'mirror-logins': 'docker.io=a:p\ndocker.io=b:q' }, /docker\.io is given twice/],
    [
      { ...NAMES, 'github-token': 'ghs_x', 'mirror-logins': 'docker.io=a:ghs_x' },
      /the password for docker\.io is the workflow's own token, which is for GitHub's registry only/,
    ],
  ])('%j is refused', (given, message) => expect(messageOf(() => inputsOf(given))).toMatch(message));

  test("GitHub's registry may have the workflow's token", () =>
    expect(
      inputsOf({
        image: 'owner/app',
        mirrors: 'ghcr.io/owner/app',
        'github-token': 't',
        'mirror-logins': 'ghcr.io=a:t',
      }).mirrors[0]?.credentials,
    ).toEqual({ username: 'a', password: 't' }));

  test('a password in the wrong place is not repeated', () => {
    const canary = 'dckr_pat_canary';
    for (const login of [`${canary}=docker.io:x`, `owner:${canary}`, `docker.io=${canary}`, `${canary}=a:b=c`])
      expect(messageOf(() => inputsOf({ ...NAMES, 'mirror-logins': login }))).not.toContain(canary);
  });

  test('a build argument that holds the password of a mirror is refused', () =>
    expect(
      messageOf(() =>
        inputsOf({ ...NAMES, 'mirror-logins': 'docker.io=a:long-password', 'build-args': 'A=long-password' }),
      ),
    ).toMatch(/build-args: item 1 \(A\) holds the value of the input mirror-logins/));
});

describe('the decision to push', () => {
  const inputs = inputsOf({ ...NAMES, 'mirror-logins': 'docker.io=owner:p' });
  const answer = { status: 401, text: 'insufficient scopes' };
  const registry = (...allowed: readonly boolean[]): RegistryState => ({
    ...registryWith(),
    mirrors: inputs.mirrors.map((mirror, index) => ({
      mirror,
      access: allowed[index] === true ? { allowed: true } : { allowed: false, answer, hasLogin: index === 0 },
    })),
  });
  const plan = (state: RegistryState, actor = 'octocat') =>
    planBuild(inputs, pushTo('main'), { ...CONTEXT, actor }, state);

  test('where all may be written, the plan names them', () => {
    const all = plan(registry(true, true));
    expect(all.push).toEqual({ push: true, reason: expect.stringContaining('do all 2 mirrors') });
    expect(JSON.parse(toPlanJson(all))).toMatchObject({ mirrors: ['docker.io/owner/app', 'registry.example/x/app'] });
    expect(toPlanLines(all)).toContain('Mirrors:    docker.io/owner/app, registry.example/x/app');
  });

  test('a mirror that takes nothing is an error before the build, with what to change', () => {
    expect(messageOf(() => plan(registry(false, true)))).toBe(
      'InputError: The image may be pushed, but not to its mirror docker.io/owner/app: the registry docker.io refuses to take an upload to owner/app (401 insufficient scopes): the access token may only read. Create an access token with the permission Read & Write, and set the input mirror-logins to it.',
    );
    expect(messageOf(() => plan(registry(true, false)))).toMatch(
      /mirror registry\.example\/x\/app: there is no login for registry\.example \(the input mirror-logins has none\)\. Set "mirror-logins" to a login/,
    );
  });

  test("Dependabot's runs, which lack its secrets, build and push nothing", () => {
    const { push, mirrors } = plan(registry(true, false), 'dependabot[bot]');
    expect(push).toEqual({ push: false, reason: expect.stringMatching(/Dependabot secrets/) });
    expect(mirrors).toEqual([]);
  });

  test('the image comes first: what may not be pushed is not mirrored', () => {
    const { push } = plan({ ...registry(false, false), writeAccess: { allowed: false, answer, hasLogin: true } });
    expect(push.push).toBe(false);
    expect(push.reason).toContain('ghcr.io');
  });
});

describe('the inputs that a refusal names', () => {
  const inputs = inputsOf({
    mirrors: 'owner/app,ghcr.io/owner/copy,x.azurecr.io/app',
    'mirror-logins': 'docker.io=owner:p',
    'github-token': 'ghs',
  });
  const run = toCaller(inputs, pushTo('main'), { repository: 'owner/app', actor: 'octocat', hasLogin: true });
  const explain = (index: number, text: string, action: 'login' | 'write', hasLogin = true): string => {
    const mirror = inputs.mirrors[index]!;
    const details = toMirrorCaller(mirror, inputs, run, hasLogin);
    const { cause, change } = explainDenial({
      ...details,
      action,
      image: mirror.image,
      answer: { status: 401, text },
      readable: false,
    });
    return `${cause}. ${change}`;
  };
  test.each([
    [0, 'unauthorized', 'login', /Check the input mirror-logins$/],
    [2, 'unauthorized', 'login', /Check the input mirror-logins$/],
    [2, 'denied', 'write', /AcrPush/],
  ] as const)('mirror %s, %s at %s', (index, text, action, expected) =>
    expect(explain(index, text, action)).toMatch(expected),
  );
  test('a mirror beside the image has its login', () =>
    expect(toMirrorCaller(inputs.mirrors[1]!, inputs, run, true)).toBe(run));
  test("GitHub's registry beside another image wants to be given the token", () => {
    const elsewhere = inputsOf({ image: 'owner/app', mirrors: 'ghcr.io/owner/app' });
    const [mirror] = elsewhere.mirrors;
    const details = toMirrorCaller(mirror!, elsewhere, run, false);
    const denial = {
      ...details,
      action: 'write' as const,
      image: mirror!.image,
      answer: { status: 401, text: '' },
      readable: false,
    };
    expect(explainDenial(denial).change).toBe('Add "ghcr.io=${{ github.actor }}:${{ github.token }}" to mirror-logins');
  });
});

describe('what became of the copies', () => {
  const [one, two] = ['a.example/app', 'b.example/app'].map((name) => parseImageName(name));
  const unique = parseTag('abc');
  const outcomes = [
    { image: one!, tags: [unique, parseTag('main')], error: null, effort: '' },
    { image: two!, tags: [unique], error: 'The registry answered 500 when writing main.', effort: '' },
  ];

  test('every reference that is there, and the pinned one of each', () => {
    expect(listReferences(outcomes)).toEqual(['a.example/app:abc', 'a.example/app:main', 'b.example/app:abc']);
    expect(listPinned(outcomes, digestOf(1))).toEqual([
      `a.example/app:abc@${digestOf(1)}`,
      `b.example/app:abc@${digestOf(1)}`,
    ]);
  });

  test('an error says which failed, and what has the image', () => {
    expect(messageOf(() => expectMirrored(outcomes, parseImageName('ghcr.io/owner/app'), unique))).toBe(
      'Error: The image abc is in ghcr.io/owner/app, a.example/app, but could not be copied to b.example/app (it has abc): The registry answered 500 when writing main. Run the job again.',
    );
    expect(() => expectMirrored(outcomes.slice(0, 1), parseImageName('ghcr.io/owner/app'), unique)).not.toThrow();
  });
});
