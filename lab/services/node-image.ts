// The base image of the Node example: Node 24 and npm on the busybox of the lab, because node:24-slim can only be
// pulled where the internet is. It gets packages from where this machine gets them, but has none of its logins there.
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runOrThrow } from '../command.js';
import { writeBusybox } from '../engine/base-image.js';
import { pushFolderImage } from '../engine/folder-image.js';
import { copyLibraries } from '../engine/shared-libraries.js';
import { parseJsonObject } from '../json.js';
import type { Lab } from '../lab.js';
import type { Tools } from '../tools.js';
import { toNpmrc } from './npmrc.js';

const NPM_CERTIFICATES = '/usr/local/etc/npm-certificates.pem';
const NODE_CERTIFICATES = '/usr/local/etc/node-certificates.pem';

/** Puts the image into the lab's registry and gives its reference, `HOST/base/node:24`. */
export function pushNodeImage({ registry, tools, directory }: Lab): Promise<string> {
  return pushFolderImage(registry, {
    repository: 'base/node',
    tag: '24',
    what: 'Node and npm',
    config: nodeConfig(),
    fill: async (root) => {
      await writeBusybox(root, tools.busybox);
      await writeNode(root, tools, directory);
      await copyLibraries(tools.node24, root);
      for (const name of ['usr/bin', 'root']) await mkdir(join(root, name), { recursive: true });
      // Where the first lines of scripts look for it.
      await symlink('/bin/busybox', join(root, 'usr/bin/env'));
      await writeFile(
        join(root, 'etc/passwd'),
        'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000:node:/home/node:/bin/sh\n',
      );
      await writeFile(join(root, 'etc/group'), 'root:x:0:\nnode:x:1000:\n');
    },
  });
}

/** What an image with Node says of itself. */
export function nodeConfig(): object {
  const variables = machineCertificates() === '' ? [] : [`NODE_EXTRA_CA_CERTS=${NODE_CERTIFICATES}`];
  return { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...variables], Cmd: ['node'] };
}

/**
 * Writes Node and npm, with this machine's way to packages, into the root of an image.
 * @param directory one without an npmrc of its own
 */
export async function writeNode(root: string, { node24, npm }: Tools, directory: string): Promise<void> {
  for (const name of ['usr/local/bin', 'usr/local/etc', 'usr/local/lib/node_modules', 'home/node'])
    await mkdir(join(root, name), { recursive: true });
  await copyFile(node24, join(root, 'usr/local/bin/node'));
  // In a tenth of the time that Node's own cp takes for so many files.
  await runOrThrow('cp', ['-a', dirname(dirname(npm)), join(root, 'usr/local/lib/node_modules/npm')]);
  for (const name of ['npm', 'npx'])
    await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(root, 'usr/local/bin', name));
  await writeSettings(root, directory);
  const certificates = machineCertificates();
  if (certificates !== '') await copyFile(certificates, join(root, NODE_CERTIFICATES));
}

function machineCertificates(): string {
  return process.env.NODE_EXTRA_CA_CERTS ?? '';
}

async function writeSettings(root: string, directory: string): Promise<void> {
  const printed = await runOrThrow('npm', ['config', 'list', '--json'], { cwd: directory });
  const settings = parseJsonObject(printed, 'npm config list');
  const cafile = typeof settings.cafile === 'string' ? settings.cafile : null;
  if (cafile !== null) await copyFile(cafile, join(root, NPM_CERTIFICATES));
  const npmrc = toNpmrc(settings, process.env, cafile === null ? null : NPM_CERTIFICATES);
  // npm would print a notice about a newer npm.
  await writeFile(join(root, 'usr/local/etc/npmrc'), `${npmrc}update-notifier=false\n`);
}
