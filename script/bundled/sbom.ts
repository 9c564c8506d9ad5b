// The bundle's SBOM in CycloneDX: its packages and nothing that only develops it, which is all that `npm sbom` could list,
// since nothing of this is installed at run time. The same packages give the same bytes: no time, no random number. Pure.
// https://cyclonedx.org/docs/1.5/json/
import type { BundledPackage } from './packages.js';

/** What package.json says of the action itself. */
export interface OwnPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** `DFE-Digital/two-pass-build` */
  readonly repository: string;
  /** Names of what its code may import. */
  readonly dependencies: readonly string[];
}

/** Folder of a package -> what the lock file says of it. */
export type Lock = Readonly<Record<string, { readonly integrity?: string } | undefined>>;

/** @throws Error when the lock file has no checksum of a package */
export function toSbom(packages: readonly BundledPackage[], own: OwnPackage, lock: Lock): string {
  const ownReference = `${own.name}@${own.version}`;
  const byFolder = new Map(packages.map((one) => [one.folder, one]));
  const find = (folder: string, names: readonly string[]): readonly string[] =>
    [...new Set(names.flatMap((name) => resolve(byFolder, folder, name)))].map(toReference).sort();
  const known = [...new Map(packages.map((one) => [toReference(one), one])).values()];
  const sbom = {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      lifecycles: [{ phase: 'build' }],
      component: {
        'bom-ref': ownReference,
        type: 'application',
        name: own.name,
        version: own.version,
        // Names of GitHub are the same in either case; a package URL has them lowered.
        purl: `pkg:github/${own.repository.toLowerCase()}@v${own.version}`,
        licenses: toLicenseList(own.license),
      },
    },
    components: known.map((one) => ({
      'bom-ref': toReference(one),
      type: 'library',
      name: one.name,
      version: one.version,
      scope: 'required',
      purl: `pkg:npm/${one.name.replace('@', '%40')}@${one.version}`,
      hashes: [toHash(lock[one.folder]?.integrity, one.folder)],
      licenses: toLicenseList(one.license),
    })),
    dependencies: [
      { ref: ownReference, dependsOn: find('', own.dependencies) },
      ...known.map((one) => ({ ref: toReference(one), dependsOn: find(one.folder, one.dependencies) })),
    ],
  };
  return `${JSON.stringify(sbom, null, 2)}\n`;
}

const toReference = ({ name, version }: BundledPackage): string => `${name}@${version}`;

/** As Node finds a package: in the folder itself, then in each folder above. None where it is not in the bundle. */
function resolve(
  byFolder: ReadonlyMap<string, BundledPackage>,
  folder: string,
  name: string,
): readonly BundledPackage[] {
  const found = byFolder.get(folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`);
  if (found !== undefined) return [found];
  if (folder === '') return [];
  return resolve(byFolder, folder.slice(0, Math.max(folder.lastIndexOf('/node_modules/'), 0)), name);
}

function toLicenseList(license: string): readonly object[] {
  return [/[\s(]/.test(license) ? { expression: license } : { license: { id: license } }];
}

/** `sha512-BASE64` of the package as it was downloaded. */
function toHash(integrity: string | undefined, folder: string): object {
  const [, base64] = /^sha512-([A-Za-z0-9+/=]+)$/.exec(integrity ?? '') ?? [];
  if (base64 === undefined) throw new Error(`package-lock.json has no SHA-512 of ${folder}.`);
  return { alg: 'SHA-512', content: Buffer.from(base64, 'base64').toString('hex') };
}
