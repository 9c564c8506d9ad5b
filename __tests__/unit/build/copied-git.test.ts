// Which step copies `.git` of the context, and whether the context has it.
import { describe, expect, test } from '@jest/globals';
import { findCopyOfGit, sendsGit } from '../../../src/build/pure/context/copied-git.js';
import { parseDockerfile } from '../../../src/build/pure/dockerfile.js';

test.each([
  ['', true],
  ['node_modules', true],
  ['# .git', true],
  ['.git', false],
  ['/.git/', false],
  ['**/.git', false],
  ['.git/**', false],
  ['*\n!src', false],
  ['*\n!.git', true],
  ['.git\n!.git/index', true],
  ['.git/*\n!.git/HEAD', false],
  ['**/.git/objects', true],
])('.dockerignore %j: .git is sent and changes: %j', (text, expected) => expect(sendsGit(text)).toBe(expected));

/** The step of the builder stage that copies `.git`, of one that ran with this instruction. */
function find(instruction: string): string | undefined {
  const dockerfile = parseDockerfile(`FROM a AS builder\n${instruction}\nFROM b AS production\nRUN x\n`);
  // As BuildKit shows it: without quotes, and without the body of a heredoc.
  const shown = instruction.replace(/\n[^]*/, '').replaceAll('"', '');
  return findCopyOfGit(dockerfile, [{ name: `[builder 2/2] ${shown}`, stage: 'builder', cached: false }])?.name;
}

describe('an instruction', () => {
  test.each([
    'COPY . .',
    'copy ./ /app/',
    'ADD . /app',
    'COPY / /app',
    'COPY src/.. /app',
    'COPY package.json . /app/',
    'COPY * /app/',
    'COPY --chown=node:node --link . /app',
    'COPY ["./", "/app with space/"]',
    'COPY "." /app',
    'COPY --exclude=node_modules . /app',
    'ADD https://example.com/a.tar . /app/',
  ])('copies it: %s', (instruction) => expect(find(instruction)).toBeDefined());

  test.each([
    'COPY src /app',
    'COPY src/ ./',
    'COPY --from=deps . .',
    'COPY --from=files / /app',
    'COPY src/* ./',
    'COPY *.json ./',
    'COPY --exclude=.git . /app',
    'COPY --exclude=**/.git --exclude=x . /app',
    'COPY <<END /app/.\ntext\nEND',
    'ADD https://example.com/app.git /app',
    'ADD git@github.com:owner/app.git .',
    'RUN cp -r . /app',
    'WORKDIR .',
    // What it is cannot be told.
    'COPY $FROM /app',
    // Such a build needs it.
    'COPY .git /app/.git',
    'COPY .git/HEAD . /app/',
  ])('does not: %s', (instruction) => expect(find(instruction)).toBeUndefined());
});

describe('a build', () => {
  const dockerfile = parseDockerfile(
    [
      'FROM a AS base',
      'RUN apk add x',
      'FROM base AS builder',
      'RUN npm ci',
      'COPY . .',
      'RUN npm run build',
      'FROM a AS lint',
      'RUN lint',
      'FROM a AS production',
      'COPY --from=builder /app /app',
      'COPY . /docs',
    ].join('\n'),
  );
  const names = {
    base: '[base 2/2] RUN apk add x',
    install: '[builder 1/3] RUN npm ci',
    copy: '[linux/amd64 builder 2/3] COPY . .',
    build: '[builder 3/3] RUN npm run build',
    lint: '[lint 2/2] RUN lint',
    docs: '[production 3/3] COPY . /docs',
  };
  type Key = keyof typeof names;
  /** @param ran the steps that were not cached */
  const findIn = (...ran: readonly Key[]): string | undefined =>
    findCopyOfGit(
      dockerfile,
      Object.entries(names).map(([key, name]) => ({
        name,
        stage: /(\w+) \d+\//.exec(name)?.[1] ?? '',
        cached: !ran.includes(key as Key),
      })),
    )?.name;

  test.each<[string, readonly Key[], string | undefined]>([
    ['the step alone', ['copy'], names.copy],
    ['and what follows it', ['copy', 'build', 'docs'], names.copy],
    ['beside a stage that it is not made of', ['lint', 'copy'], names.copy],
    ['of a later stage', ['docs'], names.docs],
    ['after a step of its own stage', ['install', 'copy', 'build'], undefined],
    ['after a step of the stage that it begins with', ['base', 'install', 'copy'], undefined],
    ['none that ran', [], undefined],
    ['others that ran', ['build', 'lint'], undefined],
  ])('%s', (_, ran, expected) => expect(findIn(...ran)).toBe(expected));

  const COPY = [{ name: '[builder 2/2] COPY . .', stage: 'builder', cached: false }];

  test('a Dockerfile that mounts .git needs it', () => {
    const of = (mount: string) =>
      findCopyOfGit(parseDockerfile(`FROM a AS builder\nCOPY . .\nFROM b\nRUN --mount=${mount} git log\n`), COPY);
    expect(of('type=bind,source=.git,target=/git')).toBeNull();
    expect(of('type=bind,from=x,source=.git,target=/git')).not.toBeNull();
  });

  test('a Dockerfile that is not here, or not for Docker, or without the stage tells nothing', () => {
    expect(findCopyOfGit(null, COPY)).toBeNull();
    expect(findCopyOfGit(parseDockerfile('# syntax=x.example/y\nFROM a AS builder\nCOPY . .\n'), COPY)).toBeNull();
    expect(findCopyOfGit(parseDockerfile('FROM a\nCOPY . .\n'), COPY)).toBeNull();
  });
});
