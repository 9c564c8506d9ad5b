// An image with buildkitd for the docker-container driver, compiled from its Go module, because moby/buildkit's own
// image can only be pulled where the internet is. The product never needs Go; only this check does.
import { copyFile, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Lab } from '../lab.js';
import type { Engine } from './engine.js';
import { copyLibraries } from './shared-libraries.js';

/** The image that builders are made of: `docker buildx create --driver-opt image=…`. */
export const BUILDKIT_IMAGE = 'lab/buildkit:1';

/** @param bin folder with buildkitd and buildctl, statically linked */
export async function loadBuildkitImage(lab: Lab, engine: Engine, bin: string): Promise<void> {
  const context = await mkdtemp(join(lab.directory, 'buildkit-'));
  const runc = lab.tools.runc;
  await mkdir(join(context, 'root/usr/bin'), { recursive: true });
  for (const program of [join(bin, 'buildkitd'), join(bin, 'buildctl'), runc]) {
    await copyFile(program, join(context, 'root/usr/bin', basename(program)));
  }
  // runc is linked dynamically in distributions.
  await copyLibraries(runc, join(context, 'root'));
  await writeFile(join(context, 'Dockerfile'), `FROM ${lab.baseImage}\nCOPY root /\nENTRYPOINT ["buildkitd"]\n`);
  const built = await engine.docker(['buildx', 'build', '--load', '--tag', BUILDKIT_IMAGE, context]);
  if (built.code !== 0) throw new Error(`The BuildKit image was not built:\n${built.stderr}`);
}
