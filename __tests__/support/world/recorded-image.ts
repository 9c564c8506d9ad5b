// Images as BuildKit writes them, with an inline cache, and its cache as an OCI layout on disk.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type MemoryRegistry, sha256 } from './memory-registry.js';

/** A step of the one service that the engine knows. */
export interface Step {
  readonly name: string;
  readonly stage: string;
  /** What its result depends on, as BuildKit's cache keys do. */
  readonly key: string;
  /** Keys of the steps that it is made of; left out: the one before it. */
  readonly uses?: readonly string[];
}

export interface Image {
  /** Manifest or index. */
  readonly content: object;
  /** Of an index. */
  readonly children: readonly object[];
  readonly configs: readonly Buffer[];
  readonly layers: readonly Buffer[];
}

export interface ImageOptions {
  readonly steps: readonly Step[];
  readonly target: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `linux/amd64`; an index where there are several. */
  readonly platforms: readonly string[];
  readonly attested: boolean;
}

const IMAGE = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';

export function digestOfContent(content: object): string {
  return sha256(JSON.stringify(content));
}

export function makeImage(options: ImageOptions): Image {
  const images = options.platforms.map((platform) => makeOne(options, platform));
  const [only] = images;
  if (only !== undefined && images.length === 1 && !options.attested) return only;
  const manifests = images.map(({ content }, index) => {
    const [os, architecture] = options.platforms[index]?.split('/') ?? [];
    return { ...describe(IMAGE, Buffer.from(JSON.stringify(content))), platform: { os, architecture } };
  });
  const attestation = makeAttestation();
  const attested = options.attested ? [attestation] : [];
  return {
    content: {
      schemaVersion: 2,
      mediaType: INDEX,
      manifests: [
        ...manifests,
        ...attested.map(({ content }) => ({
          ...describe(IMAGE, Buffer.from(JSON.stringify(content))),
          platform: { os: 'unknown', architecture: 'unknown' },
        })),
      ],
    },
    children: [...images, ...attested].map(({ content }) => content),
    configs: [...images, ...attested].flatMap(({ configs }) => configs),
    layers: [...images, ...attested].flatMap(({ layers }) => layers),
  };
}

function makeOne({ steps, target, labels }: ImageOptions, platform: string): Image {
  const [os, architecture] = platform.split('/');
  const layers = steps.filter(({ stage }) => stage === target).map(({ key }) => Buffer.from(`layer of ${key}`));
  const config = {
    ...{ architecture, os },
    config: Object.keys(labels).length > 0 ? { Labels: labels } : {},
    rootfs: { type: 'layers', diff_ids: layers.map(sha256) },
    history: layers.map(() => ({ created: '2026-01-01T00:00:00Z' })),
    'moby.buildkit.cache.v0': btoa(JSON.stringify(toRecords(steps, target))),
  };
  return toImage(Buffer.from(JSON.stringify(config)), layers);
}

function makeAttestation(): Image {
  return toImage(Buffer.from('{"architecture":"unknown","os":"unknown"}'), [Buffer.from('{"predicate":{}}')]);
}

function toImage(config: Buffer, layers: readonly Buffer[]): Image {
  const content = {
    ...{ schemaVersion: 2, mediaType: IMAGE, config: describe(CONFIG, config) },
    layers: layers.map((blob) => describe('application/vnd.oci.image.layer.v1.tar+gzip', blob)),
  };
  return { content, children: [], configs: [config], layers };
}

function describe(mediaType: string, blob: Buffer): { mediaType: string; digest: string; size: number } {
  return { mediaType, digest: sha256(blob), size: blob.length };
}

/** As BuildKit writes an inline cache: records that link to those that they are made of, each with its layer where this image has it. */
function toRecords(steps: readonly Step[], target: string): readonly CacheRecord[] {
  const own = steps.filter(({ stage }) => stage === target);
  return steps.map((step, index) => {
    const layer = own.indexOf(step);
    return {
      digest: sha256(step.key),
      ...toInputs(
        steps,
        step.uses ??
          steps
            .slice(0, index)
            .slice(-1)
            .map(({ key }) => key),
      ),
      ...(layer >= 0 && { layers: [{ layer, createdAt: '2026-01-01T00:00:00Z' }] }),
    };
  });
}

function toInputs(steps: readonly Step[], uses: readonly string[]): Pick<CacheRecord, 'inputs'> {
  const links = uses.map((used) => steps.findIndex(({ key }) => key === used));
  return links.length === 0 ? {} : { inputs: links.map((link) => [{ link }]) };
}

interface CacheRecord {
  readonly digest: string;
  readonly inputs?: readonly (readonly { readonly link: number }[])[];
}

interface CacheContent {
  readonly records?: readonly CacheRecord[];
  readonly 'moby.buildkit.cache.v0'?: string;
}

/** Digests of the records in an image config, or in the config of a cache manifest. */
export function readRecords(config: Buffer | undefined): readonly string[] {
  const content = JSON.parse(config?.toString('utf8') ?? '{}') as CacheContent;
  const inline = content['moby.buildkit.cache.v0'];
  const records = inline === undefined ? content.records : (JSON.parse(atob(inline)) as CacheContent['records']);
  return (records ?? []).map(({ digest }) => digest);
}

/** What an image or cache manifest in the registry knows. */
export function readStoredRecords(registry: MemoryRegistry, repository: string, reference: string): readonly string[] {
  const manifest = registry.manifest(repository, reference);
  if (manifest === undefined) return [];
  const { config, manifests: [child] = [] } = JSON.parse(manifest.bytes.toString('utf8')) as {
    config?: { digest: string };
    manifests?: { digest: string }[];
  };
  if (config === undefined) return child === undefined ? [] : readStoredRecords(registry, repository, child.digest);
  return readRecords(registry.blob(config.digest));
}

/** What an engine pulls: of an index the first image. Null where there is none. */
export function readStoredImage(registry: MemoryRegistry, repository: string, digest: string): Image | null {
  const manifest = registry.manifest(repository, digest);
  if (manifest === undefined) return null;
  const content = JSON.parse(manifest.bytes.toString('utf8')) as {
    config?: { digest: string };
    manifests?: { digest: string }[];
  };
  const child = content.manifests?.[0]?.digest;
  if (child !== undefined) {
    const image = readStoredImage(registry, repository, child);
    return image === null ? null : { ...image, content };
  }
  const config = registry.blob(content.config?.digest ?? '');
  return { content, children: [], configs: config === undefined ? [] : [config], layers: [] };
}

/** `--cache-to type=local`. */
export async function writeLayout(folder: string, steps: readonly Step[]): Promise<void> {
  const layers = steps.map(({ key }) => Buffer.from(`layer of ${key}`));
  const config = Buffer.from(JSON.stringify({ records: steps.map(({ key }) => ({ digest: sha256(key) })) }));
  const manifest = Buffer.from(JSON.stringify(toImage(config, layers).content));
  await mkdir(join(folder, 'blobs/sha256'), { recursive: true });
  for (const blob of [config, manifest, ...layers])
    await writeFile(join(folder, 'blobs/sha256', sha256(blob).slice('sha256:'.length)), blob);
  await writeFile(join(folder, 'index.json'), JSON.stringify({ manifests: [describe(IMAGE, manifest)] }));
}

/** `--cache-from type=local`. */
export async function readLayout(folder: string): Promise<readonly string[]> {
  const read = async (digest: string): Promise<Buffer> =>
    readFile(join(folder, 'blobs/sha256', digest.slice('sha256:'.length)));
  const index = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')) as { manifests: [{ digest: string }] };
  const manifest = JSON.parse((await read(index.manifests[0].digest)).toString()) as { config: { digest: string } };
  return readRecords(await read(manifest.config.digest));
}
