// What the bundle loads: at most 0.7 MB of JavaScript to start with, GitHub's client beside it, and the Actions cache only
// where it is used. And that what is loaded late is there: the bundle takes undici apart (script/bundle).
import { mkdir, mkdtemp, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:http';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, openLab } from '../../../lab/lab.js';
import { listen } from '../../../lab/listen.js';
import { type ActionResult, runAction } from '../../../lab/runner/action-run.js';
import { ACTION, USERS, WRITER } from '../../../lab/services/team.js';
import { HEALTHY, writeFakeDocker } from '../../support/fake-docker.js';

const SHA = '0123456789abcdef0123456789abcdef01234567';
const DIST = join(ACTION, 'dist');

let lab: Lab;
let service: Server;
let serviceUrl: string;
let stopService: () => Promise<void>;
/** Requests that reached the cache service, which has nothing. */
const asked: string[] = [];
beforeAll(async () => {
  lab = await openLab({ auth: 'token', users: USERS, inMemory: true });
  service = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{"ok":false}');
  });
  const { port, stop } = await listen(service);
  serviceUrl = `http://127.0.0.1:${port}/`;
  stopService = stop;
});
afterAll(async () => {
  await stopService();
  await lab.close();
});

/** Runs the bundle with a cache service at hand, and tells which of its files Node has loaded. */
async function run(
  inputs: Readonly<Record<string, string>>,
  node = lab.tools.node24,
  { apiUrl = 'http://127.0.0.1:9', proxy, branch = 'topic' }: { apiUrl?: string; proxy?: string; branch?: string } = {},
): Promise<{ result: ActionResult; loaded: string[] }> {
  const directory = await mkdtemp(join(lab.directory, 'loading-'));
  const workspace = join(directory, 'workspace');
  const coverage = join(directory, 'coverage');
  await Promise.all([mkdir(workspace), mkdir(coverage)]);
  await writeFile(join(workspace, 'Dockerfile'), 'FROM scratch AS builder\nCOPY . .\nFROM builder AS production\n');
  const docker = await writeFakeDocker(directory, HEALTHY);
  const result = await runAction({
    action: ACTION,
    node,
    workspace,
    run: {
      name: 'push',
      ref: `refs/heads/${branch}`,
      sha: SHA,
      repository: 'octo/app',
      token: WRITER.password,
      apiUrl,
      payload: { ref: `refs/heads/${branch}`, repository: { full_name: 'octo/app', default_branch: 'main' } },
    },
    inputs: {
      image: `${lab.registry.host}/octo/${basename(directory).toLowerCase()}`,
      username: WRITER.name,
      ...inputs,
    },
    env: {
      PATH: `${docker.bin}:${process.env.PATH ?? ''}`,
      DOCKER_CONFIG: join(directory, 'user-config'),
      ACTIONS_CACHE_SERVICE_V2: 'True',
      ACTIONS_RESULTS_URL: serviceUrl,
      ACTIONS_RUNTIME_TOKEN: 'runtime-token',
      // Node writes down every script that it has compiled.
      NODE_V8_COVERAGE: coverage,
      ...(proxy !== undefined && { http_proxy: proxy }),
    },
    phases: ['main'],
  });
  const reports = await Promise.all((await readdir(coverage)).map((file) => readFile(join(coverage, file), 'utf8')));
  const urls = reports.flatMap((report) =>
    (JSON.parse(report) as { result: { url: string }[] }).result.map(({ url }) => url),
  );
  const paths = urls.filter((url) => url.startsWith('file:')).map((url) => fileURLToPath(url));
  return { result, loaded: [...new Set(paths.filter((path) => path.startsWith(DIST)))].sort() };
}

/** Only the Actions cache's client has it. */
const CACHE_CLIENT = 'GetCacheEntryDownloadURL';

/** The files of the bundle that hold a text. */
async function findChunks(content: string): Promise<string[]> {
  const files = (await readdir(DIST)).filter((file) => file.endsWith('.js')).map((file) => join(DIST, file));
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return files.filter((_, index) => texts[index]!.includes(content));
}

test('a run that pushes loads 0.7 MB, with the client of GitHub 1 MB, and neither loads the Actions cache nor asks it', async () => {
  const before = asked.length;
  const { result, loaded } = await run({ push: 'true' });
  // As far as a fake docker goes: after the push the registry has nothing.
  expect(result.log).toContain('although the push succeeded');
  expect(loaded.map((path) => basename(path))).toContain('index.js');
  // GitHub's API client is loaded here too.
  expect(loaded.length).toBeGreaterThan(1);
  expect((await stat(join(DIST, 'index.js'))).size).toBeLessThanOrEqual(700_000);
  // This run has failed in the end, and a run that succeeds does not load what explains that.
  const explaining = (await findChunks('explainFailure')).filter((path) => basename(path) !== 'index.js');
  expect(explaining).toHaveLength(1);
  const needed = loaded.filter((path) => path !== explaining[0]);
  const sizes = await Promise.all(needed.map(async (path) => (await stat(path)).size));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(1_000_000);
  const chunks = await findChunks(CACHE_CLIENT);
  expect(chunks).toHaveLength(1);
  expect(loaded).not.toContain(chunks[0]);
  expect(asked.slice(before)).toEqual([]);
});

test.each(['node', 'node24'] as const)('a run that does not push loads it and asks, on %s', async (node) => {
  const before = asked.length;
  const { result, loaded } = await run({ push: 'false' }, lab.tools[node]);
  expect(result.main?.code).toBe(0);
  expect(loaded).toContain((await findChunks(CACHE_CLIENT))[0]);
  expect(asked.slice(before)).toContain('/twirp/github.actions.results.api.v1.CacheService/GetCacheEntryDownloadURL');
});

test('GitHub is asked through the proxy of the environment', async () => {
  const tunnels: string[] = [];
  const requests: string[] = [];
  // The proxy is the service too: what comes through a tunnel is answered here.
  const proxy = createServer((request, response) => {
    requests.push(`${request.headers.host ?? ''}${request.url ?? ''}`);
    response.writeHead(404, { 'content-type': 'application/json' }).end('{"message":"Not Found"}');
  });
  proxy.on('connect', (request, socket) => {
    tunnels.push(request.url ?? '');
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    proxy.emit('connection', socket);
  });
  const { port, stop } = await listen(proxy);
  try {
    await run({ push: 'true' }, lab.tools.node24, {
      apiUrl: 'http://api.github.invalid',
      proxy: `http://127.0.0.1:${port}`,
      // Whose merged pull request is looked up.
      branch: 'main',
    });
  } finally {
    await stop();
  }
  expect(tunnels).toContain('api.github.invalid:80');
  expect(requests.filter((request) => request.startsWith('api.github.invalid/repos/octo/app/'))).not.toEqual([]);
});
