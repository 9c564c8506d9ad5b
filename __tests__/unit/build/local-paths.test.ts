// Whose code is built, which inputs name paths, and which of these paths may lead where.
import { describe, expect, test } from '@jest/globals';
import { type LocalPath, listLocalPaths, staysInside } from '../../../src/build/pure/context/local-paths.js';
import type { WorkflowEvent } from '../../../src/plan/event/event.js';
import { mayBeUntrustedCode } from '../../../src/plan/event/untrusted-code.js';
import {
  fromFork,
  gitTagPush,
  inputsOf,
  localBuild,
  mergeGroup,
  otherEvent,
  pullRequest,
  pushTo,
} from '../../support/fixtures.js';

test.each<[string, WorkflowEvent, boolean]>([
  ['a pull request of a fork', fromFork(), true],
  ['pull_request_target of a fork', fromFork({ name: 'pull_request_target' }), true],
  ['a pull request of this repository', pullRequest(), false],
  ['a comment', otherEvent(), true],
  ['workflow_run that a fork caused', otherEvent('workflow_run', true), true],
  ['a push', pushTo('main'), false],
  ['a git tag', gitTagPush('v1'), false],
  ['a merge queue', mergeGroup(), false],
  ['a laptop', localBuild('main'), false],
])("%s may build a stranger's code: %s", (_, event, expected) => expect(mayBeUntrustedCode(event)).toBe(expected));

describe('paths of the inputs', () => {
  const list = (given: Parameters<typeof inputsOf>[0]) =>
    listLocalPaths(inputsOf(given), '/w').map(({ input, value, path, kind }) => [input, value, path, kind]);

  test('without any there are the context and what a Dockerfile may be called', () =>
    expect(list({ context: 'app' })).toEqual([
      ['context', 'app', '/w/app', 'content'],
      ['file', 'app/Dockerfile', '/w/app/Dockerfile', 'content'],
      ['file', 'app/dockerfile', '/w/app/dockerfile', 'content'],
    ]));

  test('are of every input that takes one', () =>
    expect(
      list({
        file: 'docker/File',
        'secret-files': 'a=.npmrc\nb=/tmp/x',
        'build-contexts':
          'one=libs\ntwo=oci-layout:///layout:tag@sha256:0\nthree=docker-image://alpine\nfour=oci-layout://sub',
        ssh: 'default=keys/id,other',
      }).slice(1),
    ).toEqual([
      ['file', 'docker/File', '/w/docker/File', 'content'],
      ['secret-files: item 1,', '.npmrc', '/w/.npmrc', 'content'],
      ['secret-files: item 2,', '/tmp/x', '/tmp/x', 'content'],
      ['build-contexts: item 1,', 'libs', '/w/libs', 'content'],
      ['build-contexts: item 2,', '/layout', '/layout', 'content'],
      ['build-contexts: item 3,', 'docker-image://alpine', '/w/docker-image:/alpine', 'content'],
      ['build-contexts: item 4,', 'sub', '/w/sub', 'content'],
      ['ssh: item 1,', 'keys/id', '/w/keys/id', 'key'],
      ['ssh: item 2,', '.', '/w', 'key'],
    ]));
});

describe('a path stays inside', () => {
  const bounds = {
    workspace: { path: '/w', real: '/real/w' },
    temporary: { path: '/temp', real: '/real/temp' },
  };
  const path = (given: string, kind: LocalPath['kind'] = 'content'): LocalPath => ({
    input: 'x',
    value: given,
    path: given,
    kind,
  });
  test.each<[LocalPath, string, boolean]>([
    [path('/w'), '/real/w', true],
    [path('/w/a'), '/real/w/b', true],
    [path('/w/..a'), '/real/w/..a', true],
    [path('/elsewhere'), '/real/w/a', true],
    [path('/w/a'), '/home/.docker/config.json', false],
    [path('/w/a'), '/real/w2/a', false],
    [path('/w/a'), '/real', false],
    [path('/w/a'), '/', false],
    [path('/etc/passwd'), '/etc/passwd', false],
    [path('/temp/npmrc'), '/real/temp/npmrc', true],
    [path('/temp/npmrc'), '/etc/passwd', false],
    // Other steps keep credentials there.
    [path('/w/link'), '/real/temp/git-credentials', false],
    [path('/run/agent', 'key'), '/run/agent', true],
    [path('/w/link', 'key'), '/run/agent', false],
    [path('/real/w/link', 'key'), '/run/agent', false],
    [path('/w/key', 'key'), '/real/w/key', true],
  ])('%j leads to %s: %s', (local, real, inside) => {
    expect(staysInside(local, real, bounds)).toBe(inside);
    if (inside && !real.includes('temp')) expect(staysInside(local, real, { ...bounds, temporary: null })).toBe(true);
  });
});
