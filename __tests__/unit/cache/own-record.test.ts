// A record of what main has written, and the one notice of what is left out.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type KnownTag,
  type OwnRecord,
  describeLeftOut,
  parseRecord,
  toRecordText,
} from '../../../src/cache/pure/own-record.js';
import { parseTag } from '../../../src/image/reference.js';
import { SHA, digestOf } from '../../support/fixtures.js';

const RECORD: OwnRecord = {
  commit: SHA,
  built: digestOf(1),
  images: new Map([
    [parseTag('main'), digestOf(1)],
    [parseTag('builder-main'), digestOf(2)],
  ]),
};

describe('a record', () => {
  test('is read as it was written', () => {
    expect(parseRecord(toRecordText(RECORD))).toEqual(RECORD);
    expect(parseRecord(toRecordText({ ...RECORD, built: null }))).toEqual({ ...RECORD, built: null });
    expect(toRecordText(RECORD).length).toBeLessThan(400);
  });
  test.each([
    '',
    '[]',
    'null',
    '{"images":{"main":"main"}}',
    '{"images":{"../x":"sha256:00"}}',
    '{"images":{"main":7}}',
  ])('is not what says %j, or has no image', (text) => expect(parseRecord(text)?.images.size ?? 0).toBe(0));
  test('is never an error', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseRecord(text)));
  });
});

describe('what is left out', () => {
  const known = (tag: string, now: number | null, recorded: number | null, taken = recorded !== null): KnownTag => ({
    tag: parseTag(tag),
    digest: now === null ? null : digestOf(now),
    recorded: recorded === null ? null : digestOf(recorded),
    taken,
  });
  test.each<[string, readonly KnownTag[], string | null, boolean, string | null]>([
    ['nothing', [known('main', 1, 1), known('builder-main', 2, 2)], null, false, null],
    ['nothing: there is nothing yet', [known('main', null, null)], null, false, null],
    [
      'what nobody has recorded',
      [known('main', 1, 1), known('topic', 3, null), known('builder-topic', 4, null)],
      null,
      false,
      'trust-cache: own. Not taken as cache: topic (sha256:000000000000), builder-topic (sha256:000000000000), since no run of main has recorded that it wrote this.',
    ],
    [
      'what is under a tag of main now',
      [known('main', 9, 1)],
      null,
      false,
      'trust-cache: own. Not taken as cache: main (sha256:000000000000), since no run of main has recorded that it wrote this. Of main the image that main has recorded is taken instead.',
    ],
    [
      'everything, as the cache cannot be asked',
      [known('main', 1, null)],
      'there is no Actions cache here',
      true,
      'trust-cache: own. Not taken as cache: main (sha256:000000000000), the sources of the input cache-from, since there is no Actions cache here.',
    ],
    [
      'nothing, but the cache cannot be asked',
      [known('main', null, null)],
      'there is no Actions cache here',
      false,
      'trust-cache: own. There is no record of what main has written: there is no Actions cache here.',
    ],
    [
      'an image that is gone',
      [known('main', null, 1, false)],
      null,
      false,
      'trust-cache: own. The registry does not show what main has recorded of main (sha256:000000000000).',
    ],
  ])('%s', (_, tags, why, hasOthers, expected) => expect(describeLeftOut(tags, why, hasOthers)).toBe(expected));
});
