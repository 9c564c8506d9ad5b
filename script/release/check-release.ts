import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { appendFileSync, readFileSync } from 'node:fs';
import { SCANNER_IMAGES } from '../../src/checks/pure/scanner-images.js';
import { planRelease } from './release.js';

const [version = ''] = process.argv.slice(2);
const { version: packageVersion } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
try {
  const release = planRelease({
    version,
    tags: execFileSync('git', ['tag', '--list'], { encoding: 'utf8' }).split('\n'),
    packageVersion,
    changelog: readFileSync('CHANGELOG.md', 'utf8'),
    scannerImages: Object.values(SCANNER_IMAGES),
  });
  console.log(`${release.tag} may be released${release.major === '' ? '' : `, and ${release.major} moves to it`}.`);
  const file = process.env.GITHUB_OUTPUT;
  if (file !== undefined) {
    const end = randomUUID();
    appendFileSync(file, `notes<<${end}\n${release.notes}\n${end}\n`);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
