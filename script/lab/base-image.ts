// The base image of the sample service: a static busybox, put together here and written into a registry over HTTP,
// because nothing can be pulled from outside. Engines that were pruned pull it again, as real runs do.
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { runOrThrow } from './command.js';
import type { Registry } from './registry.js';
import type { Tools } from './tools.js';

const REPOSITORY = 'base/busybox';
const TAG = '1';
const INDEX_TAG = 'platforms';
const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';

/** Puts the base image into a registry and gives its reference, `HOST/base/busybox:1`. */
export async function pushBaseImage(registry: Registry, tools: Tools): Promise<string> {
  const layer = await packLayer(tools.busybox);
  const manifest = await putImage(registry, process.arch === 'x64' ? 'amd64' : process.arch, layer);
  await registry.putManifest(REPOSITORY, TAG, MANIFEST_TYPE, manifest);
  return `${registry.host}/${REPOSITORY}:${TAG}`;
}

/**
 * Puts a base image for several platforms into a registry and gives its reference, `HOST/base/busybox:platforms`. All
 * have this machine's busybox, so that each runs without an emulator, and a file that says which it is: of equal layers
 * BuildKit would build each step once for all platforms.
 */
export async function pushIndexedBaseImage(
  registry: Registry,
  tools: Tools,
  architectures: readonly string[],
): Promise<string> {
  const manifests: object[] = [];
  for (const architecture of architectures) {
    const manifest = await putImage(registry, architecture, await packLayer(tools.busybox, architecture));
    const digest = digestOf(Buffer.from(manifest));
    await registry.putManifest(REPOSITORY, digest, MANIFEST_TYPE, manifest);
    const size = Buffer.byteLength(manifest);
    manifests.push({ mediaType: MANIFEST_TYPE, digest, size, platform: { os: 'linux', architecture } });
  }
  const index = JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests });
  await registry.putManifest(REPOSITORY, INDEX_TAG, INDEX_TYPE, index);
  return `${registry.host}/${REPOSITORY}:${INDEX_TAG}`;
}

/** @returns the manifest, which is not in the registry yet; its blobs are */
async function putImage(registry: Registry, architecture: string, layer: Buffer): Promise<string> {
  const diffId = digestOf(gunzipSync(layer));
  const config = JSON.stringify({
    architecture,
    os: 'linux',
    created: '2026-01-01T00:00:00Z',
    config: { Env: ['PATH=/usr/local/bin:/usr/bin:/bin'], Cmd: ['sh'] },
    rootfs: { type: 'layers', diff_ids: [diffId] },
    history: [{ created: '2026-01-01T00:00:00Z', created_by: 'static busybox' }],
  });
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: await registry.putBlob(REPOSITORY, Buffer.from(config)),
      size: Buffer.byteLength(config),
    },
    layers: [
      {
        mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
        digest: await registry.putBlob(REPOSITORY, layer),
        size: layer.length,
      },
    ],
  });
}

async function packLayer(busybox: string, architecture?: string): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), 'tpb-base-'));
  try {
    const root = join(directory, 'root');
    for (const name of ['bin', 'etc', 'tmp']) await mkdir(join(root, name), { recursive: true });
    await copyFile(busybox, join(root, 'bin/busybox'));
    const applets = (await runOrThrow(busybox, ['--list'])).split('\n').filter((name) => /^[^/]+$/.test(name));
    for (const name of applets) if (name !== 'busybox') await symlink('busybox', join(root, 'bin', name));
    await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n');
    await writeFile(join(root, 'etc/group'), 'root:x:0:\nnobody:x:65534:\n');
    if (architecture !== undefined) await writeFile(join(root, 'etc/architecture'), `${architecture}\n`);
    // Sorted, without owners and times: the same busybox always gives the same layer.
    const archive = join(directory, 'layer.tar');
    const normal = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0', '--mode=a+rX,u+w'];
    await runOrThrow('tar', ['--create', '--file', archive, '--directory', root, ...normal, '.']);
    await runOrThrow('gzip', ['--no-name', archive]);
    return await readFile(`${archive}.gz`);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
