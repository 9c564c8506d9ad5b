// What a run must not trust, must not tell, and which tags it must not move.
import { describe, expect, test } from '@jest/globals';
import { parseWorkflowEvent } from '../../../src/plan/event/event.js';
import { branchTag } from '../../../src/plan/tags/tags.js';
import { toPlanJson } from '../../../src/report/plan-text.js';
import { SHA, gitTagPush, inputsOf, messageOf, planOf, pushTo } from '../../support/fixtures.js';

describe('trust', () => {
  test.each(['pull_request', 'pull_request_target'])('%s with a malformed payload is an error', (name) => {
    for (const payload of [null, {}, { pull_request: null }, { pull_request: [] }])
      expect(
        messageOf(() =>
          parseWorkflowEvent({ name, ref: 'refs/pull/7/merge', sha: SHA, repository: 'owner/app', payload }),
        ),
      ).toContain('pull_request');
  });
  test.each(['canary-Zm9vYmFy', 'Xcanary-Zm9vYmFy=1'])('the error does not repeat the secret: build-args %j', (text) =>
    expect(
      messageOf(() =>
        inputsOf({
          password: 'canary-Zm9vYmFy',
          'build-args': text.replace('canary-', 'canary_'),
          'github-token': 'canary_Zm9vYmFy',
        }),
      ),
    ).not.toContain('canary_Zm9vYmFy'),
  );
  test('a short secret as a whole build argument is an error', () =>
    expect(messageOf(() => inputsOf({ password: 's3cret7', 'build-args': 'X=s3cret7' }))).toContain('build-args'));
  test('a credential in cache-from is not in the output plan', () =>
    expect(toPlanJson(planOf(pushTo('main'), { 'cache-from': 'type=s3,secret_access_key=CANARY' }))).not.toContain(
      'CANARY',
    ));
  test('a password pasted behind the user name is not shown', () =>
    expect(messageOf(() => inputsOf({ username: 'alice:hunter22', password: 'x1234567' }))).not.toContain('hunter22'));
});

describe('tags', () => {
  test('own tag equal to the builder tag', () =>
    expect(messageOf(() => planOf(pushTo('main'), { tag: 'builder-main' }))).toContain('tag'));
  test('extra-tags that are the cache of a scope', () =>
    expect(messageOf(() => planOf(pushTo('main'), { 'extra-tags': 'builder-main' }))).toContain('extra-tags'));
  test.each(['1', '1.2'])('git tag %s is not moved by git tag v1.2.3', (gitTag) =>
    expect(planOf(gitTagPush('v1.2.3')).tags.moving).not.toContain(planOf(gitTagPush(gitTag)).tags.unique),
  );
  test.each(['builder#', 'cache@', 'dev!', 'review-pr#'])('%s does not look like a tag of ours', (name) =>
    expect(branchTag(name)).not.toMatch(/^(?:builder|cache|review-pr|dev)-/),
  );
  test('branch v1.2.3 never has the tag of a git tag', () =>
    expect(planOf(gitTagPush(branchTag('v1.2.3'))).tags.unique).not.toBe(branchTag('v1.2.3')));
});
