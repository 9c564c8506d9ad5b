// Secrets where they must not be, in the forms in which they get there, and names that look like secrets.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { withEnvironmentValues } from '../../../../src/build/pure/environment-arguments.js';
import { forbidSecretArguments, listSuspectArguments } from '../../../../src/inputs/build-options.js';
import {
  findSecret,
  isTooShortToMask,
  listMasks,
  looksLikeSecret,
} from '../../../../src/inputs/secrets/secret-text.js';
import { type With, inputsOf, messageOf } from '../../../support/fixtures.js';

const SECRET = 'c4nary/+secret?~';
const holdsSecret = (text: string, secret: string): boolean => findSecret(text, secret) !== null;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('a secret in a text', () => {
  test.each([
    ['raw', SECRET],
    ['inside a longer value', `https://x:${SECRET}@host/`],
    ['base64', base64(SECRET)],
    ['base64 of a login', base64(`octo:${SECRET}`)],
    ['base64 of a longer login', base64(`octocat:${SECRET}\n`)],
    ['base64url', Buffer.from(`octo:${SECRET}`).toString('base64url')],
  ])('is found: %s', (_, text) => expect(holdsSecret(text, SECRET)).toBe(true));

  test('is found base64-encoded between any other bytes', () =>
    fc.assert(
      fc.property(
        fc.string({ maxLength: 9 }),
        fc.string({ minLength: 12 }).filter((text) => text.trim().length >= 12),
        fc.string({ maxLength: 9 }),
        (before, secret, after) => {
          expect(holdsSecret(base64(before + secret.trim() + after), secret)).toBe(true);
        },
      ),
    ));

  test.each(['', ' ', 'abc', 'a\nb\nc'])('%j is too short to be told from chance', (secret) =>
    expect(holdsSecret('abc a b c YWJj', secret)).toBe(false),
  );
  test('each line of a long secret counts', () =>
    expect(holdsSecret('x=second-line', 'first-line\r\n second-line \r\n')).toBe(true));
  test('another value does not', () => expect(holdsSecret('VERSION=1.2.3', SECRET)).toBe(false));
});

describe('masks', () => {
  test('are every line that says anything, without the white space around it, and never the whole of several', () =>
    expect(listMasks('{\n  "key": "abcd"\r\n}\n')).toEqual(['"key": "abcd"']));
  test('of one line are that line', () => expect(listMasks(' pass word \n')).toEqual(['pass word']));
  test.each(['', ' ', '\n\r\n', '{', '{\n', '1', 'ab', 'a\nb\nc', 'abc\ndef'])('of %j are none', (secret) => {
    expect(listMasks(secret)).toEqual([]);
    expect(isTooShortToMask(secret)).toBe(secret.trim() !== '');
  });
  test('of a short secret are itself', () => expect(listMasks('abc')).toEqual(['abc']));
});

// As people pass them: whole files, in which one line is the secret.
describe('a file of settings', () => {
  const NPMRC =
    'registry=https://registry.npmjs.org/\nfund=false\naudit=false\nloglevel=warn\n//npm.pkg.github.com/:_authToken=npm_0aB1cD2eF3gH\n';
  const ENV =
    'NODE_ENV=production\nPORT=3000\nAPI_URL=https://api.example.org/v1\n# a comment\nexport DB_PASSWORD="s3cret!"\nSESSION=f00ba4ba2c0ffee1234\n';

  test('has masks for what can be a secret, and for that alone', () => {
    expect(listMasks(NPMRC)).toEqual(['//npm.pkg.github.com/:_authToken=npm_0aB1cD2eF3gH', 'npm_0aB1cD2eF3gH']);
    expect(listMasks(ENV)).toEqual([
      '# a comment',
      'export DB_PASSWORD="s3cret!"',
      'SESSION=f00ba4ba2c0ffee1234',
      'f00ba4ba2c0ffee1234',
    ]);
  });
  test.each(['fund=false', 'NODE_ENV=production', 'fund=false\naudit=false\n'])(
    'of %j has none, and needs none',
    (text) => {
      expect(listMasks(text)).toEqual([]);
      expect(isTooShortToMask(text)).toBe(false);
    },
  );
  test.each([
    // A login, a query, random parts of a path, a pass phrase, and the forms of tokens.
    'URL=https://x:hunter22@example.org/',
    'URL=https://example.org/?sig=abcdef',
    'HOOK=https://hooks.example.org/T0A1B2C3/aGk3YqPz',
    'PHRASE=correct horse battery staple',
    'OTHER=eyJhbGciOiJIUzI1NiJ9',
    'PGPASS=hunter2',
    'DATABASE_URL=postgres://app:secret-word@db/app',
  ])('%j can be a secret', (line) => expect(listMasks(`A=1\n${line}\n`)).toContain(line));
  test.each(['summer=time', 'Summer=time', 'p4ss=word', 'a=b=c'])('one line may be a password with a "=": %j', (line) =>
    expect(listMasks(line)).toEqual([line]),
  );
  test.each(['production', 'false', 'TRUE'])('%j is a word that every log has, and no secret', (word) => {
    expect(listMasks(word)).toEqual([]);
    expect(isTooShortToMask(word)).toBe(false);
  });

  const refusal = (argument: string, secret: string): string | null => {
    const { flags } = inputsOf({ 'build-args': argument });
    try {
      forbidSecretArguments(flags, new Map([[secret, 'the input secrets']]));
      return null;
    } catch (error) {
      return (error as Error).message;
    }
  };
  test.each(['NODE_ENV=production', 'PORT=3000', 'API_URL=https://api.example.org/v1'])(
    'leaves %s to a build argument',
    (argument) => {
      expect(refusal(argument, ENV)).toBeNull();
      expect(refusal(argument, argument)).toBeNull();
    },
  );
  test('refuses a secret of it in a build argument, and says which line', () => {
    expect(refusal('SESSION=f00ba4ba2c0ffee1234', ENV)).toContain(
      '(SESSION) holds line 6 of the value of the input secrets,',
    );
    expect(refusal('COPY=f00ba4ba2c0ffee1234', ENV)).toContain('holds line 6 of');
    expect(refusal(`ALL=${base64(ENV)}`, ENV)).toContain('holds the value of the input secrets,');
  });
});

describe('an input whose text is stored in the image', () => {
  const given: With = { password: 'ghs_password1', 'github-token': 'ghs_token1234', secrets: `id=${SECRET}` };
  const INPUTS = ['build-args', 'labels', 'annotations', 'build-contexts'] as const;
  const SECRETS = [
    ['ghs_password1', 'the input password'],
    ['ghs_token1234', 'the input github-token'],
    [SECRET, 'the input secrets'],
  ] as const;
  test.each(INPUTS.flatMap((input) => SECRETS.map(([secret, from]) => [input, secret, from] as const)))(
    '%s may not hold %s',
    (input, secret, from) => {
      for (const value of [secret, `https://x:${secret}@host`, base64(secret), base64(`octo:${secret}`)]) {
        const message = messageOf(() => inputsOf({ ...given, [input]: `FIRST=1\nNAME=${value}` }));
        expect(message).toContain(`InputError: ${input}: item 2 (NAME) holds the value of ${from},`);
        expect(message).toContain('"secrets: ID=VALUE"');
        expect(message).not.toContain(secret);
        expect(message).not.toContain(value);
      }
    },
  );
  test('values that the environment brings are asked for in the same way', () => {
    const { flags } = inputsOf({ 'build-args': 'A=1\nTOKEN_COPY', labels: 'TOKEN_COPY' });
    const secrets = new Map([['from-the-environment', 'the input secret-envs']]);
    for (const value of ['from-the-environment', `Bearer ${base64('x:from-the-environment')}`]) {
      const stored = withEnvironmentValues(flags, { TOKEN_COPY: value, OTHER: 'x' });
      expect(messageOf(() => forbidSecretArguments(stored, secrets))).toContain(
        'build-args: item 2 (TOKEN_COPY) holds the value of the input secret-envs',
      );
    }
  });
  test('the environment gives a value to a build argument without one, and to nothing else', () => {
    const { flags } = inputsOf({ 'build-args': 'A=1\nB\nC\ntoString\nD=', labels: 'B' });
    expect(withEnvironmentValues(flags, { A: 'x', B: 'y=z', D: 'x' }).map(({ value }) => value)).toEqual([
      'A=1',
      'B=y=z',
      'C',
      'toString',
      'D=',
      'B',
    ]);
  });
});

describe('a --secret line in build-args', () => {
  test.each([
    '--secret id=x,env=X',
    '--secret=id=x,src=y',
    'id=x,env=X',
    'id=x,src=./y',
    'type=env,id=x,env=X',
    'type=file,id=x,source=y',
  ])('%s names the right inputs', (line) => {
    const message = messageOf(() => inputsOf({ 'build-args': `A=1\n${line}` }));
    expect(message).toContain('build-args: item 2 is a --secret option');
    expect(message).toContain('"secrets" (ID=VALUE) or "secret-envs"');
  });
  test.each(['id=x', 'env=production', 'src=a,b', 'type=release', 'FLAGS=id=x,env=y'])('%s is an argument', (line) =>
    expect(inputsOf({ 'build-args': line }).flags).toHaveLength(1),
  );
});

// Words as in BuildKit's own check SecretsUsedInArgOrEnv, whole between underscores.
describe('names of build arguments', () => {
  test.each([
    'PASSWORD',
    'db_password',
    'NPM_TOKEN',
    'token',
    'SECRET',
    'API_KEY',
    'APIKEY',
    'PRIVATE_KEY',
    'GITHUB_PAT',
    'AWS_CREDENTIALS',
    'AUTH',
    'DB_PASSWD',
    'SECRET_MESSAGE',
  ])('%s looks like a secret', (name) => {
    expect(looksLikeSecret(name, 'x9fj2')).toBe(true);
    expect(looksLikeSecret(name, null)).toBe(true);
  });
  test.each([
    'TOKENIZER_VERSION',
    'PUBLIC_KEY_ID',
    'AUTHOR',
    'KEYBOARD',
    'MONKEY',
    'PATH',
    'COMPAT',
    'SECRETARY',
    'VERSION',
  ])('%s does not', (name) => expect(looksLikeSecret(name, 'x9fj2')).toBe(false));
  test.each(['1', '', 'true', 'dummy'])('SECRET_KEY_BASE_DUMMY=%s is a switch', (value) =>
    expect(looksLikeSecret('SECRET_KEY_BASE_DUMMY', value)).toBe(false),
  );

  test('are one warning for all, without the values', () => {
    const { warnings, flags } = inputsOf({ 'build-args': 'A=1\nNPM_TOKEN=abc123\nDB_PASSWORD\nNPM_TOKEN=abc123' });
    expect(warnings).toEqual([expect.stringMatching(/^build-args: NPM_TOKEN, DB_PASSWORD: by the name a secret/)]);
    expect(warnings.join()).not.toContain('abc123');
    expect(listSuspectArguments(flags)).toEqual(['NPM_TOKEN', 'DB_PASSWORD']);
  });
  test('like any other are none', () => expect(inputsOf({ 'build-args': 'A=1' }).warnings).toEqual([]));
});
