// Programs of this machine in images that have nothing but busybox.
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runOrThrow } from '../command.js';

/** Copies a program's shared libraries below a root, to where it looks for them; of a static one there are none. */
export async function copyLibraries(program: string, root: string): Promise<void> {
  const libraries = (await runOrThrow('ldd', [program]).catch(() => '')).matchAll(/(\/\S+)(?= \(0x)/g);
  for (const [library] of libraries) {
    await mkdir(join(root, dirname(library)), { recursive: true });
    await copyFile(library, join(root, library));
  }
}
