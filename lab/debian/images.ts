// Base images like those on Docker Hub, on the tree that script/make-debian made: Node and npm, or Python. They get
// packages from where this machine gets them, but have none of its logins there.
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../command.js';
import { type PackedLayer, pushFolderImage } from '../engine/folder-image.js';
import type { Lab } from '../lab.js';
import { nodeConfig, writeNode } from '../services/node-image.js';
import { readPipSetting, toPipConf } from './pip-conf.js';

const PROJECT = join(import.meta.dirname, '../..');
const PIP_CERTIFICATES = '/etc/pip-certificates.pem';

/** Layers of each of these images. */
export const DEBIAN_IMAGE_LAYERS = 2;

/** References of the images in the lab's registry. */
export interface DebianImages {
  readonly node: string;
  readonly python: string;
}

/** Makes the tree where it is not there yet, which takes a minute, and puts both images into the lab's registry. */
export async function pushDebianImages(lab: Lab): Promise<DebianImages> {
  const made = await runCommand(join(PROJECT, 'script/make-debian'), []);
  if (made.code !== 0) throw new Error(made.stderr.trim());
  const folder = join(PROJECT, '.tools/debian');
  const diffId = `sha256:${(await readFile(join(folder, 'diff-id'), 'utf8')).trim()}`;
  const below: PackedLayer = { path: join(folder, 'layer.tar.gz'), diffId, what: 'debootstrap' };
  const { registry, tools, directory } = lab;
  return {
    node: await pushFolderImage(registry, {
      repository: 'base/debian-node',
      tag: '24-slim',
      what: 'Node and npm',
      config: nodeConfig(),
      below,
      fill: (root) => writeNode(root, tools, directory),
    }),
    python: await pushFolderImage(registry, {
      repository: 'base/debian-python',
      tag: '3-slim',
      what: 'settings of pip',
      config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['python3'] },
      below,
      fill: writePipSettings,
    }),
  };
}

async function writePipSettings(root: string): Promise<void> {
  await mkdir(join(root, 'etc'), { recursive: true });
  // A machine without pip has no settings of pip either.
  const { stdout } = await runCommand('python3', ['-m', 'pip', 'config', 'list']).catch(() => ({ stdout: '' }));
  const certificates = readPipSetting(stdout, 'cert');
  if (certificates !== '') await copyFile(certificates, join(root, PIP_CERTIFICATES));
  await writeFile(
    join(root, 'etc/pip.conf'),
    toPipConf(stdout, process.env, certificates === '' ? null : PIP_CERTIFICATES),
  );
}
