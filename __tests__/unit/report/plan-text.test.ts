import { describe, expect, test } from '@jest/globals';
import { toPlanJson, toPlanLines } from '../../../src/report/plan-text.js';
import {
  NOW_TAG,
  SHA,
  digestOf,
  fromFork,
  planOf,
  pushTo,
  registryWith,
  registryWithUnique,
} from '../../support/fixtures.js';

describe('the output plan', () => {
  test('says event, scope, lineage, tags, push decision with its reason, and both passes', () => {
    const plan: unknown = JSON.parse(toPlanJson(planOf(pushTo('topic'), {}, registryWith('builder-main'))));
    expect(plan).toMatchObject({
      event: { kind: 'branch', name: 'push', branch: 'topic', sha: SHA },
      image: 'ghcr.io/owner/app',
      scope: 'topic',
      lineage: [
        { branch: 'topic', tag: 'topic' },
        { branch: 'main', tag: 'main' },
      ],
      tags: { unique: SHA, moving: ['topic'] },
      push: { push: true, reason: expect.stringMatching(/./) },
      builder: {
        target: 'builder',
        image: 'ghcr.io/owner/app:builder-topic',
        cacheFrom: [`type=registry,ref=ghcr.io/owner/app:builder-main@${digestOf(1)}`],
      },
      production: { target: 'production', image: `ghcr.io/owner/app:${SHA}` },
      notes: [],
    });
  });

  test('of a run without a scope says null, not a guess', () =>
    expect(JSON.parse(toPlanJson(planOf(fromFork())))).toMatchObject({
      scope: null,
      push: { push: false },
      builder: { image: null },
    }));

  test('leaves out the values of secrets, build arguments, credentials and labels of the caller', () => {
    const text = toPlanJson(
      planOf(pushTo('main'), {
        password: 'canary-password',
        'github-token': 'canary-token',
        secrets: 'npm=canary-secret',
        'build-args': 'VERSION=canary-argument\nHTTP_PROXY',
        labels: 'team=canary-label',
      }),
    );
    expect(text).not.toContain('canary');
    expect(JSON.parse(text)).toMatchObject({ production: { buildArgs: ['VERSION', 'HTTP_PROXY'] } });
  });
});

describe('the plan to read', () => {
  test('is one decision a line', () => {
    const plan = planOf(pushTo('feature/x'), { 'reuse-cache': 'false' }, registryWithUnique());
    const lines = toPlanLines(plan);
    expect(lines).toHaveLength(10);
    expect(lines.join('\n')).not.toMatch(/\n\n|undefined|null/);
    expect(lines).toContain(`Event:      push (branch), commit ${SHA}`);
    expect(lines).toContain(`Built:      commit ${SHA}, which is checked out`);
    expect(lines).toContain(`Image:      ghcr.io/owner/app:${SHA}-${NOW_TAG}`);
    expect(lines[2]).toContain(`feature/x -> ${plan.scope?.tag ?? ''}`);
    expect(lines[7]).toMatch(/target builder, to the registry .*cache from nothing; every step runs again$/);
    expect(lines[9]).toMatch(/^Note: .*never moved/);
  });

  test('of a fork names no branch tag and the reason why nothing is pushed', () => {
    const text = toPlanLines(planOf(fromFork())).join('\n');
    expect(text).toMatch(/Scope: +none/);
    expect(text).toMatch(/Push: +no, .*stranger\/app/);
  });
});
