// Starts CNCF distribution's registry on the loopback address: its configuration and its ways to know users.
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import selfsigned from 'selfsigned';
import { stringify } from 'yaml';
import { runOrThrow } from '../command.js';
import { type GuardedProcess, startGuarded } from '../guarded-process.js';
import { findFreePort } from '../listen.js';
import type { Tools } from '../tools.js';
import { type RegistryUser, type TokenServer, startTokenServer } from './token-server.js';

/** How the registry knows users: not at all, by name and password, or by tokens as ghcr.io does. */
export type RegistryAuth = 'none' | 'basic' | 'token';

/** What a registry server needs to start. */
export interface RegistryServerOptions {
  readonly directory: string;
  readonly auth: RegistryAuth;
  readonly users: readonly RegistryUser[];
  readonly anonymousPull: readonly string[];
  readonly deleteEnabled: boolean;
  readonly tools: Tools;
}

/** A running registry server. */
export interface RegistryServer {
  /** `127.0.0.1:PORT`, which Docker talks to without TLS. */
  readonly host: string;
  /** Where tokens are asked for, if they are. */
  readonly realm?: string;
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/** The lab's own requests are known by this, and left out of what tests count. */
export const LAB_AGENT = 'two-pass-build-lab';

const SERVICE = 'lab-registry';
const ISSUER = 'lab-token-server';

/** How the registry knows users: a section of its configuration, and files beside it. */
interface AuthSetup {
  readonly section: object;
  readonly files: Readonly<Record<string, string>>;
  readonly tokens?: TokenServer;
}

/** Starts the registry, and its token server if it has one. */
export async function startRegistryServer(options: RegistryServerOptions): Promise<RegistryServer> {
  const auth = await prepareAuth(options);
  try {
    const { host, server } = await startOnFreePort(options, auth);
    return {
      host,
      ...(auth.tokens && { realm: auth.tokens.realm }),
      log: server.log,
      stop: async () => {
        await server.stop();
        await auth.tokens?.stop();
      },
    };
  } catch (error) {
    await auth.tokens?.stop();
    throw error;
  }
}

async function prepareAuth(options: RegistryServerOptions): Promise<AuthSetup> {
  switch (options.auth) {
    case 'none':
      return { section: {}, files: {} };
    case 'basic': {
      const lines = await Promise.all(options.users.map(htpasswdLine));
      const path = join(options.directory, 'htpasswd');
      return { section: { auth: { htpasswd: { realm: 'lab', path } } }, files: { htpasswd: `${lines.join('\n')}\n` } };
    }
    case 'token':
      return prepareTokens(options);
  }
}

async function prepareTokens(options: RegistryServerOptions): Promise<AuthSetup> {
  const pair = await selfsigned.generate([{ name: 'commonName', value: ISSUER }], { keySize: 2048 });
  const tokens = await startTokenServer({
    service: SERVICE,
    issuer: ISSUER,
    privateKey: pair.private,
    certificate: pair.cert,
    users: options.users,
    anonymousPull: options.anonymousPull,
  });
  const rootcertbundle = join(options.directory, 'token-certificate.pem');
  return {
    section: { auth: { token: { realm: tokens.realm, service: SERVICE, issuer: ISSUER, rootcertbundle } } },
    files: { 'token-certificate.pem': pair.cert },
    tokens,
  };
}

// The registry takes bcrypt only. Node has none, but the C library's crypt, which every Perl can call, does.
async function htpasswdLine(user: RegistryUser): Promise<string> {
  const salt = randomBytes(16).toString('hex').slice(0, 22);
  const script = 'local $/; print crypt(<STDIN>, $ARGV[0])';
  const hash = await runOrThrow('perl', ['-e', script, `$2b$05$${salt}`], { input: user.password });
  return `${user.name}:${hash}`;
}

async function startOnFreePort(
  options: RegistryServerOptions,
  auth: AuthSetup,
): Promise<{ host: string; server: GuardedProcess }> {
  for (let attempt = 1; ; attempt++) {
    const host = `127.0.0.1:${await findFreePort()}`;
    const server = startServer(options, auth, host);
    try {
      await server.ready(() => answers(host));
      return { host, server };
    } catch (error) {
      // Somebody else may have taken the port in between.
      if (attempt === 3) throw error;
    }
  }
}

function startServer(options: RegistryServerOptions, auth: AuthSetup, host: string): GuardedProcess {
  const { directory, tools } = options;
  mkdirSync(directory, { recursive: true });
  const configFile = join(directory, 'config.yml');
  const config = {
    version: '0.1',
    log: { level: 'info', formatter: 'json' },
    storage: {
      filesystem: { rootdirectory: join(directory, 'data') },
      delete: { enabled: options.deleteEnabled },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: { addr: host, secret: 'one server, so this need not be shared' },
    ...auth.section,
  };
  writeFileSync(configFile, stringify(config));
  for (const [name, content] of Object.entries(auth.files)) writeFileSync(join(directory, name), content);
  return startGuarded({
    name: 'registry',
    command: [join(import.meta.dirname, '../guard'), directory, tools.registry, 'serve', configFile],
    directory,
    env: {
      PATH: process.env.PATH ?? '/usr/bin:/bin',
      LD_LIBRARY_PATH: tools.ldLibraryPath,
      OTEL_TRACES_EXPORTER: 'none',
    },
  });
}

async function answers(host: string): Promise<boolean> {
  const response = await fetch(`http://${host}/v2/`, { headers: { 'user-agent': LAB_AGENT } }).catch(() => undefined);
  return response?.status === 200 || response?.status === 401;
}
