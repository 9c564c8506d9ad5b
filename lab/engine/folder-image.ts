// An image of a folder, as one layer: put together here and written into a registry over HTTP, because nothing
// can be pulled from outside. Engines that were pruned pull it again, as real runs do.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runOrThrow } from '../command.js';
import type { Registry } from '../registry/registry.js';

/** What the image shall be called, and what it says about itself. */
export interface FolderImage {
  readonly repository: string;
  readonly tag: string;
  /** What is in it, for the history. */
  readonly what: string;
  /** Environment, command and so on, as Docker names them. */
  readonly config: object;
  /** Writes what the image shall hold. */
  readonly fill: (root: string) => Promise<void>;
  /** What lies below that. */
  readonly below?: PackedLayer;
}

/** A layer that was packed before. */
export interface PackedLayer {
  /** A tar archive, compressed by gzip. */
  readonly path: string;
  /** Digest of what is compressed in it. */
  readonly diffId: string;
  /** For the history. */
  readonly what: string;
}

const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const INDEX_TYPE = 'application/vnd.oci.image.index.v1+json';
const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip';
const CREATED = '2026-01-01T00:00:00Z';

/** Puts an image for this machine into a registry and gives its reference, `HOST/base/busybox:1`. */
export async function pushFolderImage(registry: Registry, image: FolderImage): Promise<string> {
  const manifest = await putImage(registry, image, process.arch === 'x64' ? 'amd64' : process.arch);
  await registry.putManifest(image.repository, image.tag, MANIFEST_TYPE, manifest);
  return `${registry.host}/${image.repository}:${image.tag}`;
}

/** Puts an index of images, one for each architecture, into a registry and gives its reference. */
export async function pushFolderIndex(
  registry: Registry,
  architectures: readonly [string, ...string[]],
  describe: (architecture: string) => FolderImage,
): Promise<string> {
  const manifests: object[] = [];
  const { repository, tag } = describe(architectures[0]);
  for (const architecture of architectures) {
    const manifest = await putImage(registry, describe(architecture), architecture);
    const digest = await registry.putManifest(repository, digestOf(Buffer.from(manifest)), MANIFEST_TYPE, manifest);
    const size = Buffer.byteLength(manifest);
    manifests.push({ mediaType: MANIFEST_TYPE, digest, size, platform: { os: 'linux', architecture } });
  }
  const index = JSON.stringify({ schemaVersion: 2, mediaType: INDEX_TYPE, manifests });
  await registry.putManifest(repository, tag, INDEX_TYPE, index);
  return `${registry.host}/${repository}:${tag}`;
}

/** @returns the manifest, which is not in the registry yet; its blobs are */
async function putImage(
  registry: Registry,
  { repository, what, config: own, fill, below }: FolderImage,
  architecture: string,
): Promise<string> {
  const layers = [
    ...(below === undefined ? [] : [{ ...below, layer: await readFile(below.path) }]),
    { ...(await packLayer(fill)), what },
  ];
  const config = JSON.stringify({
    architecture,
    os: 'linux',
    created: CREATED,
    config: own,
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map((layer) => ({ created: CREATED, created_by: layer.what })),
  });
  const descriptors: object[] = [];
  for (const { layer } of layers) {
    const digest = await registry.putBlob(repository, layer);
    descriptors.push({ mediaType: LAYER_TYPE, digest, size: layer.length });
  }
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST_TYPE,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: await registry.putBlob(repository, Buffer.from(config)),
      size: Buffer.byteLength(config),
    },
    layers: descriptors,
  });
}

/** The layer, and the digest of what is compressed in it. */
async function packLayer(fill: FolderImage['fill']): Promise<{ layer: Buffer; diffId: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'tpb-base-'));
  try {
    const root = join(directory, 'root');
    await mkdir(root);
    await fill(root);
    // Sorted, without owners and times: the same files always give the same layer.
    const archive = join(directory, 'layer.tar');
    const normal = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0', '--mode=a+rX,u+w'];
    await runOrThrow('tar', ['--create', '--file', archive, '--directory', root, ...normal, '.']);
    const diffId = digestOf(await readFile(archive));
    await runOrThrow('gzip', ['--no-name', '--fast', archive]);
    return { layer: await readFile(`${archive}.gz`), diffId };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
