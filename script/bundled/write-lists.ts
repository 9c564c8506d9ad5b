// Writes beside the bundle what is in it: licenses.txt and sbom.cdx.json. Usage: tsx script/bundled/write-lists.ts FOLDER STATS…
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toLicenses } from './licenses.js';
import { listBundledPackages } from './packages.js';
import { type Lock, type OwnPackage, toSbom } from './sbom.js';

interface PackageFile extends Omit<OwnPackage, 'repository' | 'dependencies'> {
  readonly repository: { readonly url: string };
  readonly devDependencies: Readonly<Record<string, string>>;
}

const [folder, ...statsFiles] = process.argv.slice(2);
if (folder === undefined || statsFiles.length === 0) throw new Error('Usage: write-lists.ts FOLDER STATS…');

const packages = listBundledPackages(statsFiles);
writeFileSync(join(folder, 'licenses.txt'), toLicenses(packages));

const { repository, devDependencies, ...own } = JSON.parse(readFileSync('package.json', 'utf8')) as PackageFile;
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Lock };
const [, path] = /github\.com\/(.+)\.git$/.exec(repository.url) ?? [];
if (path === undefined) throw new Error(`package.json names no repository of GitHub: ${repository.url}`);
const described = { ...own, repository: path, dependencies: Object.keys(devDependencies) };
writeFileSync(join(folder, 'sbom.cdx.json'), toSbom(packages, described, lock.packages));
