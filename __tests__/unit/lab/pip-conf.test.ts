import { expect, test } from '@jest/globals';
import { readPipSetting, toPipConf } from '../../../lab/debian/pip-conf.js';

const END = 'disable-pip-version-check = true\n';

test('what is not set is left out, and so is what only this machine has', () =>
  expect(toPipConf(":env:.find-links='/opt/wheels'\nglobal.user='yes'\n", {}, null)).toBe(`[global]\n${END}`));

test('where packages come from, without logins, and the way there', () =>
  expect(
    toPipConf(
      "global.index-url='https://octo:secret@pip.test/simple'\nglobal.extra-index-url='\\nhttps://a.test\\nhttps://u@b.test'\n",
      { https_proxy: 'http://proxy.test:1' },
      '/ca.pem',
    ),
  ).toBe(
    `[global]\nindex-url = https://pip.test/simple\nextra-index-url = https://a.test https://b.test\nproxy = http://proxy.test:1\ncert = /ca.pem\n${END}`,
  ));

test('a variable is worth more than a file', () =>
  expect(readPipSetting(":env:.cert='/env.pem'\nglobal.cert='/file.pem'\n", 'cert')).toBe('/env.pem'));
