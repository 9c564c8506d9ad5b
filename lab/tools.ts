// The programs that script/setup found or fetched. Runs script/setup when it has to.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './command.js';
import { objectMember, parseJsonObject, stringMember } from './json.js';

/** Absolute paths of what the lab runs. */
export interface Tools {
  readonly dockerd: string;
  readonly docker: string;
  readonly buildx: string;
  readonly registry: string;
  readonly runc: string;
  readonly busybox: string;
  /** The machine's own Node and one that is recent enough for `using: node24`. */
  readonly node: string;
  readonly node24: string;
  /** npm-cli.js in npm's whole package, whose folder can be copied. */
  readonly npm: string;
  /** A folder with links to all of Docker's programs: goes first on PATH. */
  readonly bin: string;
  /** Folders of shared libraries that the machine lacks; usually empty. */
  readonly ldLibraryPath: string;
  readonly versions: ToolVersions;
}

/** Versions as the programs print them. */
interface ToolVersions {
  readonly engine: string;
  readonly containerd: string;
  readonly docker: string;
  readonly buildx: string;
  readonly registry: string;
}

const PROJECT = join(import.meta.dirname, '..');

/** Makes sure that the tools are there (seconds when they are not) and says where. */
export async function findTools(): Promise<Tools> {
  const setup = await runCommand(join(PROJECT, 'script', 'setup'), []);
  if (setup.code !== 0) throw new Error(setup.stderr.trim());
  return parseTools(await readFile(join(PROJECT, '.tools', 'env.json'), 'utf8'));
}

function parseTools(text: string): Tools {
  const env = parseJsonObject(text, '.tools/env.json');
  const paths = objectMember(env, 'paths');
  const versions = objectMember(env, 'versions');
  return {
    dockerd: stringMember(paths, 'dockerd'),
    docker: stringMember(paths, 'docker'),
    buildx: stringMember(paths, 'buildx'),
    registry: stringMember(paths, 'registry'),
    runc: stringMember(paths, 'runc'),
    busybox: stringMember(paths, 'busybox'),
    node: stringMember(paths, 'node'),
    node24: stringMember(paths, 'node24'),
    npm: stringMember(paths, 'npm'),
    bin: stringMember(env, 'bin'),
    ldLibraryPath: stringMember(env, 'ldLibraryPath'),
    versions: {
      engine: stringMember(versions, 'dockerd'),
      containerd: stringMember(versions, 'containerd'),
      docker: stringMember(versions, 'docker'),
      buildx: stringMember(versions, 'buildx'),
      registry: stringMember(versions, 'registry'),
    },
  };
}
