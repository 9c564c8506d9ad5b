import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type ImageRecord, MERGE_DIGESTS, findMergedLayers } from '../../../../src/image/inline-cache/merge-records.js';
import { digestOf } from '../../../support/fixtures.js';
import { runsOf } from '../../../support/nightly.js';

const [MERGE = ''] = MERGE_DIGESTS;

test('a merge is known by the digests that BuildKit gives it, of 0.17 and of before', () =>
  expect([...MERGE_DIGESTS]).toEqual([
    // As images have it that BuildKit 0.25 has written.
    'sha256:5dbfbafede47210a7bd7363461bc885ec7310febe761daffdf666bfdae5970ff',
    'sha256:24b141c485de433886b0991051173916792b1b037c9a7f9520234a390d95e8c8',
  ]));

/** A record of a build, with the layers that it really has. */
interface Built {
  readonly digest: string;
  /** Keys, per input. */
  readonly inputs: readonly (readonly string[])[];
  readonly layers: readonly number[];
}

/** What BuildKit keeps for each instruction, by key, inputs first. */
class Build {
  readonly records = new Map<string, Built>();

  add(digest: string, inputs: Built['inputs'], layers: readonly number[]): string {
    const key = `${digest} ${JSON.stringify(inputs)}`;
    if (!this.records.has(key)) this.records.set(key, { digest, inputs, layers });
    return key;
  }

  layersOf(key: string | null): readonly number[] {
    return key === null ? [] : (this.records.get(key)?.layers ?? []);
  }

  /** An image has two keys: of its manifest and of its config. */
  from(base: number): readonly string[] {
    const layers = [[100], [101, 102], [100, 103]][base] ?? [];
    return ['manifest', 'config'].map((what) => this.add(`${what} ${base}`, [], layers));
  }

  copy(source: string, content: number): string {
    return this.add(`copy ${content}`, [[source]], [content]);
  }

  /** `COPY --link` onto nothing is the copy alone. */
  link(below: readonly string[], copy: string): string {
    const [first = null] = below;
    return first === null ? copy : this.add(MERGE, [below, [copy]], [...this.layersOf(first), ...this.layersOf(copy)]);
  }

  run(below: readonly string[], content: number): string {
    return this.add(`run ${content}`, below.length === 0 ? [] : [below], [...this.layersOf(below[0] ?? null), content]);
  }

  /** Records as the image of `last` has them: those that it is made of, with the results whose layers it has. */
  export(last: string, loses: (key: string, record: Built) => boolean): Map<string, ImageRecord> {
    const made = new Set<string>();
    const visit = (key: string): void => {
      made.add(key);
      this.records.get(key)?.inputs.flat().forEach(visit);
    };
    visit(last);
    const image = this.layersOf(last);
    return new Map(
      [...this.records].flatMap(([key, record]): [string, ImageRecord][] => {
        if (!made.has(key)) return [];
        const { digest, layers } = record;
        const isWritten = record.inputs.length > 0 && layers.every((one) => image.includes(one)) && !loses(key, record);
        const isStack = layers.every((one, index) => image[index] === one);
        const result = isStack
          ? { layers: toLayers(image), top: layers.length - 1 }
          : { layers: toLayers(layers), top: null };
        const inputs = record.inputs.map((links) => links.map((link) => ({ selector: '', link })));
        return [[key, { digest, inputs, results: isWritten ? [result] : [] }]];
      }),
    );
  }
}

const toLayers = (numbers: readonly number[]): { digest: string }[] =>
  numbers.map((number) => ({ digest: digestOf(number) }));

const loseMerges = (_: string, { digest }: Built): boolean => digest === MERGE;

/** Layers that were found for each merge, as numbers of the image's. */
function find(build: Build, last: string, records = build.export(last, loseMerges), whole = true) {
  const image = build.layersOf(last);
  const found = findMergedLayers(records, toLayers(image), whole);
  return new Map([...found].map(([key, top]) => [key, image.slice(0, top + 1)]));
}

/** `FROM base`, or from nothing, and a `COPY --link` of each content from a builder stage. */
function buildLinks(base: number | null, ...contents: readonly number[]): { build: Build; steps: string[] } {
  const build = new Build();
  const builder = build.run(build.from(1), 200);
  let below = base === null ? [] : build.from(base);
  const steps = contents.map((content) => {
    const step = build.link(below, build.copy(builder, content));
    below = [step];
    return step;
  });
  return { build, steps };
}

describe('merges that have lost their layers get them back', () => {
  test('the last, upon one that has kept them', () => {
    const { build, steps } = buildLinks(0, 1, 2, 3);
    const last = steps[2]!;
    const records = build.export(last, (key) => key === last);
    expect(find(build, last, records)).toEqual(new Map([[last, [100, 1, 2, 3]]]));
    // Even where records are missing: it follows from the layers below and its own.
    expect(find(build, last, records, false)).toEqual(new Map([[last, [100, 1, 2, 3]]]));
  });

  test('all, upon a base image that was never read', () => {
    const { build, steps } = buildLinks(1, 1, 2, 3);
    expect(find(build, steps[2]!)).toEqual(new Map(steps.map((key) => [key, build.layersOf(key)])));
  });

  test('all, upon nothing', () => {
    const { build, steps } = buildLinks(null, 1, 2, 3);
    expect(find(build, steps[2]!)).toEqual(new Map(steps.slice(1).map((key) => [key, build.layersOf(key)])));
  });

  test('below a step that has read its layers', () => {
    const { build, steps } = buildLinks(1, 1, 2);
    const [first = '', second = ''] = steps;
    const last = build.run([build.link([second], build.copy(first, 3))], 4);
    const records = build.export(last, (key) => steps.includes(key));
    expect(find(build, last, records)).toEqual(new Map(steps.map((key) => [key, build.layersOf(key)])));
  });
});

describe('merges of which it is not certain have none', () => {
  test('one of another stage that adds the same layer upon another base', () => {
    const { build, steps } = buildLinks(0, 1);
    const other = build.link(build.from(1), build.copy(build.run(build.from(1), 200), 1));
    const last = build.link(steps, build.copy(other, 2));
    expect(find(build, last)).toEqual(
      new Map([
        [steps[0], [100, 1]],
        [last, [100, 1, 2]],
      ]),
    );
  });

  test('records are missing, and the image’s own may be among them', () => {
    const { build, steps } = buildLinks(1, 1, 2);
    expect(find(build, steps[1]!, build.export(steps[1]!, loseMerges), false).size).toBe(0);
  });

  test('the image ends with another layer than the only record that nothing links to', () => {
    const { build, steps } = buildLinks(1, 1, 2);
    const records = build.export(steps[0]!, loseMerges);
    expect(findMergedLayers(records, toLayers(build.layersOf(steps[1]!)), true).size).toBe(0);
  });

  test('the image ends with the layer of one record that nothing links to, and there are others', () => {
    const build = new Build();
    const copies = [1, 2].map((content) => build.copy(build.run(build.from(1), 200), content));
    const other = build.link(build.from(0), copies[1]!);
    const below = build.link(build.from(1), copies[0]!);
    const last = build.link([below], copies[1]!);
    const records = build.export(build.run([last, other], 3), loseMerges);
    // As if the image's own record could not be exported.
    for (const [key, { digest }] of records) if (key === last || digest === 'run 3') records.delete(key);
    expect(records.has(other)).toBe(true);
    expect(find(build, last, records).size).toBe(0);
  });

  test('the image is a copy onto nothing, whose record is missing, from a stage that ends with the same layer', () => {
    const { build, steps } = buildLinks(null, 1, 2);
    const last = build.link([], build.copy(steps[1]!, 2));
    const records = build.export(last, (_, { digest }) => digest === MERGE);
    records.delete(last);
    expect(find(build, last, records).size).toBe(0);
  });

  test('the image has the last layer twice', () => {
    const { build, steps } = buildLinks(1, 1, 1);
    expect(find(build, steps[1]!).size).toBe(0);
  });

  test('the copy has no layer of its own that is known', () => {
    const { build, steps } = buildLinks(0, 1, 2);
    const records = build.export(steps[1]!, ({ length }) => length > 0);
    expect(find(build, steps[1]!, records).size).toBe(0);
  });

  test('what it is put upon has two results', () => {
    const { build, steps } = buildLinks(0, 1, 2);
    const [below = '', last = ''] = steps;
    const records = build.export(last, (key) => key === last);
    const { results, ...record } = records.get(below)!;
    records.set(below, { ...record, results: [...results, { layers: toLayers([100, 1, 2]), top: 0 }] });
    expect(find(build, last, records, false).size).toBe(0);
  });

  test.each(['another digest', 'a selector', 'a third input'])('it is no merge of two: %s', (what) => {
    const { build, steps } = buildLinks(0, 1, 2);
    const last = steps[1]!;
    const records = build.export(last, (key) => key === last);
    const record = records.get(last)!;
    const [base = [], copies = []] = record.inputs;
    const changed = {
      'another digest': { ...record, digest: digestOf(7) },
      'a selector': { ...record, inputs: [base, copies.map(({ link }) => ({ selector: '/app', link }))] },
      'a third input': { ...record, inputs: [base, copies, copies] },
    }[what];
    expect(find(build, last, new Map([...records, [last, changed!]])).size).toBe(0);
  });
});

test('as many merges as a config can hold, upon as many results, are gone through', () => {
  const many = 20_000;
  const layers = toLayers(Array.from({ length: 1000 }, (_, index) => index));
  const results = Array.from({ length: many }, (_, index) => ({ layers, top: index % 2 }));
  const records = new Map<string, ImageRecord>([
    ['base', { digest: digestOf(1), inputs: [], results }],
    ['copy', { digest: digestOf(2), inputs: [], results }],
  ]);
  const link = (name: string) => [{ selector: '', link: name }];
  for (let index = 0; index < many; index += 1)
    records.set(`${index}`, { digest: MERGE, inputs: [link('base'), link('copy')], results: [] });
  expect(findMergedLayers(records, layers, true).size).toBe(0);
});

interface Stage {
  readonly base: number | null;
  /** Instead of the base. */
  readonly fromStage: number | null;
  readonly steps: readonly { readonly kind: 'link' | 'run'; readonly source: number; readonly content: number }[];
}

/** Dockerfiles of a few stages upon few bases; few contents, so that equal layers come about. */
const dockerfile: fc.Arbitrary<readonly Stage[]> = fc.array(
  fc.record({
    base: fc.option(fc.nat(2)),
    fromStage: fc.option(fc.nat()),
    steps: fc.array(
      fc.record({ kind: fc.constantFrom<'link' | 'run'>('link', 'link', 'run'), source: fc.nat(), content: fc.nat(6) }),
      {
        minLength: 1,
        maxLength: 5,
      },
    ),
  }),
  { minLength: 1, maxLength: 4 },
);

function buildAll(stages: readonly Stage[]): { build: Build; last: string } {
  const build = new Build();
  const ends: string[] = [];
  for (const { base, fromStage, steps } of stages) {
    const earlier = fromStage === null ? undefined : ends[fromStage % Math.max(ends.length, 1)];
    let below: readonly string[] = earlier !== undefined ? [earlier] : base === null ? [] : build.from(base);
    for (const { kind, source, content } of steps) {
      const from = ends[source % Math.max(ends.length, 1)] ?? 'context';
      below = [kind === 'run' ? build.run(below, content) : build.link(below, build.copy(from, content))];
    }
    ends.push(below[0]!);
  }
  return { build, last: ends.at(-1)! };
}

test('whatever is built and whatever results are lost, no record gets other layers than it has', () => {
  let found = 0;
  fc.assert(
    fc.property(
      dockerfile,
      fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
      fc.boolean(),
      fc.boolean(),
      (stages, lost, whole, losesLast) => {
        const { build, last } = buildAll(stages);
        const keys = [...build.records.keys()];
        const records = build.export(last, (key, { digest }) => digest === MERGE && (lost[keys.indexOf(key)] ?? true));
        if (losesLast) records.delete(last);
        for (const [key, layers] of find(build, last, records, whole)) {
          found += 1;
          expect(layers).toEqual(build.layersOf(key));
          expect(records.get(key)).toMatchObject({ digest: MERGE, results: [] });
        }
      },
    ),
    { numRuns: runsOf(3000) },
  );
  expect(found).toBeGreaterThan(500);
});
