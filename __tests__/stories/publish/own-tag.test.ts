// Tags of the forms that deployments may expect, by the input tag: each is written once, and nothing takes its place.
import { beforeEach, describe, expect, test } from '@jest/globals';
import { LATER, OTHER, REPOSITORY, SHA, push } from '../../support/world/events.js';
import { type SmallWorld, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
beforeEach(() => {
  world = openWorld();
});

const digestOf = (tag: string): string | undefined => world.registry.manifest(REPOSITORY, tag)?.digest;
const SHORT = `sha-${SHA.slice(0, 7)}`;

describe.each([
  ['<sha>', SHA],
  ['sha-<7>', SHORT],
  ['<branch>-<sha>', `main-${SHA}`],
])('%s', (_, tag) => {
  let first: string | undefined;
  beforeEach(async () => {
    const { outputs } = await world.succeed(push('main', SHA), { tag });
    expect(outputs.tag).toBe(tag);
    first = digestOf(tag);
    expect([outputs.digest, digestOf('main')]).toEqual([first, first]);
    world.engine.sources = 'another';
  });

  test('stays with the first build; the second is told to have the time behind it', async () => {
    const { outputs, notices } = await world.succeed(push('main', SHA), { tag });
    expect(outputs.tag).toBe(`${tag}-20260203040506`);
    expect(notices.join()).toContain(`${tag} exists in the registry and is never moved`);
    expect(digestOf(tag)).toBe(first);
  });

  test('is not taken by a branch of that name, nor given by extra-tags', async () => {
    await world.succeed(push(tag, LATER));
    expect((await world.run(push('develop', OTHER), { 'extra-tags': tag })).error?.message).toMatch(/^extra-tags: /);
    expect(digestOf(tag)).toBe(first);
  });

  test('does not take the place of a branch of that name that was there before', async () => {
    const name = `${tag}0`;
    const branch = await world.succeed(push(name, LATER));
    await world.succeed(push('main', OTHER), { tag: name });
    expect(Object.values(world.registry.tags(REPOSITORY)).map(digestOf)).toContain(branch.outputs.digest);
    expect(digestOf(branch.outputs.tag ?? '')).toBe(branch.outputs.digest);
  });
});

test('another commit with the same seven digits has a tag of its own, and says so', async () => {
  const first = await world.succeed(push('main', SHA), { tag: SHORT });
  const twin = `${SHA.slice(0, 7)}${'0'.repeat(33)}`;
  const { outputs, notices } = await world.succeed(push('main', twin), { tag: SHORT });
  expect(outputs.tag).toBe(`${SHORT}-20260203040506`);
  expect(notices.join()).toContain(`this build is ${SHORT}-20260203040506`);
  expect(digestOf(SHORT)).toBe(first.outputs.digest);
});

test.each(['tag', 'extra-tags'])(
  '%s takes no tag of a pull request, which the clean-up would remove',
  async (input) => {
    const { error } = await world.run(push('main', SHA), { [input]: `review-pr-7-${SHA}-20260203040506` });
    expect(error?.message).toContain('starts like the tags of pull requests, which the clean-up removes');
    expect(world.engine.builds).toEqual([]);
  },
);

test.each(['tag', 'extra-tags'])('%s takes no tag of a mark beside a promoted image', async (input) => {
  const { error } = await world.run(push('main', SHA), { [input]: 'promoted-v1.2.3' });
  expect(error?.message).toContain('starts like the marks beside promoted images, which only a promotion writes');
  expect(world.engine.builds).toEqual([]);
});

test.each([`sha-${SHA.slice(0, 7)}`, `main-${SHA}`])(
  '%s is an error where another commit is checked out',
  async (tag) => {
    world.checkedOut = { commit: LATER, branch: 'main' };
    const { error } = await world.run(push('main', SHA), { tag });
    expect(error?.message).toContain('names the commit of the event');
  },
);
