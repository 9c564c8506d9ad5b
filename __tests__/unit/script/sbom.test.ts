import { describe, expect, test } from '@jest/globals';
import type { BundledPackage } from '../../../script/bundled/packages.js';
import { type Lock, type OwnPackage, toSbom } from '../../../script/bundled/sbom.js';

const OWN: OwnPackage = {
  name: 'app',
  version: '1.2.3',
  license: 'MIT',
  repository: 'Owner/App',
  dependencies: ['@scope/a', 'develops'],
};
const INTEGRITY = `sha512-${Buffer.from('x').toString('base64')}`;
const packageAt = (folder: string, change: Partial<BundledPackage> = {}): BundledPackage => ({
  folder,
  name: folder.split('node_modules/').at(-1)!,
  version: '1.0.0',
  license: 'MIT',
  dependencies: [],
  ...change,
});

function sbomOf(packages: readonly BundledPackage[], lock?: Lock) {
  const complete = Object.fromEntries(packages.map(({ folder }) => [folder, { integrity: INTEGRITY }]));
  return JSON.parse(toSbom(packages, OWN, lock ?? complete)) as {
    readonly metadata: { readonly component: object };
    readonly components: readonly Readonly<Record<string, unknown>>[];
    readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
  };
}

describe('the SBOM', () => {
  test('names the action by its repository and version', () =>
    expect(sbomOf([packageAt('node_modules/@scope/a')]).metadata.component).toMatchObject({
      name: 'app',
      version: '1.2.3',
      purl: 'pkg:github/owner/app@v1.2.3',
      licenses: [{ license: { id: 'MIT' } }],
    }));

  test('has of each package its package URL, checksum and licence', () =>
    expect(sbomOf([packageAt('node_modules/@scope/a', { license: '(MIT OR Apache-2.0)' })]).components).toEqual([
      {
        'bom-ref': '@scope/a@1.0.0',
        type: 'library',
        name: '@scope/a',
        version: '1.0.0',
        scope: 'required',
        purl: 'pkg:npm/%40scope/a@1.0.0',
        hashes: [{ alg: 'SHA-512', content: '78' }],
        licenses: [{ expression: '(MIT OR Apache-2.0)' }],
      },
    ]));

  test('says who depends on whom, as Node finds it, and leaves out what is not bundled', () => {
    const { dependencies } = sbomOf([
      packageAt('node_modules/@scope/a', { dependencies: ['b', 'c', 'types-only'] }),
      packageAt('node_modules/@scope/a/node_modules/b', { version: '2.0.0', dependencies: ['c'] }),
      packageAt('node_modules/b'),
      packageAt('node_modules/c'),
    ]);
    expect(dependencies).toEqual([
      { ref: 'app@1.2.3', dependsOn: ['@scope/a@1.0.0'] },
      { ref: '@scope/a@1.0.0', dependsOn: ['b@2.0.0', 'c@1.0.0'] },
      { ref: 'b@2.0.0', dependsOn: ['c@1.0.0'] },
      { ref: 'b@1.0.0', dependsOn: [] },
      { ref: 'c@1.0.0', dependsOn: [] },
    ]);
  });

  test('has a package once that npm has put into two folders', () =>
    expect(sbomOf([packageAt('node_modules/b'), packageAt('node_modules/a/node_modules/b')]).components).toHaveLength(
      1,
    ));

  test.each([undefined, 'sha1-AAAA', ''])('is not written without a checksum: %j', (integrity) =>
    expect(() =>
      sbomOf([packageAt('node_modules/b')], integrity === undefined ? {} : { 'node_modules/b': { integrity } }),
    ).toThrow('package-lock.json has no SHA-512 of node_modules/b.'),
  );
});
