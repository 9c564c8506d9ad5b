// A private Docker engine: its own daemon, data and socket, beside whatever engine the machine has. Two of them, one
// per kind of image store, run side by side.
import { randomBytes } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { type CommandOptions, type CommandResult, runCommand, runOrThrow } from '../command.js';
import { startGuarded } from '../guarded-process.js';
import { parseJsonObject, stringMember } from '../json.js';
import { type Tools, findTools } from '../tools.js';

/** Where an engine keeps images: containerd's store, or the classic one, which hosted runners had up to Ubuntu 24.04. */
export type ImageStore = 'containerd' | 'overlay2';

/** What an engine says about itself. */
interface EngineInfo {
  readonly version: string;
  readonly store: ImageStore;
  readonly driver: string;
}

/** A running engine and a Docker client for it. */
export interface Engine {
  readonly store: ImageStore;
  /** For DOCKER_HOST. */
  readonly host: string;
  /** A whole environment: PATH, HOME, DOCKER_HOST and a private DOCKER_CONFIG that has Buildx. */
  readonly env: Readonly<Record<string, string>>;
  readonly docker: (args: readonly string[], options?: CommandOptions) => Promise<CommandResult>;
  /** Removes containers, images and build cache: what a hosted runner starts with. */
  readonly prune: () => Promise<void>;
  readonly info: () => Promise<EngineInfo>;
  /** What the daemon has logged. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/** Which engine to start. */
export interface EngineOptions {
  readonly store: ImageStore;
  /** Made, owned and in the end removed by the engine. Short: sockets lie below it. */
  readonly directory: string;
  /** Keeps its data in memory where there is enough: faster than any disk, so nothing for measurements. */
  readonly inMemory?: boolean;
  readonly tools?: Tools;
}

// The kernel takes 107 bytes for the path of a socket, and this is the longest one below the directory.
const LONGEST_SOCKET = '/exec/containerd/containerd-debug.sock';
const MAX_SOCKET_PATH = 107;

/** Starts an engine. Needs root, or sudo without a password. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { store, directory } = options;
  const tools = options.tools ?? (await findTools());
  if (Buffer.byteLength(directory + LONGEST_SOCKET) > MAX_SOCKET_PATH) {
    throw new Error(
      `${directory} is too long for an engine: its sockets may have ${MAX_SOCKET_PATH} bytes. Use a shorter TMPDIR.`,
    );
  }
  const asRoot = await rootPrefix();
  const socket = socketPath(directory);
  mkdirSync(directory, { recursive: true });
  const env = clientEnvironment(tools, directory, socket);
  const network = chooseNetwork();
  const daemon = startGuarded({
    name: `dockerd (${store})`,
    command: [
      'env',
      ...asRoot,
      ...guardCommand(tools, options, network),
      ...daemonCommand(tools, store, directory, network),
    ],
    directory,
    env: { PATH: env.PATH, HOME: env.HOME },
  });
  await daemon.ready(() => answersPing(socket));

  const docker = (args: readonly string[], more: CommandOptions = {}) =>
    runCommand(tools.docker, args, { ...more, env: { ...env, ...more.env } });
  return {
    store,
    host: env.DOCKER_HOST,
    env,
    docker,
    prune: () => pruneEngine(socket),
    info: () => readInfo(tools, env),
    log: daemon.log,
    stop: daemon.stop,
  };
}

interface ClientEnvironment extends Record<string, string> {
  PATH: string;
  HOME: string;
  DOCKER_HOST: string;
  DOCKER_CONFIG: string;
}

function clientEnvironment(tools: Tools, directory: string, socket: string): ClientEnvironment {
  const config = join(directory, 'config');
  const home = join(directory, 'home');
  mkdirSync(join(config, 'cli-plugins'), { recursive: true });
  mkdirSync(home);
  symlinkSync(tools.buildx, join(config, 'cli-plugins', 'docker-buildx'));
  return {
    PATH: `${tools.bin}:${process.env.PATH ?? '/usr/bin:/bin'}`,
    HOME: home,
    DOCKER_HOST: `unix://${socket}`,
    DOCKER_CONFIG: config,
  };
}

async function rootPrefix(): Promise<readonly string[]> {
  if (process.getuid?.() === 0) return [];
  const sudo = await runCommand('sudo', ['-n', 'true']).catch(() => undefined);
  if (sudo?.code === 0) return ['sudo', '-n'];
  throw new Error('A private Docker engine needs root, or sudo without a password. Run this as root.');
}

/** The bridge that containers of one engine hang on, and its address. */
interface Network {
  readonly bridge: string;
  readonly address: string;
}

// 198.18.0.0/15 is set aside for tests of networks: nobody routes it.
function chooseNetwork(): Network {
  const [second = 0, third = 0] = randomBytes(2);
  return { bridge: `tpb${randomBytes(4).toString('hex')}`, address: `198.${18 + (second % 2)}.${third}.1/24` };
}

// Own mounts and processes, so that nothing of the engine is left when the first process of these namespaces ends.
// The network is shared: the lab's registries listen on the loopback address.
function guardCommand(
  tools: Tools,
  { directory, inMemory = false }: EngineOptions,
  network: Network,
): readonly string[] {
  const path = `PATH=${tools.bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
  const libraries = tools.ldLibraryPath === '' ? [] : [`LD_LIBRARY_PATH=${tools.ldLibraryPath}`];
  const guard = join(import.meta.dirname, 'engine-guard');
  return [
    ...['env', path, ...libraries],
    ...['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'],
    ...[guard, directory, tools.busybox, network.bridge, network.address, inMemory ? 'memory' : 'disk'],
  ];
}

function daemonCommand(tools: Tools, store: ImageStore, directory: string, network: Network): readonly string[] {
  const configFile = join(directory, 'daemon.json');
  writeFileSync(configFile, JSON.stringify({ features: { 'containerd-snapshotter': store === 'containerd' } }));
  return [
    ...[tools.dockerd, '--config-file', configFile, '--host', `unix://${socketPath(directory)}`],
    ...['--group', String(process.getgid?.() ?? 0)],
    ...['--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec')],
    ...['--pidfile', join(directory, 'docker.pid'), '--cgroup-parent', `/${network.bridge}`],
    // The machine's firewall and forwarding stay as they are: a build that needs a way out takes the machine's network.
    ...['--bridge', network.bridge, '--iptables=false', '--ip6tables=false', '--ip-forward=false'],
    ...['--ip-masq=false', '--userland-proxy=false'],
    ...(store === 'overlay2' ? ['--storage-driver', 'overlay2'] : []),
  ];
}

function socketPath(directory: string): string {
  return join(directory, 'docker.sock');
}

function answersPing(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const ping = request({ socketPath: socket, path: '/_ping', timeout: 2000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('timeout', () => ping.destroy());
    ping.on('error', () => {
      resolve(false);
    });
    ping.end();
  });
}

async function readInfo(tools: Tools, env: ClientEnvironment): Promise<EngineInfo> {
  const text = await runOrThrow(tools.docker, ['info', '--format', '{{json .}}'], { env });
  const info = parseJsonObject(text, 'docker info');
  const status = info.DriverStatus;
  const containerd = JSON.stringify(status ?? []).includes('io.containerd.snapshotter.v1');
  return {
    version: stringMember(info, 'ServerVersion'),
    store: containerd ? 'containerd' : 'overlay2',
    driver: stringMember(info, 'Driver'),
  };
}

// By the engine's own API: a prune is part of nearly every test, and seven programs would take longer than the engine.
async function pruneEngine(socket: string): Promise<void> {
  const ask = (method: string, path: string) => callEngine(socket, method, path);
  const ids = (list: unknown): readonly string[] => (list as readonly { Id: string }[]).map(({ Id }) => Id);
  for (const id of ids(await ask('GET', '/containers/json?all=true'))) {
    await ask('DELETE', `/containers/${id}?force=true&v=true`);
  }
  for (const id of ids(await ask('GET', '/images/json?all=true'))) await ask('DELETE', `/images/${id}?force=true`);
  await ask('POST', '/build/prune?all=true');
  await ask('POST', `/images/prune?filters=${encodeURIComponent('{"dangling":{"false":true}}')}`);
  for (const kind of ['networks', 'volumes']) await ask('POST', `/${kind}/prune`);
}

/** Asks the engine. Throws what it refuses, but for an image that has gone with another. */
async function callEngine(socket: string, method: string, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: socket, method, path }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('error', reject).on('end', () => {
        const { statusCode: status = 0 } = response;
        if (status >= 300 && status !== 404) reject(new Error(`${method} ${path}: ${status} ${body}`));
        else resolve(body === '' ? undefined : JSON.parse(body));
      });
    });
    call.on('error', reject).end();
  });
}
