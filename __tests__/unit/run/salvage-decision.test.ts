import { expect, test } from '@jest/globals';
import { type FailedRun, type Salvage, decideSalvage } from '../../../src/run/pure/salvage-decision.js';

const DETAILS: FailedRun = {
  stage: 'build',
  failedAfterBuilder: true,
  writesBuilder: true,
  builderIsNew: true,
  cancelled: false,
};
const NOTHING: Salvage = { builderImage: false, layers: 'none' };

test.each<[string, Partial<FailedRun>, Salvage]>([
  ["production's own step failed: the builder is kept", {}, { builderImage: true, layers: 'builder' }],
  [
    'the same where the run may not push: its layers are',
    { writesBuilder: false },
    { builderImage: false, layers: 'builder' },
  ],
  ["a step of the builder's failed: nothing", { failedAfterBuilder: false }, NOTHING],
  ['a check failed: the builder, and all layers', { stage: 'check' }, { builderImage: true, layers: 'all' }],
  [
    'a check failed, and the registry has that builder image',
    { stage: 'check', builderIsNew: false },
    { builderImage: false, layers: 'all' },
  ],
  ['the push failed: the pass that writes the builder would meet the same registry', { stage: 'other' }, NOTHING],
  ['cancelled while it was built', { cancelled: true }, NOTHING],
  ['cancelled during a check', { stage: 'check', cancelled: true }, NOTHING],
])('%s', (_, details, expected) => expect(decideSalvage({ ...DETAILS, ...details })).toEqual(expected));
