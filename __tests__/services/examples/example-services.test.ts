// The Node example, built as teams build their services: packages from the npm registry, and what comes of it runs.
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import type { ActionResult } from '../../../lab/runner/action-run.js';
import { pushNodeImage } from '../../../lab/services/node-image.js';
import { servePrivatePackage } from '../../../lab/services/private-package.js';
import { ACTION, type Team } from '../../../lab/services/team.js';
import { expectSuccess, readCachedSteps, useLab, warningsOf } from '../../support/e2e.js';
import { testByNight } from '../../support/nightly.js';
import { findLeaks, readLayers, readRepository } from '../../support/leaks.js';

const TOKEN = `npm_${randomBytes(18).toString('hex')}`;
const fixture = useLab({ stores: ['containerd'] });
const engine = () => fixture.lab().engine('containerd');
let nodeImage: string;
let team: Team;
let first: ActionResult;

interface Project {
  dependencies: Record<string, string>;
}
interface Lockfile {
  packages: Record<string, { version?: string; integrity?: string; dev?: boolean } & Partial<Project>>;
}

const pathOf = (name: string): string => join(team.service.directory, name);
const readJson = async <T>(name: string): Promise<T> => JSON.parse(await readFile(pathOf(name), 'utf8')) as T;
const writeJson = (name: string, content: object): Promise<void> => writeFile(pathOf(name), JSON.stringify(content));

/** Builds what is checked out. */
async function build(): Promise<ActionResult> {
  const event = await team.push();
  const inputs = {
    'build-args': `NODE_IMAGE=${nodeImage}\nCOMMIT_SHA=${event.sha}`,
    secrets: `npm_token=${TOKEN}`,
    // The lab's engines give containers no other way out.
    network: 'host',
  };
  const result = await team.build(event, { engine: engine(), inputs });
  expectSuccess(result);
  return result;
}

async function docker(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await engine().docker(args);
  if (code !== 0) throw new Error(`docker ${args[0] ?? ''} ended with ${code}: ${stderr}`);
  return stdout.trim();
}

/** Starts what the registry serves, and gives the container. */
async function startService({ outputs }: ActionResult): Promise<string> {
  const image = outputs['pinned-image'] ?? '';
  await team.pullImage(engine(), image);
  return docker('run', '--detach', '--network=none', image);
}

async function listLayers({ outputs }: ActionResult): Promise<string[]> {
  const { body } = await fixture.lab().registry.manifest(team.repository, outputs.digest ?? '');
  return (body.layers as { digest: string }[]).map(({ digest }) => digest);
}

// From inside, since there is no network: waits for the service, and tells which of the folders there are.
const QUESTIONS = `
const { existsSync, statSync } = require('node:fs');
const ask = async (tries) => {
  try {
    return await fetch('http://127.0.0.1:3000/healthcheck');
  } catch (error) {
    if (tries === 0) throw error;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return ask(tries - 1);
  }
};
ask(100).then(async (response) => {
  const { uid, gid } = statSync('/proc/1');
  const present = process.argv.slice(1).filter((folder) => existsSync(folder));
  console.log(JSON.stringify({ status: response.status, body: await response.json(), uid, gid, present }));
});`;

async function question(container: string, folders: readonly string[]): Promise<unknown> {
  return JSON.parse(await docker('exec', container, 'node', '-e', QUESTIONS, ...folders));
}

/** The folders of the lockfile's packages. */
async function listPackages(): Promise<{ production: string[]; development: string[] }> {
  const packages = Object.entries((await readJson<Lockfile>('package-lock.json')).packages);
  const list = (wanted: boolean) =>
    packages.filter(([folder, { dev = false }]) => folder !== '' && dev === wanted).map(([folder]) => folder);
  return { production: list(false), development: list(true) };
}

beforeAll(async () => {
  nodeImage = await pushNodeImage(fixture.lab());
  team = await fixture.team('node', { from: join(ACTION, 'examples/services/node') });
  first = await build();
}, 180_000);

test('packages come from the npm registry, the tests run, and the registry serves the image', async () => {
  const { registry } = fixture.lab();
  const sha = await team.service.head();
  const { production, development } = await listPackages();
  expect(first.log).toContain(`| added ${production.length + development.length} packages`);
  expect(first.log).toContain(`| added ${production.length} packages`);
  expect(first.log).toMatch(/\| . pass 3\n.*\| . fail 0$/m);
  expect(first.outputs).toMatchObject({ pushed: 'true', image: `${team.image}:${sha}` });
  expect(first.outputs.digest).toBe((await registry.manifest(team.repository, sha)).digest);
  expect(warningsOf(first)).toEqual([]);
});

test('the image answers, as a user that is not root, without what only its tests need', async () => {
  const { production, development } = await listPackages();
  expect(development).not.toEqual([]);
  const container = await startService(first);
  expect(await question(container, [...production, ...development])).toEqual({
    status: 200,
    body: { status: 'ok', commit: await team.service.head() },
    uid: 1000,
    gid: 1000,
    present: production,
  });
  expect(JSON.parse(await docker('logs', container))).toMatchObject({ url: '/healthcheck', status: 200 });
  await docker('stop', container);
  expect(await docker('inspect', '--format', '{{.State.ExitCode}}', container)).toBe('0');
});

test('the same commit is all cached', async () => {
  await engine().prune();
  expect(readCachedSteps(await build())).toEqual({ builder: '5 of 5', production: '4 of 4' });
});

test('other sources install no package again, and change one layer of the image', async () => {
  await engine().prune();
  const source = await readFile(pathOf('src/app.js'), 'utf8');
  await writeFile(pathOf('src/app.js'), source.replace('not found', 'no such page'));
  await team.service.commit('Say it in other words');
  const result = await build();
  // COPY . . and what follows; of production, dist.
  expect(readCachedSteps(result)).toEqual({ builder: '3 of 5', production: '3 of 4' });
  expect(result.log).toMatch(/ npm ci \(cached\)$/m);
  expect(result.log).toMatch(/ npm ci --omit=dev \(cached\)$/m);
  expect(result.log).toMatch(/\| . pass 3$/m);
  const [before, after] = [await listLayers(first), await listLayers(result)];
  expect(after).toHaveLength(before.length);
  expect(after.filter((digest) => !before.includes(digest))).toHaveLength(1);
});

testByNight('a private package is installed with the token, which no image has', async () => {
  const { lab } = fixture;
  const hidden = await servePrivatePackage(lab().directory, TOKEN);
  const { name, version, integrity } = hidden;
  const project = await readJson<Project>('package.json');
  project.dependencies[name] = version;
  const lockfile = await readJson<Lockfile>('package-lock.json');
  lockfile.packages[''] = { ...lockfile.packages[''], dependencies: project.dependencies };
  lockfile.packages[`node_modules/${name}`] = { version, integrity };
  await writeJson('package.json', project);
  await writeJson('package-lock.json', lockfile);
  await writeFile(pathOf('.npmrc'), hidden.npmrc);
  await team.service.commit('Use a private package');
  const result = await build().finally(hidden.stop);
  // Builder and dependencies install it, and have npm's cache between them.
  expect(hidden.counts().denied).toBe(0);
  expect(hidden.counts().served).toBeGreaterThan(0);
  const folder = `node_modules/${name}`;
  expect(await question(await startService(result), [folder])).toMatchObject({ present: [folder] });

  const evidence = [
    ...(await readRepository(lab().registry, team.repository)),
    ...(await readLayers(lab(), team.repository, ['base/node', '24'])),
  ];
  // The search does find what is there.
  expect(findLeaks({ npmrc: '_authToken=${NPM_TOKEN}' }, evidence)).not.toEqual([]);
  expect(findLeaks({ TOKEN }, evidence)).toEqual([]);
});
