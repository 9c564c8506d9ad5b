import { describe, expect, test } from '@jest/globals';
import { hideChecks, parseDockerfile, stagesOutside } from '../../../src/build/pure/dockerfile.js';

const lines = (...text: readonly string[]): string => `${text.join('\n')}\n`;
const names = (text: string): (string | null)[] => parseDockerfile(text).stages.map(({ name }) => name);

describe('the stages of a Dockerfile', () => {
  test.each<[string, string, (string | null)[]]>([
    ['none', '', []],
    ['two', lines('FROM a AS builder', 'RUN b', 'FROM c AS production'), ['builder', 'production']],
    ['one without a name', lines('FROM a', 'FROM b AS production'), [null, 'production']],
    ['keywords in lower case', lines('from a as builder', 'From b As Production'), ['builder', 'Production']],
    ['a platform before the image', lines('FROM --platform=$BUILDPLATFORM node:22 AS builder'), ['builder']],
    ['indented, with tabs', lines('  FROM\ta\tAS\tbuilder  '), ['builder']],
    ['continued lines', lines('FROM \\', '  a \\', '  AS builder', 'FROM b AS production'), ['builder', 'production']],
    [
      'comments and empty lines between continued lines',
      lines('FROM a AS builder', 'RUN x \\', '# FROM c AS comment \\', '', 'FROM y AS fake', 'FROM b AS production'),
      ['builder', 'production'],
    ],
    [
      'FROM that only continues a command',
      lines('FROM a AS builder', 'RUN psql -c "SELECT x \\', 'FROM t AS fake"', 'FROM b AS production'),
      ['builder', 'production'],
    ],
    ['commented out', lines('# FROM a AS fake', '  # FROM a AS fake', 'FROM b AS production'), ['production']],
    [
      'FROM in a heredoc',
      lines('FROM a AS builder', 'RUN <<EOF', 'FROM x AS fake', 'EOF', 'FROM b AS production'),
      ['builder', 'production'],
    ],
    [
      'FROM in a quoted heredoc that ends behind tabs',
      lines('FROM a AS builder', 'COPY <<-"EOT" /sql', '\tFROM x AS fake', '\tEOT', 'FROM b AS production'),
      ['builder', 'production'],
    ],
    [
      'FROM in the second of two heredocs',
      lines('FROM a', 'COPY <<A <<B /d/', 'FROM x AS f1', 'A', 'FROM x AS f2', 'B', 'FROM b AS production'),
      [null, 'production'],
    ],
    [
      'a heredoc on a continued line',
      lines('FROM a', 'RUN x \\', '  && cat <<EOF', 'FROM x AS fake', 'EOF', 'FROM b AS production'),
      [null, 'production'],
    ],
    ['a here-string is no heredoc', lines('FROM a', 'RUN cat <<<word', 'FROM b AS production'), [null, 'production']],
    [
      'a heredoc in another instruction is none',
      lines('FROM a', 'LABEL x="<<EOF"', 'FROM b AS production'),
      [null, 'production'],
    ],
    [
      'a backtick as escape',
      lines('# escape=`', 'FROM a AS builder', 'COPY x C:\\', 'RUN y `', '  FROM t AS fake', 'FROM b AS production'),
      ['builder', 'production'],
    ],
    [
      'an escape directive that comes too late',
      lines('# a comment', '# escape=`', 'FROM a AS builder', 'RUN x `', 'FROM b AS production'),
      ['builder', 'production'],
    ],
    ['a byte order mark', '\uFEFFFROM a AS builder\nFROM b AS production\n', ['builder', 'production']],
    [
      'Windows line ends',
      'FROM a AS builder\r\nRUN x \\\r\n  FROM t AS fake\r\nRUN <<EOF\r\nFROM x AS fake\r\nEOF\r\nFROM b AS production\r\n',
      ['builder', 'production'],
    ],
    ['no line break at the end', 'FROM a AS builder\nFROM b AS production', ['builder', 'production']],
  ])('%s', (_, text, expected) => expect(names(text)).toEqual(expected));

  test.each([
    ['# syntax=docker/dockerfile:1', false],
    ['#syntax = docker.io/docker/dockerfile:1.7-labs', false],
    ['# syntax=docker/dockerfile@sha256:abc', false],
    ['# syntax=docker/dockerfile-upstream:master', false],
    ['\uFEFF# escape=`\n# SYNTAX=registry.example/frontend:1', true],
    ['# syntax=docker/dockerfile-evil', true],
    ['# a comment\n# syntax=registry.example/frontend:1', false],
    ['FROM a', false],
    ['# syntax=docker/dockerfile:1 as it is', false],
  ])('%j: foreign syntax %s', (text, foreign) => expect(parseDockerfile(text).customSyntax).toBe(foreign));

  test.each([
    ['# check=error=true', true],
    ['# check=skip=JSONArgsRecommended,StageNameCasing;error=true', true],
    ['#Check = skip=all; error = 1', true],
    ['# syntax=docker/dockerfile:1\n# check=error=true', true],
    ['# check=error=false', false],
    ['# check=skip=error=true', false],
    ['# check=skip=all', false],
    ['# a comment\n# check=error=true', false],
    ['FROM a', false],
  ])('%j: fails its own build by checks: %s', (text, fails) => {
    const dockerfile = parseDockerfile(`${text}\n`);
    expect(dockerfile.failsOnChecks).toBe(fails);
    const off = hideChecks({ dockerfileChecks: 'off' }, dockerfile).map(({ flag, value }) => `${flag} ${value}`);
    expect(off).toEqual(fails ? [] : ['--build-arg BUILDKIT_DOCKERFILE_CHECK=skip=all']);
    for (const mode of ['warn', 'error'] as const)
      expect(hideChecks({ dockerfileChecks: mode }, dockerfile)).toEqual([]);
  });
});

describe('the stages that the builder is built without', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['those after it', ['FROM a AS builder', 'FROM b AS production'], ['production']],
    [
      'not those that it starts from, whatever the letter case',
      ['FROM a AS Base', 'FROM BASE AS deps', 'FROM deps AS builder', 'FROM base AS production'],
      ['production'],
    ],
    [
      'not those that it copies from',
      [
        'FROM a AS tools',
        'FROM b AS spare',
        'FROM c AS builder',
        'COPY --chown=1:1 --from=tools /a /b',
        'FROM d AS production',
      ],
      ['spare', 'production'],
    ],
    [
      'not those that it mounts',
      ['FROM a AS tools', 'FROM c AS builder', 'RUN --mount=type=bind,from=tools,target=/t x', 'FROM d AS production'],
      ['production'],
    ],
    [
      'not those that it copies from by number',
      ['FROM a AS tools', 'FROM b AS spare', 'FROM c AS builder', 'COPY --from=0 /a /b', 'FROM d AS production'],
      ['spare', 'production'],
    ],
    [
      'not those of a copy over several lines',
      ['FROM a AS tools', 'FROM c AS builder', 'COPY \\', '  --from=tools \\', '  /a /b', 'FROM d AS production'],
      ['production'],
    ],
    [
      'but one that is only spoken of in a heredoc',
      ['FROM a AS tools', 'FROM c AS builder', 'RUN <<EOF', 'COPY --from=tools', 'EOF', 'FROM d AS production'],
      ['tools', 'production'],
    ],
    [
      'of two stages of one name the later one counts',
      ['FROM a AS builder', 'FROM x AS old', 'FROM old AS builder', 'FROM d AS production'],
      ['builder', 'production'],
    ],
    ['a stage that is named like its image', ['FROM builder AS builder', 'FROM b AS production'], ['production']],
  ])('%s', (_, text, outside) => expect(stagesOutside(parseDockerfile(lines(...text)), ['builder'])).toEqual(outside));
});
