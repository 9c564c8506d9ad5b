// What reads the output of builds and scripts, and the cache of images, with what such readers are slowest on. Pure.
import { parseDenial } from '../../../src/plan/denial/denial.js';
import { classifyFailure } from '../../../src/adapters/docker/pass-failure.js';
import { findFailedPlace } from '../../../src/adapters/progress/failed-place.js';
import { RawProgressReader } from '../../../src/adapters/progress/raw.js';
import { parseChallenge } from '../../../src/adapters/registry/token.js';
import { parseDockerfile } from '../../../src/build/pure/dockerfile.js';
import { mergeCaches } from '../../../src/cache/pure/merge-caches.js';
import { digestOf } from '../../../src/image/digest.js';
import type { CachedImage } from '../../../src/image/stored-image.js';
import { parseList } from '../../../src/inputs/syntax.js';
import { InputError } from '../../../src/shared/errors.js';
import { LastLines, LineBuffer } from '../../../src/shared/long-line.js';
import { escapeMarkdown } from '../../../src/shared/markdown.js';

export interface ParserCase {
  readonly name: string;
  /** Characters of the input that the time limit is for. */
  readonly size: number;
  /** What is timed, for an input of so many characters that is made beforehand. */
  readonly prepare: (size: number) => () => void;
}

const MEGABYTE = 1_000_000;
const STEP = { digest: 'sha256:1', name: '[builder 2/2] RUN make' };

/** `text` as often as it fits. */
const fill = (text: string, size: number): string => text.repeat(Math.max(1, Math.floor(size / text.length)));

/** Lines of `--progress=rawjson` that bring an output in pieces. */
function toRawLines(text: string, piece: number, name = STEP.name): readonly string[] {
  const started = '2026-01-01T00:00:00Z';
  const pieces = text.match(new RegExp(`[^]{1,${piece}}`, 'g')) ?? [];
  return [
    { vertexes: [{ ...STEP, name, started }] },
    ...pieces.map((part) => ({
      logs: [{ vertex: STEP.digest, stream: 1, data: Buffer.from(part).toString('base64') }],
    })),
    { vertexes: [{ ...STEP, name, started, completed: '2026-01-01T00:00:01Z', error: text.slice(0, 80_000) }] },
  ].map((line) => JSON.stringify(line));
}

function readRaw(lines: readonly string[]): void {
  const reader = new RawProgressReader();
  for (const line of lines) reader.read(line, 0);
  classifyFailure(reader.progress.errors, reader.progress.failed?.output ?? []);
}

const rawCase = (name: string, text: string, { size = MEGABYTE, piece = 1000, end = '' } = {}): ParserCase => ({
  name: `raw progress: ${name}`,
  size,
  prepare: (length) => {
    const lines = toRawLines(fill(text, length) + end, piece);
    return () => readRaw(lines);
  },
});

const failureCase = (text: string, end = ''): ParserCase => ({
  name: `verdict on a failure: ${JSON.stringify(text)}${end === '' ? '' : ` and ${JSON.stringify(end)}`}`,
  size: 80_000,
  prepare: (length) => {
    const line = `ERROR: ${fill(text, length)}${end}`;
    return () => {
      classifyFailure([line, `exporting to image: ${line}`]);
      parseDenial(line);
    };
  },
});

/** What may throw for people is read all the same. */
function mayRefuse(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
}

const textCase = (name: string, text: string, size: number, read: (text: string) => unknown): ParserCase => ({
  name: `${name}: ${JSON.stringify(text)}`,
  size,
  prepare: (length) => {
    const filled = fill(text, length);
    return () => {
      mayRefuse(() => read(filled));
    };
  },
});

/** A step after the other, of which the first ones are those of every image; the first 120 have a layer. */
function makeCachedImage(name: string, steps: number): CachedImage {
  const digests = Array.from({ length: steps }, (_, index) => digestOf(`${index < 50 ? '' : name} ${index}`));
  const own = {
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    size: 1,
    createdAt: '',
    createdBy: 'RUN make',
  };
  const layers = digests.slice(0, 120).map((digest) => ({ ...own, digest, diffId: digest }));
  const records = digests.map((digest, index) => ({
    digest,
    ...(index > 0 && { inputs: [[{ link: index - 1 }]] }),
    ...(index < layers.length && { layers: [{ layer: index, createdAt: '2026-01-01T00:00:00Z' }] }),
  }));
  return { name, layers, records };
}

/** The kernel takes no longer environment variable, and inputs are such. */
const LONGEST_INPUT = 128_000;
/** Node takes no more of an answer's headers. */
const LONGEST_HEADERS = 16_000;
const readList = (text: string) => parseList('x', text, { separator: 'line' });
const readChallenge = (text: string) => parseChallenge(`Bearer ${text}`, 'http://registry.example');

export const PARSER_CASES: readonly ParserCase[] = [
  {
    name: 'output of a process: no line break, in pieces of 100',
    size: MEGABYTE,
    prepare: (length) => {
      const pieces = Array.from({ length: length / 100 }, () => 'x'.repeat(100));
      return () => {
        const buffer = new LineBuffer(4_000_000);
        for (const piece of pieces) buffer.push(piece);
        buffer.flush();
      };
    },
  },
  {
    name: 'output of a process: nothing but line breaks, of which the last are kept',
    size: MEGABYTE,
    prepare: (length) => () => {
      const lines = new LastLines(length / 2);
      for (const line of new LineBuffer(8000).push('\n'.repeat(length))) lines.push(line);
    },
  },
  rawCase('no line break', 'x'),
  rawCase('no line break, in small pieces', 'x', { piece: 50, size: 200_000 }),
  rawCase('carriage returns alone', '\r', { end: 'x' }),
  rawCase('a progress bar', '\r 42 % of it'),
  rawCase('nothing but line breaks, at once', '\n', { size: 100_000, piece: MEGABYTE }),
  rawCase('quotes behind backslashes', '\\"', { size: 80_000 }),
  {
    name: 'raw progress: many lines of a step with a long name',
    size: 100_000,
    prepare: (length) => {
      const lines = toRawLines(fill('line\n', length), 1000, `[builder 2/2] RUN ${fill('true && ', 20_000)}`);
      return () => readRaw(lines);
    },
  },
  {
    name: 'place of a failure: what looks like one',
    size: MEGABYTE,
    prepare: (length) => {
      const lines = [
        `Dockerfile${fill(':1', length)}x`,
        '-'.repeat(length),
        ...fill('Dockerfile:4\n', length).split('\n'),
      ];
      return () => findFailedPlace(lines, 'Dockerfile');
    },
  },
  failureCase('\\"'),
  failureCase('"'),
  failureCase('http://', '"'),
  failureCase('unexpected status '),
  failureCase('content digest '),
  failureCase('EOF '),
  ...[',', '/', 'a=b\n', '"'].map((text) => textCase('list of an input', text, LONGEST_INPUT, readList)),
  ...['\n', '<', '|'].map((text) => textCase('text for Markdown', text, MEGABYTE, escapeMarkdown)),
  ...['FROM a AS b\n', 'RUN \\\n', 'RUN <<A ', '"', '\\'].map((text) =>
    textCase('Dockerfile', text, MEGABYTE, parseDockerfile),
  ),
  {
    name: 'merged cache: four images of 500 steps each',
    size: 250_000,
    prepare: (length) => {
      const images = ['one', 'two', 'three', 'four'].map((name) => makeCachedImage(name, length / 500));
      return () => mergeCaches(images);
    },
  },
  ...['a= ', 'a="', ', ', 'bearer '].map((text) =>
    textCase('challenge of a registry', text, LONGEST_HEADERS, readChallenge),
  ),
];
