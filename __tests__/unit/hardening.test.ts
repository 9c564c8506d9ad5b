// Cases that went wrong once: trust, tags that could be moved, and what BuildKit's own parser makes of a Dockerfile.
import { describe, expect, test } from '@jest/globals';
import { parseDockerfile, stagesOutside } from '../../src/plan/dockerfile.js';
import { planBuild } from '../../src/plan/plan.js';
import { branchTag } from '../../src/plan/tags.js';
import { parseWorkflowEvent } from '../../src/plan/workflow-event.js';
import { describePass } from '../../src/report/pass-report.js';
import { toPlanJson } from '../../src/report/plan-report.js';
import { parseBuildOptions } from '../../src/plan/build-options.js';
import { CONTEXT, FIGURES, SHA, type With, gitTagPush, inputsOf, messageOf, pushTo, registryWith } from './fixtures.js';
import type { WorkflowEvent } from '../../src/plan/workflow-event.js';

const plan = (event: WorkflowEvent, given: With = {}) => planBuild(inputsOf(given), event, CONTEXT, registryWith());
const names = (text: string) => parseDockerfile(text).stages.map(({ name }) => name);
const between = (body: string): string => `FROM a AS builder\n${body}\nFROM b AS production\n`;

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
    expect(toPlanJson(plan(pushTo('main'), { 'cache-from': 'type=s3,secret_access_key=CANARY' }))).not.toContain(
      'CANARY',
    ));
  test('a password pasted behind the user name is not shown', () =>
    expect(messageOf(() => inputsOf({ username: 'alice:hunter22', password: 'x1234567' }))).not.toContain('hunter22'));
});

describe('tags', () => {
  test('own tag equal to the builder tag', () =>
    expect(messageOf(() => plan(pushTo('main'), { tag: 'builder-main' }))).toContain('tag'));
  test('extra-tags that are the cache of a scope', () =>
    expect(messageOf(() => plan(pushTo('main'), { 'extra-tags': 'builder-main' }))).toContain('extra-tags'));
  test.each(['1', '1.2'])('git tag %s is not moved by git tag v1.2.3', (gitTag) =>
    expect(plan(gitTagPush('v1.2.3')).tags.moving).not.toContain(plan(gitTagPush(gitTag)).tags.unique),
  );
  test.each(['builder#', 'cache@', 'dev!', 'review-pr#'])('%s does not look like a tag of ours', (name) =>
    expect(branchTag(name)).not.toMatch(/^(?:builder|cache|review-pr|dev)-/),
  );
  test('branch v1.2.3 never has the tag of a git tag', () =>
    expect(plan(gitTagPush(branchTag('v1.2.3'))).tags.unique).not.toBe(branchTag('v1.2.3')));
});

describe('dockerfile, as BuildKit 0.20 parses it', () => {
  test.each([
    ['quoted, no heredoc', 'RUN echo "<<EOF"'],
    ['inside sh -c, no heredoc', "RUN sh -c 'cat <<EOF > /x'"],
    ['name with hyphens', 'RUN <<END-OF-FILE\nx\nEND-OF-FILE'],
    ['name with a space', 'RUN cat <<"E F"\nFROM c AS fake\nE F'],
    ['tab before the end word without <<-', 'RUN <<EOF\n\tEOF\nFROM c AS fake\nEOF'],
    ['space behind the end word', 'RUN <<EOF\nEOF \nFROM c AS fake\nEOF'],
    ['file descriptor', 'RUN 3<<EOF cat /dev/fd/3\nFROM c AS fake\nEOF'],
    ['ONBUILD', 'ONBUILD RUN <<EOF\nFROM c AS fake\nEOF'],
    ['shift', 'RUN echo $((1<<EOF))'],
  ])('%s', (_, body) => expect(names(between(body))).toEqual(['builder', 'production']));
  test('--mount=from=', () =>
    expect(
      stagesOutside(
        parseDockerfile(
          'FROM a AS tools\nFROM b AS builder\nRUN --mount=from=tools,target=/t x\nFROM c AS production\n',
        ),
        'builder',
      ),
    ).toEqual(['production']));
  test('from= in a command is no use', () =>
    expect(
      stagesOutside(
        parseDockerfile('FROM a AS tools\nFROM b AS builder\nRUN mail from=tools\nFROM c AS production\n'),
        'builder',
      ),
    ).toEqual(['tools', 'production']));
});

describe('same list syntax as docker/build-push-action', () => {
  const secrets = (text: string) =>
    Object.values(parseBuildOptions((n) => (n === 'secrets' ? text : '')).secretEnvironment);
  test('an indented line', () => expect(secrets('A=1\n  B=2')).toEqual(['1', '2']));
  test('a line of spaces', () => expect(secrets('A=1\n   \nB=2')).toEqual(['1', '2']));
  test('white space between commas', () =>
    expect(parseBuildOptions((n) => (n === 'allow' ? 'a, ,b' : '')).flags.map(({ value }) => value)).toEqual([
      'a',
      'b',
    ]));
  test('a label without value', () => expect(inputsOf({ labels: 'foo' }).flags).toHaveLength(1));
  test.each(['yes', '1'])('provenance %s is junk', (text) =>
    expect(messageOf(() => inputsOf({ provenance: text }))).toContain('provenance'),
  );
});

describe('reports and progress', () => {
  test('a carriage return in a step name cannot break the table', () =>
    expect(
      describePass({
        ...FIGURES,
        steps: [
          { name: 'a', cached: true },
          { name: 'x\r\n| y', cached: false },
        ],
      }),
    ).not.toMatch(/[\r\n]/));
});
