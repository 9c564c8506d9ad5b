// Services as teams write them, on base images like those on Docker Hub: their folders, what they are built with, and the
// changes that developers make to them. Nothing in the folders is written for this action.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DebianImages } from '../debian/images.js';
import type { SampleService } from '../services/sample-service.js';
import { writeAddresses } from './npm-lockfile.js';

export interface RealService {
  readonly folder: string;
  /** Build arguments that name base images. */
  readonly baseImages: (images: DebianImages) => Readonly<Record<string, string>>;
  /** IDs of secrets that a step mounts, and what is in them. */
  readonly secrets: Readonly<Record<string, string>>;
  /** A command that prints, from inside a container, the page whose words `changeSource` changes, and the health check. */
  readonly ask: readonly string[];
  readonly words: string;
  /** Commits what a team's repository has and this one has not. */
  readonly complete: (service: SampleService) => Promise<unknown>;
  /** Commits other words on the page. Gives the new commit. */
  readonly changeSource: (service: SampleService, words: string) => Promise<string>;
  /** Commits one more dependency. Gives the new commit. */
  readonly changeDependencies: (service: SampleService) => Promise<string>;
}

/** A login of no registry that is used here. npm's output shows whether it has read the file: it would tell of an audit. */
export const NPM_TOKEN = 'npm_0123456789abcdefghijklmnopqrstuvwxyz';
const NPMRC = `audit=false\nfund=false\n//npm.example/:_authToken=${NPM_TOKEN}\n`;

const ASK_BY_NODE = `
(async () => {
  for (const path of ['/', '/healthcheck']) console.log(await (await fetch('http://127.0.0.1:3000' + path)).text());
})();`;
const ASK_BY_PYTHON = `
from urllib.request import urlopen
for path in ['/', '/healthcheck']:
    print(urlopen('http://127.0.0.1:8000' + path).read().decode())`;

/** helmet, which depends on nothing: as `npm install helmet` writes it. */
const NEW_PACKAGE = {
  name: 'helmet',
  entry: {
    version: '8.1.0',
    integrity: 'sha512-jOiHyAZsmnr8LqoPGmCjYAaiuWwjAPLgY8ZX2XrmHawt99/u1y6RgrZMTeoPfpUbV96HOalYgz1qzkRbw54Pmg==',
    license: 'MIT',
    engines: { node: '>=18.0.0' },
  },
} as const;
const NEW_REQUIREMENT = 'django-filter==25.1';

/** package.json has the one, package-lock.json the other. */
interface NpmFile {
  dependencies: Record<string, string>;
  packages: Record<string, object>;
}

const node: RealService = {
  folder: join(import.meta.dirname, 'node'),
  baseImages: (images) => ({ NODE_IMAGE: images.node }),
  secrets: { npmrc: NPMRC },
  ask: ['node', '-e', ASK_BY_NODE],
  words: 'Before you start',
  complete: completeLockfile,
  changeSource: (service, words) => replaceWords(service, 'src/app.ts', /(?<=heading: ')[^']*/, words),
  changeDependencies: async (service) => {
    const { name, entry } = NEW_PACKAGE;
    await editJson(service, 'package.json', ({ dependencies }) => {
      dependencies[name] = entry.version;
    });
    await editJson(service, 'package-lock.json', ({ packages }) => {
      const root = packages[''] as NpmFile;
      root.dependencies[name] = entry.version;
      packages[`node_modules/${name}`] = entry;
    });
    await writeAddresses(service.directory);
    return service.commit(`Use ${name}`);
  },
};

const python: RealService = {
  folder: join(import.meta.dirname, 'python'),
  baseImages: (images) => ({ PYTHON_IMAGE: images.python }),
  secrets: {},
  ask: ['python', '-c', ASK_BY_PYTHON],
  words: 'Pupils by region',
  complete: () => Promise.resolve(),
  changeSource: (service, words) => replaceWords(service, 'schools/views.py', /(?<=HEADING = ")[^"]*/, words),
  changeDependencies: addRequirement,
};

/** Packages, node modules and assets each have a stage, and production copies from all three. */
const threeStages: RealService = {
  folder: join(import.meta.dirname, 'three-stages'),
  baseImages: (images) => ({ NODE_IMAGE: images.node, PYTHON_IMAGE: images.python }),
  secrets: {},
  ask: python.ask,
  words: 'Find a course',
  complete: completeLockfile,
  changeSource: (service, words) => replaceWords(service, 'courses/views.py', /(?<=HEADING = ")[^"]*/, words),
  changeDependencies: addRequirement,
};

export const REAL_SERVICES = { node, python, threeStages } as const;

async function completeLockfile(service: SampleService): Promise<void> {
  await writeAddresses(service.directory);
  await service.commit('Say where packages come from');
}

async function addRequirement(service: SampleService): Promise<string> {
  const path = join(service.directory, 'requirements.txt');
  await writeFile(path, `${await readFile(path, 'utf8')}${NEW_REQUIREMENT}\n`);
  return service.commit(`Use ${NEW_REQUIREMENT}`);
}

async function replaceWords(service: SampleService, name: string, old: RegExp, words: string): Promise<string> {
  const path = join(service.directory, name);
  const text = await readFile(path, 'utf8');
  if (!old.test(text)) throw new Error(`${name} has nothing like ${old}.`);
  await writeFile(path, text.replace(old, words));
  return service.commit(`Say "${words}"`);
}

async function editJson(service: SampleService, name: string, edit: (content: NpmFile) => void): Promise<void> {
  const path = join(service.directory, name);
  const content = JSON.parse(await readFile(path, 'utf8')) as NpmFile;
  edit(content);
  await writeFile(path, `${JSON.stringify(content, null, 2)}\n`);
}
