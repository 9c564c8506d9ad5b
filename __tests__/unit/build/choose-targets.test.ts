import { describe, expect, test } from '@jest/globals';
import { chooseTargets } from '../../../src/build/pure/choose-targets.js';
import { parseDockerfile } from '../../../src/build/pure/dockerfile.js';
import type { Targets } from '../../../src/plan/targets.js';
import { type With, inputsOf, messageOf } from '../../support/fixtures.js';

/** @param stages `FROM` lines and others; null: the Dockerfile cannot be read */
const choose = (stages: readonly string[] | null, given: With = {}): Targets =>
  chooseTargets(stages === null ? null : parseDockerfile(stages.join('\n'), 'app/Dockerfile'), inputsOf(given));
const BOTH = ['FROM a AS builder', 'FROM b AS production', 'COPY --from=builder /a /a'];
const MIXED = ['FROM a AS Builder', 'FROM b', 'FROM c AS production'];

describe('without inputs', () => {
  test.each<[string, readonly string[] | null, readonly string[], string]>([
    ['both stages under their usual names', BOTH, ['builder'], 'production'],
    ['the usual names, where nobody can read the Dockerfile', null, ['builder'], 'production'],
    ['the usual names, where it has a grammar of its own', ['# syntax=x/y', 'STAGE a'], ['builder'], 'production'],
    ['the only stage', ['FROM a', 'RUN make'], [], '0'],
    ['the only stage, whatever its name', ['FROM a AS web'], [], 'web'],
    ['the only stage, called builder', ['FROM a AS builder'], [], 'builder'],
    ['a last stage without a name', ['FROM a AS builder', 'FROM b', 'COPY --from=builder /a /a'], ['builder'], '1'],
    ['the last of several without names', ['FROM a', 'FROM b', 'FROM c'], [], '2'],
    ['production, where no stage is called builder', ['FROM a AS deps', 'FROM b AS production'], [], 'production'],
    ['production, where it is not the last one', ['FROM a AS production', 'FROM b'], [], 'production'],
  ])('%s', (_, stages, builders, production) =>
    expect(choose(stages)).toMatchObject({
      builders,
      production,
      onePass: builders.length > 0 ? null : expect.any(String),
    }),
  );

  test('a last stage of another name is not taken: it may be one for tests', () =>
    expect(messageOf(() => choose(['FROM a AS builder', 'FROM b AS prodution', 'FROM c AS test']))).toMatch(
      /^InputError: production-target is not given, but app\/Dockerfile has the stages builder, prodution, test, and none is called production\. Is it prodution\? Set /,
    ));

  test('a Dockerfile without stages is told so', () =>
    expect(messageOf(() => choose(['RUN x']))).toContain('app/Dockerfile has no named stage'));
});

describe('the reason for one pass', () => {
  test('names no other stage where there is none', () =>
    expect(choose(['FROM a']).onePass).toBe('app/Dockerfile has no other stage called builder'));

  test('names the stages whose layers are not kept, and no others', () =>
    expect(
      choose(['FROM a AS deps', 'FROM a AS spare', 'FROM a AS production', 'COPY --from=deps /a /a']).onePass,
    ).toBe(
      'app/Dockerfile has no other stage called builder; to keep the layers of deps for the next run, name it in builder-target',
    ));
});

describe('with inputs', () => {
  test.each<[string, readonly string[] | null, With, readonly string[], string]>([
    ['any letter case', MIXED, { 'builder-target': 'BUILDER' }, ['BUILDER'], 'production'],
    [
      'a number stands for the name',
      MIXED,
      { 'builder-target': '0', 'production-target': '2' },
      ['Builder'],
      'production',
    ],
    ['the last stage by its number', ['FROM a', 'FROM b'], { 'production-target': '01' }, [], '1'],
    ['names that nobody can check', null, { 'builder-target': 'x', 'production-target': 'y' }, ['x'], 'y'],
    ['names of another grammar', ['# syntax=x/y'], { 'builder-target': 'other' }, ['other'], 'production'],
    ['the stage builder as production', BOTH, { 'production-target': 'builder' }, [], 'builder'],
  ])('%s', (_, stages, given, builders, production) =>
    expect(choose(stages, given)).toMatchObject({ builders, production }),
  );

  test('several builder stages, in their order', () => {
    const stages = ['FROM a AS gems', 'FROM a AS modules', 'FROM b AS production', 'FROM c'];
    const several = (given: string) => choose(stages, { 'builder-target': given });
    expect(several('modules\ngems')).toMatchObject({ builders: ['modules', 'gems'], onePass: null });
    expect(several('Gems, 1, 3').builders).toEqual(['Gems', 'modules', '3']);
    expect(several(' gems ,\n, modules ').builders).toEqual(['gems', 'modules']);
    expect(choose(null, { 'builder-target': 'a,b' }).builders).toEqual(['a', 'b']);
  });

  test.each<[string, readonly string[] | null, string, RegExp]>([
    ['twice', BOTH, 'builder,builder', /^InputError: builder-target names the stage "builder" twice\./],
    ['twice in other letters', BOTH, 'builder,BUILDER', /names the stage "BUILDER" twice/],
    ['twice, once by number', BOTH, 'builder,0', /names the stage "builder" twice/],
    ['twice, unchecked', null, 'x,y,X', /names the stage "X" twice/],
    [
      'the production target',
      BOTH,
      'builder,production',
      /^InputError: builder-target names "production", which is the stage of production-target: .* Leave it out of builder-target\./,
    ],
    [
      'the production target, unchecked',
      null,
      'x,production',
      /names "production", which is the stage of production-target/,
    ],
    ['an unknown one', MIXED, 'builder,bulder', /^InputError: builder-target is "bulder", but .* Is it Builder\?/],
    ['a number without a stage', MIXED, 'builder,7', /^InputError: builder-target is "7", but /],
    [
      'no name at all',
      MIXED,
      'builder,a b',
      /^InputError: builder-target: item 2 is "a b", which cannot be the name of a stage/,
    ],
  ])('a list with a stage that cannot be: %s', (_, stages, given, message) =>
    expect(messageOf(() => choose(stages, { 'builder-target': given }))).toMatch(message),
  );

  test.each(['build', '3', '00x', 'toString'])(
    '%s is not there: the error names the stages and the input',
    (target) => {
      for (const input of ['builder-target', 'production-target'])
        expect(messageOf(() => choose(MIXED, { [input]: target }))).toMatch(
          new RegExp(`^InputError: ${input} is "${target}", but app/Dockerfile has the stages Builder, production\\.`),
        );
    },
  );

  test('and the nearest name', () =>
    expect(messageOf(() => choose(MIXED, { 'builder-target': 'bulder' }))).toContain('. Is it Builder? Set '));

  test.each<[string, readonly string[] | null, With]>([
    ['a stage without a name that is not the last', MIXED, { 'builder-target': '1' }],
    ['a number, where nobody can read the Dockerfile', null, { 'production-target': '1' }],
  ])('%s can only be built by name', (_, stages, given) =>
    expect(messageOf(() => choose(stages, given))).toMatch(/^InputError: .*\bname\b/),
  );

  test.each<[string, readonly string[] | null, With]>([
    ['the same name', BOTH, { 'builder-target': 'PRODUCTION' }],
    ['the same name, unchecked', null, { 'builder-target': 'PRODUCTION' }],
    ['name and number', BOTH, { 'builder-target': 'builder', 'production-target': '0' }],
  ])('one stage for both is an error: %s', (_, stages, given) =>
    expect(messageOf(() => choose(stages, given))).toMatch(
      /^InputError: builder-target and production-target .* two passes need two stages\./,
    ),
  );
});
