// Dockerfiles as BuildKit reads them.
import { describe, expect, test } from '@jest/globals';
import { parseDockerfile, stagesOutside } from '../../../src/build/pure/dockerfile.js';

const names = (text: string) => parseDockerfile(text).stages.map(({ name }) => name);
const between = (body: string): string => `FROM a AS builder\n${body}\nFROM b AS production\n`;

describe('dockerfile, as BuildKit 0.20 parses it', () => {
  test.each([
    ['quoted, no heredoc', 'RUN echo "<<EOF"'],
    ['inside sh -c, no heredoc', "RUN sh -c 'cat <<EOF > /x'"],
    ['name with hyphens', 'RUN <<END-OF-FILE\nx\nEND-OF-FILE'],
    ['name with a space', 'RUN cat <<"E F"\nFROM c AS fake\nE F'],
    ['tab before the end word without <<-', 'RUN <<EOF\n\tEOF\nFROM c AS fake\nEOF'],
    ['space behind the end word', 'RUN <<EOF\nEOF \nFROM c AS fake\nEOF'],
    ['file descriptor', 'RUN 3<<EOF cat /dev/fd/3\nFROM c AS fake\nEOF'],
    ['ONBUILD', 'ONBUILD RUN <<EOF\nFROM c AS fake\nEOF'],
    ['shift', 'RUN echo $((1<<EOF))'],
  ])('%s', (_, body) => expect(names(between(body))).toEqual(['builder', 'production']));
  test('--mount=from=', () =>
    expect(
      stagesOutside(
        parseDockerfile(
          'FROM a AS tools\nFROM b AS builder\nRUN --mount=from=tools,target=/t x\nFROM c AS production\n',
        ),
        ['builder'],
      ),
    ).toEqual(['production']));
  test('from= in a command is no use', () =>
    expect(
      stagesOutside(
        parseDockerfile('FROM a AS tools\nFROM b AS builder\nRUN mail from=tools\nFROM c AS production\n'),
        ['builder'],
      ),
    ).toEqual(['tools', 'production']));
});
