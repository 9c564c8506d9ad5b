// The base image of the sample service: a static busybox, for this machine or for several platforms.
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrThrow } from '../command.js';
import type { Registry } from '../registry/registry.js';
import type { Tools } from '../tools.js';
import { type FolderImage, pushFolderImage, pushFolderIndex } from './folder-image.js';

const describeImage = (tag: string): Omit<FolderImage, 'fill'> => ({
  repository: 'base/busybox',
  tag,
  what: 'static busybox',
  config: { Env: ['PATH=/usr/local/bin:/usr/bin:/bin'], Cmd: ['sh'] },
});

/** Puts the base image into a registry and gives its reference, `HOST/base/busybox:1`. */
export function pushBaseImage(registry: Registry, { busybox }: Tools): Promise<string> {
  return pushFolderImage(registry, { ...describeImage('1'), fill: (root) => writeBusybox(root, busybox) });
}

/**
 * Puts a base image for several platforms into a registry and gives its reference, `HOST/base/busybox:platforms`. All
 * have this machine's busybox, so that each runs without an emulator, and a file that says which it is: of equal layers
 * BuildKit would build each step once for all platforms.
 */
export function pushIndexedBaseImage(
  registry: Registry,
  { busybox }: Tools,
  architectures: readonly [string, ...string[]],
): Promise<string> {
  return pushFolderIndex(registry, architectures, (architecture) => ({
    ...describeImage('platforms'),
    fill: async (root) => {
      await writeBusybox(root, busybox);
      await writeFile(join(root, 'etc/architecture'), `${architecture}\n`);
    },
  }));
}

/** Fills the root of an image: a shell with the usual programs, and users. */
export async function writeBusybox(root: string, busybox: string): Promise<void> {
  for (const name of ['bin', 'etc', 'tmp']) await mkdir(join(root, name), { recursive: true });
  await copyFile(busybox, join(root, 'bin/busybox'));
  const applets = (await runOrThrow(busybox, ['--list'])).split('\n').filter((name) => /^[^/]+$/.test(name));
  for (const name of applets) if (name !== 'busybox') await symlink('busybox', join(root, 'bin', name));
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n');
  await writeFile(join(root, 'etc/group'), 'root:x:0:\nnobody:x:65534:\n');
}
