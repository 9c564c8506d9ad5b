// Steps behind a COPY that need nothing of it: packages of the system, and pruning.
import { describe, expect, test } from '@jest/globals';
import { type TimedStep, adviceOn } from '../../support/timed-build.js';

/** A production stage whose steps ran but for the first one. */
function packagesIn(...instructions: readonly string[]) {
  const named = instructions.filter((one) => /^(?:RUN|COPY|WORKDIR) /.test(one));
  const steps = named.map((instruction, index): TimedStep => {
    const name = `[production ${index + 2}/${named.length + 1}] ${instruction}`;
    return index === 0 ? { name, cached: true } : { name, seconds: /\b(?:apk|apt-get)\b/.test(instruction) ? 4 : 0.5 };
  });
  return adviceOn({
    dockerfile: ['FROM scratch AS builder', 'FROM alpine AS production', ...instructions].join('\n'),
    steps,
  });
}
const COPY = 'COPY --from=builder /app/dist ./';

test('packages that are installed behind a COPY go above it', () => {
  expect(packagesIn('WORKDIR /app', COPY, 'RUN apk add --no-cache curl tini')).toEqual([
    '**4.0 s** in each run with other files for `COPY --from=builder /app/dist ./` (line 4): `RUN apk add --no-cache curl tini` (line 5) needs none of them and ran again. Put it above that line.',
  ]);
});

test('several of them are one change', () => {
  const lines = packagesIn('WORKDIR /app', COPY, 'RUN apk update', 'RUN adduser -D app && apk add curl');
  expect(lines).toEqual([
    expect.stringMatching(/^\*\*8\.0 s\*\* .* \(line 5\) and .* \(line 6\) need none .* Put them above/),
  ]);
});

describe('packages: said too', () => {
  test.each([
    [
      [
        'WORKDIR /app',
        COPY,
        'RUN apt-get update && apt-get install -y --no-install-recommends curl=8.1-1 && rm -rf /var/lib/apt/lists/*',
      ],
    ],
    [['WORKDIR /app', 'COPY . .', 'RUN npm run build', 'RUN apk add --virtual .tools make g++']],
    [['WORKDIR /app', 'COPY . /usr/src/app', 'RUN apk add curl']],
    [['WORKDIR /app', COPY, 'ARG VERSION', 'RUN apk add curl']],
  ])('%j', (instructions) => expect(packagesIn(...instructions)).toHaveLength(1));
});

describe('packages: not said', () => {
  test.each<[string, readonly string[]]>([
    ['of a file that is installed', ['WORKDIR /app', COPY, 'RUN apt-get install ./tool.deb']],
    ['of packages in a variable', ['WORKDIR /app', COPY, 'RUN apk add $PACKAGES']],
    ['of packages in a file', ['WORKDIR /app', COPY, 'RUN apk add "$(cat packages)"']],
    ['of a RUN that does more', ['WORKDIR /app', COPY, 'RUN apk add curl && make']],
    [
      'when sources of packages are copied',
      ['WORKDIR /app', 'COPY mirror.list /etc/apt/sources.list.d/', 'RUN apt-get update'],
    ],
    ['when all of the system is copied', ['WORKDIR /', 'COPY rootfs .', 'RUN apk add curl']],
    ['when a script before it may add sources', ['WORKDIR /app', COPY, 'RUN ./setup', 'RUN apt-get install nodejs']],
    ['behind another user', ['WORKDIR /app', COPY, 'USER root', 'RUN apk add curl']],
    ['when nothing is copied', ['WORKDIR /app', 'RUN true', 'RUN apk add curl']],
  ])('%s', (_, instructions) => expect(packagesIn(...instructions)).toEqual([]));
});

interface Pruning {
  readonly prune?: string;
  readonly output?: string;
  readonly install?: Partial<TimedStep>;
  readonly copies?: string;
}

const COPY_PACKAGES = 'COPY --from=builder /app/node_modules ./node_modules';

function pruningOf({
  prune = 'RUN npm prune --omit=dev',
  output,
  install = { cached: true },
  copies = COPY_PACKAGES,
}: Pruning) {
  return adviceOn({
    dockerfile: [
      ...['FROM node:24 AS builder', 'WORKDIR /app', 'COPY package*.json ./', 'RUN npm ci', 'COPY . .', prune],
      ...['FROM node:24 AS production', copies],
    ].join('\n'),
    steps: [
      { name: '[builder 2/6] WORKDIR /app', cached: true },
      { name: '[builder 3/6] COPY package*.json ./', cached: true },
      { name: '[builder 4/6] RUN npm ci', ...install },
      { name: '[builder 5/6] COPY . .' },
      { name: `[builder 6/6] ${prune}`, seconds: 9, ...(output !== undefined && { output }) },
      { name: `[production 2/2] ${copies}`, megabytes: 34 },
    ],
  });
}

test('pruning goes to a stage of its own, and with it what production copies', () => {
  expect(pruningOf({})).toEqual([
    '**9.0 s and 34.0 MB** in each run with other files for `COPY . .` (line 5): `npm prune --omit=dev` (line 6) ran again, although what `RUN npm ci` (line 4) installs is the same. ' +
      "Give production's dependencies a stage of their own, with `npm ci --omit=dev` behind a COPY of the manifests, and copy them from there.",
  ]);
});

describe('pruning among other commands takes what npm says', () => {
  const prune = 'RUN npm test && npm run build && npm prune --omit=dev';
  test.each<[string, RegExp | null]>([
    [
      'tests passed\nremoved 236 packages, and audited 85 packages in 4s\n\n\nfound 0 vulnerabilities\n',
      /^\*\*4\.0 s and 34\.0 MB\*\* /,
    ],
    ['up to date, audited 3 packages in 512ms\n', /^\*\*0\.5 s and 34\.0 MB\*\* /],
    // More than the whole step took.
    ['removed 2 packages, and audited 5 packages in 1m\n', /^\*\*9\.0 s and/],
    ['removed 2 packages in 3s\nremoved 3 packages in 3s\n', /^\*\*34\.0 MB\*\* /],
    ['built in 3s\n', /^\*\*34\.0 MB\*\* /],
  ])('%j', (output, line) => expect(pruningOf({ prune, output })).toEqual([expect.stringMatching(line!)]));
});

test.each<[string, Pruning]>([
  ['when the dependencies were installed again', { install: {} }],
  ['of another workspace', { prune: 'RUN npm prune --workspace=a', copies: 'COPY --from=builder /app/dist ./' }],
])('pruning: nothing is said %s', (_, pruning) => expect(pruningOf(pruning)).toEqual([]));

test.each(['COPY --from=builder /app ./', 'COPY --from=builder /app/dist ./'])(
  'the bytes of %s are not those of the dependencies',
  (copies) => expect(pruningOf({ copies })).toEqual([expect.stringMatching(/^\*\*9\.0 s\*\* /)]),
);
