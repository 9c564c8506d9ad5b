// Names and payloads that somebody else wrote, made to do harm: nothing crashes, hangs, or is taken for something that it is not.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isTag } from '../../../src/image/reference.js';
import { parseWorkflowEvent, readCommitTime, readDefaultBranch } from '../../../src/plan/event/event.js';
import { branchTag, gitTagTag } from '../../../src/plan/tags/tags.js';
import { toPlanJson, toPlanLines } from '../../../src/report/plan-text.js';
import { SHA, fromFork, messageOf, planOf, pushTo, registryWith } from '../../support/fixtures.js';
import { HOSTILE_NAMES, mayRefuse } from '../../support/hostile.js';
import { runsOf } from '../../support/nightly.js';

describe('branch and tag names', () => {
  test('every hostile name is a tag of its own, and never that of main or of another kind', () => {
    const tags = HOSTILE_NAMES.map((name) => branchTag(name));
    for (const tag of tags) {
      expect(isTag(tag)).toBe(true);
      expect(tag).not.toMatch(/^(?:main|latest|builder-|cache-|review-pr-|dev-)$|^(?:builder|cache|review-pr|dev)-/);
    }
    expect(new Set([...tags, branchTag('main')]).size).toBe(
      HOSTILE_NAMES.filter((name) => !/^\p{Cs}$/u.test(name)).length + 2,
    );
    for (const name of HOSTILE_NAMES) expect(isTag(gitTagTag(name))).toBe(true);
  });

  test.each(HOSTILE_NAMES.filter((name) => name !== ''))(
    'a plan for the branch %j is made of valid references',
    (name) => {
      const plan = planOf(pushTo(name));
      expect(JSON.parse(toPlanJson(plan))).toMatchObject({ scope: name, tags: { unique: SHA } });
      for (const { cacheFrom } of [...plan.builders, plan.production])
        for (const source of cacheFrom)
          expect(source).toMatch(/^type=registry,ref=ghcr\.io\/owner\/app:[\w.-]+@sha256:[0-9a-f]{64}$/);
      expect(toPlanLines(plan).join('')).toContain(SHA);
    },
  );

  test('a fork’s branch called main has no scope, and nothing of it is imported', () => {
    const plan = planOf(fromFork({ headBranch: 'main' }), {}, registryWith('main', 'builder-main'));
    expect(plan).toMatchObject({ scope: null, push: { push: false }, tags: { moving: [] }, builders: [{ tag: null }] });
    expect(plan.lineage.map(({ branch }) => branch)).toEqual(['develop', 'main']);
  });

  test('any two names', () =>
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 260 }),
        fc.string({ unit: 'binary', maxLength: 260 }),
        (one, other) => {
          expect(isTag(branchTag(one))).toBe(true);
          expect(branchTag(one) === branchTag(other)).toBe(one === other);
        },
      ),
      { numRuns: runsOf(1000) },
    ));
});

describe('event payloads', () => {
  const EVENTS = [
    'push',
    'pull_request',
    'pull_request_target',
    'merge_group',
    'release',
    'workflow_run',
    'schedule',
    'workflow_dispatch',
    'repository_dispatch',
    'issue_comment',
    '__proto__',
    '',
  ];
  const VALID: Readonly<Record<string, unknown>> = {
    repository: { default_branch: 'main', full_name: 'owner/app' },
    pull_request: { number: 1, head: { ref: 'x', sha: SHA, repo: { full_name: 'owner/app' } }, base: { ref: 'main' } },
    merge_group: {
      base_ref: 'refs/heads/main',
      head_sha: SHA,
      head_commit: { id: SHA, timestamp: '2026-01-01T00:00:00Z' },
    },
    release: { tag_name: 'v1' },
    workflow_run: { head_repository: { full_name: 'owner/app' }, head_commit: { id: SHA, timestamp: 1 } },
    head_commit: { id: SHA, timestamp: '2026-01-01T00:00:00Z' },
  };
  const JUNK: readonly unknown[] = [
    undefined,
    null,
    true,
    0,
    -1,
    1.5,
    '',
    'x',
    [],
    [[]],
    {},
    { toString: 1 },
    'x'.repeat(1000),
  ];
  const read = (name: string, payload: unknown): void => {
    for (const ref of ['refs/heads/main', 'refs/tags/v1', 'refs/pull/1/merge', '', 'refs/heads/'])
      mayRefuse(() => parseWorkflowEvent({ name, ref, sha: SHA, repository: 'owner/app', payload }));
    readDefaultBranch(payload);
    readCommitTime(payload, SHA);
  };

  /** Every copy of the value with one member, at any depth, replaced. */
  function* withJunk(value: unknown): Generator {
    for (const junk of JUNK) yield junk;
    if (typeof value !== 'object' || value === null) return;
    for (const [key, member] of Object.entries(value))
      for (const junk of withJunk(member)) yield { ...value, [key]: junk };
  }

  test.each(EVENTS)('%s with any member missing or of another type is refused or read', (name) => {
    let tried = 0;
    for (const payload of withJunk(VALID)) {
      read(name, payload);
      tried += 1;
    }
    expect(tried).toBeGreaterThan(300);
  });

  test('whose prototype is named in the JSON gives no members', () => {
    const payload: unknown = JSON.parse(`{"__proto__":${JSON.stringify(VALID)}}`);
    expect(
      messageOf(() =>
        parseWorkflowEvent({ name: 'pull_request', ref: '', sha: SHA, repository: 'owner/app', payload }),
      ),
    ).toContain('pull_request');
    expect(readDefaultBranch(payload)).toBeNull();
  });

  test('that are deep or large', () => {
    const deep: unknown = JSON.parse(`${'{"pull_request":'.repeat(50_000)}1${'}'.repeat(50_000)}`);
    for (const name of EVENTS) read(name, deep);
    for (const name of EVENTS) read(name, { ...VALID, release: { tag_name: 'v'.repeat(1e6) }, junk: 'x'.repeat(1e6) });
  });

  test.each(['2026-01-01 (\n::x)', '2026-01-01T00:00:00Z\n', '1', 'Thu, 01 Jan 2026'])(
    '%j is no commit time',
    (timestamp) => expect(readCommitTime({ head_commit: { id: SHA, timestamp } }, SHA)).toBeNull(),
  );

  test('any JSON', () =>
    fc.assert(
      fc.property(fc.constantFrom(...EVENTS), fc.jsonValue(), (name, value) =>
        read(name, { ...VALID, pull_request: value, workflow_run: value }),
      ),
      { numRuns: runsOf(1000) },
    ));
});
