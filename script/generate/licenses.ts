// Writes the licences of every package in the bundle beside it. Usage: tsx script/generate/licenses.ts OUTPUT STATS…
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [output, ...statsFiles] = process.argv.slice(2);
if (output === undefined || statsFiles.length === 0) throw new Error('Usage: licenses.ts OUTPUT STATS…');

// Module names in webpack's stats are paths behind loaders ("loader!path"); nested node_modules are packages of their own.
const folders = new Set(
  [
    ...statsFiles
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n')
      .matchAll(/((?:[^"!\\, ]*\/)?node_modules\/(?:@[\w.-]+\/)?[\w.-]+)\//g),
  ]
    // The bundle is made from copies of some packages (script/bundle); their licences stand where npm has put them.
    .map(([, path = '']) => path.slice(path.indexOf('node_modules/')).replace(/^.*\/two-pass-build\/js\//, ''))
    .map((path) => path.replace(/^.*\/(node_modules\/undici)$/, '$1'))
    .filter((path) => !path.includes('/.cache')),
);

const sections = [...folders].sort().flatMap((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<
    string,
    string
  >;
  if (name === '@vercel/ncc') return [];
  const file = readdirSync(folder).find((entry) => /^(?:licen[cs]e|copying)(?:\.|-mit|$)/i.test(entry));
  if (license === undefined) throw new Error(`${folder} does not say what its licence is.`);
  const text =
    file === undefined
      ? `Licence: ${license} (the package has no licence file).`
      : readFileSync(join(folder, file), 'utf8').trim();
  return [`${name} ${version}\n${license}\n\n${text.replaceAll('\r\n', '\n')}\n`];
});
if (sections.length === 0) throw new Error(`No package is named in ${statsFiles.join(', ')}.`);
writeFileSync(output, sections.join(`\n${'-'.repeat(80)}\n\n`));
