// Which packages are in the bundle, by webpack's stats of its entries.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface BundledPackage {
  /** Where npm has put it: `node_modules/a/node_modules/b`. */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  /** As its package.json has it: an SPDX identifier or expression. */
  readonly license: string;
  /** Names of what it depends on, bundled or not. */
  readonly dependencies: readonly string[];
}

interface PackageFile {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** @throws Error when a package does not say what its licence is, or the stats name none */
export function listBundledPackages(statsFiles: readonly string[]): readonly BundledPackage[] {
  const packages = listFolders(statsFiles).flatMap((folder) => {
    const file = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageFile;
    const { name, version, license, dependencies = {} } = file;
    // The bundler's own code, a few lines around every module.
    if (name === '@vercel/ncc') return [];
    if (license === undefined) throw new Error(`${folder} does not say what its licence is.`);
    return [{ folder, name, version, license, dependencies: Object.keys(dependencies) }];
  });
  if (packages.length === 0) throw new Error(`No package is named in ${statsFiles.join(', ')}.`);
  return packages;
}

/** Module names in the stats are paths behind loaders ("loader!path"); nested node_modules are packages of their own. */
function listFolders(statsFiles: readonly string[]): readonly string[] {
  const text = statsFiles.map((file) => readFileSync(file, 'utf8')).join('\n');
  const folders = [...text.matchAll(/((?:[^"!\\, ]*\/)?node_modules\/(?:@[\w.-]+\/)?[\w.-]+)\//g)]
    // The bundle is made from copies of some packages (script/bundle); what is told of them stands where npm has put them.
    .map(([, path = '']) => path.slice(path.indexOf('node_modules/')).replace(/^.*\/two-pass-build\/js\//, ''))
    .map((path) => path.replace(/^.*\/(node_modules\/undici)$/, '$1'))
    .filter((path) => !path.includes('/.cache'));
  return [...new Set(folders)].sort();
}
