// What --help prints. Pure text.
import { FLAGS, type Flag } from '../plan/command-line.js';

const WIDTH = 100;
const INDENT = '      ';

export function toHelp(): string {
  return `Usage: two-pass-build [FLAG…] [CONTEXT]

Builds the stages "builder" and "production" of a Dockerfile as the GitHub Action DFE-Digital/two-pass-build does,
and loads the image into the local engine, or with --push pushes it. Run it in the git work tree of the service.

  two-pass-build                          build, load
  two-pass-build --push                   build, push with the tag dev-<commit>-<time>
  two-pass-build --dry-run                say what a build would do, and do nothing

Flags are --NAME VALUE or --NAME=VALUE; those with [=…] alone mean true, those with "…" may be repeated.
The login is that of "docker login", unless --username and --password are given; others on this machine
can read what stands on a command line, so give secrets by --secret-envs or --secret-files.

${FLAGS.map(toEntry).join('\n')}
  --help, -h
      This text
  --version
      The version

Exit codes: 0 done, 1 failed, 2 to be mended before a build starts, 130 stopped by Ctrl-C.
`;
}

function toEntry(flag: Flag): string {
  const { name, kind, description } = flag;
  const syntax = { switch: '[=true|false]', list: ' VALUE …', text: ' VALUE' }[kind];
  const preset = describeDefault(flag);
  const text = `${description}${preset === '' ? '' : ` (default: ${preset})`}`;
  return [
    `  --${name}${name === 'push' ? '[=true|false|auto]' : syntax}`,
    ...wrap(text).map((line) => INDENT + line),
  ].join('\n');
}

function describeDefault({ default: preset }: Flag): string {
  return preset ?? 'ghcr.io/OWNER/NAME of the git remote "origin"';
}

function wrap(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${word}`.length <= WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
