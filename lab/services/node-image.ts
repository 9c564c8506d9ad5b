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
  const certificates = process.env.NODE_EXTRA_CA_CERTS ?? '';
  const variables = certificates === '' ? [] : [`NODE_EXTRA_CA_CERTS=${NODE_CERTIFICATES}`];
  return pushFolderImage(registry, {
    repository: 'base/node',
    tag: '24',
    what: 'Node and npm',
    config: { Env: ['PATH=/usr/local/bin:/usr/bin:/bin', ...variables], Cmd: ['node'] },
    fill: async (root) => {
      await writeBusybox(root, tools.busybox);
      await writeNode(root, tools);
      await writeSettings(root, directory);
      if (certificates !== '') await copyFile(certificates, join(root, NODE_CERTIFICATES));
    },
  });
}

async function writeNode(root: string, { node24, npm }: Tools): Promise<void> {
  for (const name of ['usr/bin', 'usr/local/bin', 'usr/local/lib/node_modules', 'root', 'home/node'])
    await mkdir(join(root, name), { recursive: true });
  await copyFile(node24, join(root, 'usr/local/bin/node'));
  await copyLibraries(node24, root);
  // In a tenth of the time that Node's own cp takes for so many files.
  await runOrThrow('cp', ['-a', dirname(dirname(npm)), join(root, 'usr/local/lib/node_modules/npm')]);
  for (const name of ['npm', 'npx'])
    await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(root, 'usr/local/bin', name));
  // Where the first lines of scripts look for it.
  await symlink('/bin/busybox', join(root, 'usr/bin/env'));
  await writeFile(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000:node:/home/node:/bin/sh\n',
  );
  await writeFile(join(root, 'etc/group'), 'root:x:0:\nnode:x:1000:\n');
}

/** @param directory one without an npmrc of its own */
async function writeSettings(root: string, directory: string): Promise<void> {
  const printed = await runOrThrow('npm', ['config', 'list', '--json'], { cwd: directory });
  const settings = parseJsonObject(printed, 'npm config list');
  await mkdir(join(root, 'usr/local/etc'), { recursive: true });
  const cafile = typeof settings.cafile === 'string' ? settings.cafile : null;
  if (cafile !== null) await copyFile(cafile, join(root, NPM_CERTIFICATES));
  const npmrc = toNpmrc(settings, process.env, cafile === null ? null : NPM_CERTIFICATES);
  // npm would print a notice about a newer npm.
  await writeFile(join(root, 'usr/local/etc/npmrc'), `${npmrc}update-notifier=false\n`);
}
