// Items of the inputs for secrets, as people get them wrong.
import { describe, expect, test } from '@jest/globals';
import { isPlainId } from '../../../../src/inputs/secrets/secret-items.js';
import { inputsOf, messageOf } from '../../../support/fixtures.js';

const KEY = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQ==\n-----END PRIVATE KEY-----';

describe("the form of Buildx's --secret", () => {
  test.each([
    ['id=npmrc,src=./my .npmrc', 'id=npmrc,src=./my .npmrc'],
    ['type=file,source=.npmrc,id=npmrc', 'id=npmrc,src=.npmrc'],
    ['npmrc=.npmrc', 'id=npmrc,src=.npmrc'],
    ['id=a,b', '"src=a,b"'],
  ])('is taken in secret-files: %s', (item, expected) =>
    expect(inputsOf({ 'secret-files': item }).flags[0]?.value).toContain(expected),
  );
  test.each([
    ['secrets', 'a=1\nid=npm,env=NPM_TOKEN', 'item 2', '"npm=NPM_TOKEN" in the input secret-envs'],
    ['secrets', 'id=npmrc,src=.npmrc', 'item 1', '"npmrc=PATH" in the input secret-files'],
    ['secret-envs', 'id=npm,env=NPM_TOKEN', 'item 1', '"npm=NPM_TOKEN" in the input secret-envs'],
    ['secret-envs', 'id=npm,src=.npmrc', 'item 1', '"npm=PATH" in the input secret-files'],
    ['secret-files', 'type=env,id=npm,env=NPM_TOKEN', 'item 1', '"npm=NPM_TOKEN" in the input secret-envs'],
  ])('is an error in %s: %s', (input, text, item, right) => {
    const message = messageOf(() => inputsOf({ [input]: text }));
    expect(message).toContain(`InputError: ${input}: ${item} is in the form of Buildx's --secret`);
    expect(message).toContain(right);
  });
});

describe('a value of several lines without quotes', () => {
  test('that are no secrets of their own: the error names the quoting, and no line', () => {
    const message = messageOf(() => inputsOf({ secrets: `deploy_key=${KEY}` }));
    expect(message).toBe(
      'InputError: secrets: item 2 is not of the form ID=VALUE. A value of several lines needs quotes around the whole item, "deploy_key=…", and each quote (") in it twice; or pass it by secret-envs.',
    );
  });
  test('in quotes is one secret', () =>
    expect(Object.values(inputsOf({ secrets: `"deploy_key=${KEY}"` }).secretEnvironment)).toEqual([KEY]));
  test('does not show the end of a key for an ID', () => {
    const { warnings } = inputsOf({ secrets: 'key=MIIEvQIB\nhkiG9w0BAQ=' });
    expect(warnings).toEqual([expect.stringContaining('secrets: item 2 has no value in this run')]);
  });
});

test.each([
  ['npmrc', true],
  ['npm_token', true],
  ['RAILS_MASTER_KEY', true],
  ['githubToken', true],
  ['aws.credentials2', true],
  ['hkiG9w0BAQ', false],
  ['QmFyQmF6cXV4', false],
  ['//registry.test/:_authToken', false],
  ['-----BEGIN', false],
  ['', false],
])('%j is shown as an ID: %s', (id, expected) => expect(isPlainId(id)).toBe(expected));
