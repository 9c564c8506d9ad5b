// The committed SBOM names what is bundled, and says of it what npm says.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

interface Component {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes: readonly object[];
  readonly licenses: readonly object[];
}

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const { components } = JSON.parse(read('dist/sbom.cdx.json')) as { readonly components: readonly Component[] };

test('names the packages whose licences stand beside the bundle', () => {
  const licensed = read('dist/licenses.txt')
    .split(`\n${'-'.repeat(80)}\n\n`)
    .map((section) => section.slice(0, section.indexOf('\n')));
  expect(components.map(({ name, version }) => `${name} ${version}`).toSorted()).toEqual(
    [...new Set(licensed)].toSorted(),
  );
});

test('says of each what npm sbom says', () => {
  const options = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only'];
  const said = execFileSync('npm', options, { cwd: root, encoding: 'utf8', maxBuffer: 1e8 });
  const { components: all } = JSON.parse(said) as { readonly components: readonly Component[] };
  const pick = ({ name, version, purl, hashes, licenses }: Component) => ({ name, version, purl, hashes, licenses });
  const byPurl = new Map(all.map((one) => [one.purl, pick(one)]));
  expect(components.map(pick)).toEqual(components.map(({ purl }) => byPurl.get(purl)));
});
