import { expect, test } from '@jest/globals';
import { toNpmrc } from '../../../lab/services/npmrc.js';

const NOTHING = { registry: 'https://npm.test/', 'strict-ssl': true, proxy: null, 'https-proxy': null, noproxy: [''] };

test('what is not set is left out, and so are logins and everything else', () =>
  expect(toNpmrc({ ...NOTHING, '//npm.test/:username': 'octo', 'save-exact': true }, {}, null)).toBe(
    'registry=https://npm.test/\nstrict-ssl=true\n',
  ));

test('proxies and certificates', () =>
  expect(
    toNpmrc({ ...NOTHING, 'https-proxy': 'http://proxy.test:1', noproxy: ['a.test', 'b.test'] }, {}, '/ca.pem'),
  ).toBe(
    'registry=https://npm.test/\nstrict-ssl=true\nhttps-proxy=http://proxy.test:1\nnoproxy=a.test,b.test\ncafile=/ca.pem\n',
  ));

test('proxies from variables, after those from settings', () =>
  expect(
    toNpmrc(
      { ...NOTHING, proxy: 'http://set.test' },
      { HTTP_PROXY: 'http://a.test', https_proxy: 'http://b.test' },
      null,
    ),
  ).toBe('registry=https://npm.test/\nstrict-ssl=true\nproxy=http://set.test\nhttps-proxy=http://b.test\n'));
