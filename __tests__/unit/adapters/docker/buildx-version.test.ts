import { expect, test } from '@jest/globals';
import { parseBuildxVersion } from '../../../../src/adapters/docker/buildx-version.js';
import { messageOf } from '../../../support/fixtures.js';

test.each([
  ['v0.15.0', '0.15.0'],
  ['v0.29.1', '0.29.1'],
  ['0.29.1+ds1-3', '0.29.1'],
  ['v1.0.0-desktop.1', '1.0.0'],
  // Built from source: there is no number to judge.
  ['unknown', 'unknown'],
  ['28f624602ef7f9a3e1a4c9c1b0e8ccb9f65d1a8a', '28f624602ef7f9a3e1a4c9c1b0e8ccb9f65d1a8a'],
])('Buildx %s is taken', (text, version) => expect(parseBuildxVersion(text)).toBe(version));

test.each([
  ['v0.12.1', '0.12.1'],
  // Debian 13's.
  ['0.13.1+ds1-3', '0.13.1'],
  ['v0.14.1', '0.14.1'],
])('Buildx %s is refused, with what was found, what is needed, and two ways to get it', (text, found) => {
  const message = messageOf(() => parseBuildxVersion(text));
  expect(message).toMatch(
    new RegExp(`^InputError: Buildx ${found.replaceAll('.', '\\.')} is too old: 0\\.15\\.0 or newer`),
  );
  // Without its input "version" docker/setup-buildx-action takes the Buildx that is installed.
  expect(message).toContain('docker/setup-buildx-action with "version: latest"');
  expect(message).toContain('docker-buildx-plugin');
});
