import { describe, expect, test } from '@jest/globals';
import { BUILT_FROM_LABEL, withBuiltFromLabel } from '../../../../src/image/origin-labels.js';
import { parseImageName, parseTag } from '../../../../src/image/reference.js';
import type { Labels } from '../../../../src/image/unique-label.js';
import { type OwnBuild, explainOtherBuild } from '../../../../src/plan/tags/other-build.js';
import {
  gitTagPush,
  inputsOf,
  messageOf,
  planOf,
  pushTo,
  registryWith,
  storedImage,
} from '../../../support/fixtures.js';

const { image: IMAGE } = inputsOf();
const MAIN = parseTag('main');
const WEB = 'Dockerfile (context ., target production)';
const WORKER = 'worker/Dockerfile (context worker, target production)';
const BASE = parseImageName('ghcr.io/owner/base');

const own = (change: Partial<OwnBuild> = {}): OwnBuild => ({
  image: IMAGE,
  builtFrom: WORKER,
  movedFrom: null,
  event: pushTo('main'),
  ...change,
});
const explain = (labels: Labels, change: Partial<OwnBuild> = {}, at = IMAGE): string | null =>
  explainOtherBuild(own(change), { at, tag: MAIN, labels });
const web = withBuiltFromLabel({}, IMAGE, WEB);

test('the image of another Dockerfile keeps its tag, and the message names both ways out', () =>
  expect(explain(web)).toBe(
    `${IMAGE.name}:main leads to an image that was built from ${WEB}, and this run builds ${WORKER}. Two images need two names: give this one a name of its own, such as image: ${IMAGE.name}/worker. If it is the same image, and its Dockerfile, context or stage has moved, say so by: moved-from: ${WEB}`,
  ));

test.each<[string, Labels, Partial<OwnBuild>]>([
  ['an image of the same build', web, { builtFrom: WEB }],
  ['an older image, which does not say', {}, {}],
  ['a label that is inherited from a base image', withBuiltFromLabel({}, BASE, WEB), {}],
  ['a label of another form', { [BUILT_FROM_LABEL]: 'anything' }, {}],
  ['a build that was moved, and says from where', web, { movedFrom: WEB }],
  ['a build that is not known', web, { builtFrom: null }],
  [
    'an image of a newer version, which keeps its tags anyway',
    { ...web, 'org.opencontainers.image.version': 'v2.0.0' },
    { event: gitTagPush('v1.2.4') },
  ],
])('%s gives way', (_, labels, change) => expect(explain(labels, change)).toBeNull());

test.each([
  ['an older version', 'v1.2.3'],
  ['no version', 'nightly'],
])('a release takes no tag of another build of %s', (_, version) =>
  expect(
    explain({ ...web, 'org.opencontainers.image.version': version }, { event: gitTagPush('v1.2.4') }),
  ).not.toBeNull(),
);

test('moved-from must name what the image was built from', () =>
  expect(explain(web, { movedFrom: 'Dockerfile' })).not.toBeNull());

describe('a mirror', () => {
  const mirror = parseImageName('docker.io/owner/app');

  test('keeps the image of another name too', () => {
    expect(explain(withBuiltFromLabel({}, BASE, WEB), {}, mirror)).toContain(
      'such as mirrors: docker.io/owner/app-worker',
    );
    expect(explain(withBuiltFromLabel({}, BASE, WORKER), {}, mirror)).toBeNull();
  });
});

test('what a label says is shown on one line, and not without end', () => {
  const message = explain(withBuiltFromLabel({}, IMAGE, `a\n::error::b${'c'.repeat(5000)}`)) ?? '';
  expect(message).not.toContain('\n');
  expect(message.length).toBeLessThan(2000);
});

describe('the plan', () => {
  const targets = [storedImage('main', { labels: withBuiltFromLabel({}, IMAGE, WORKER) })];
  const registry = { ...registryWith(), targets };

  test('is an error where a tag would be moved, and none where nothing is pushed', () => {
    expect(messageOf(() => planOf(pushTo('main'), {}, registry))).toContain(
      `was built from ${WORKER}, and this run builds ${WEB}`,
    );
    expect(planOf(pushTo('main'), { push: 'false' }, registry).push.push).toBe(false);
  });

  test('has the label in the production image alone', () => {
    const plan = planOf();
    expect(plan.production.labels).toMatchObject(web);
    expect(plan.builders.map(({ labels }) => labels)).toEqual([{}]);
  });
});
