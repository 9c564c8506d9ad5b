// Pass -> argv of `docker buildx build`. Pure, fixed order, no shell: user text is only ever the value of a flag.
import { type ImageName, taggedReference } from '../../image/reference.js';
import { csvFields } from '../../inputs/syntax.js';
import type { Engine } from '../../plan/engine.js';
import type { PassPlan } from '../../plan/plan.js';
import { isStageNumber } from '../../plan/targets.js';

export interface PassSources {
  readonly context: string;
  /** Null: Buildx looks for `<context>/Dockerfile`. */
  readonly file: string | null;
  readonly metadataFile: string;
  /** Left out: Buildx writes to a log, not to a terminal. */
  readonly onTerminal?: boolean;
  /** Stages to run again; all of them when `noCache` is set and this is null. */
  readonly refreshStages: readonly string[] | null;
}

export function getBuildxArgs(image: ImageName, pass: PassPlan, engine: Engine, sources: PassSources): string[] {
  const reference = pass.tag === null ? null : taggedReference(image, pass.tag);
  return [
    'buildx',
    'build',
    ...(engine.builder === null ? [] : ['--builder', engine.builder]),
    `--progress=${sources.onTerminal === true ? 'tty' : 'rawjson'}`,
    ...getSourceArgs(pass, sources),
    ...Object.entries(pass.labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
    ...(pass.pull ? ['--pull'] : []),
    ...getRefreshArgs(pass, sources.refreshStages),
    ...pass.cacheFrom.flatMap((source) => ['--cache-from', source]),
    ...getOutputArgs(image, pass, reference),
    ...(pass.cacheTo === undefined ? [] : ['--cache-to', pass.cacheTo]),
    ...getAttestationArgs(pass),
    '--metadata-file',
    sources.metadataFile,
    sources.context,
  ];
}

/** Has BuildKit check the Dockerfile as far as the pass builds it: nothing is built, and a report comes on standard output. */
export function getCheckArgs(
  pass: PassPlan,
  { builder }: Engine,
  sources: Pick<PassSources, 'context' | 'file'>,
): string[] {
  return [
    'buildx',
    'build',
    ...(builder === null ? [] : ['--builder', builder]),
    '--progress=rawjson',
    '--call=check,format=json',
    ...getSourceArgs(pass, sources),
    sources.context,
  ];
}

function getSourceArgs({ target, flags }: PassPlan, { file }: Pick<PassSources, 'file'>): string[] {
  return [
    // BuildKit takes no numbers: without the flag it builds the last stage, the only one that a pass has by its number.
    ...(isStageNumber(target) ? [] : ['--target', target]),
    ...(file === null ? [] : ['--file', file]),
    ...flags.flatMap(({ flag, value }) => [flag, value]),
  ];
}

function getOutputArgs(image: ImageName, pass: PassPlan, reference: string | null): string[] {
  const tag = reference === null ? [] : ['--tag', reference];
  switch (pass.output) {
    case 'registry':
      return [...getRegistryArgs(image, pass, reference), '--cache-to', 'type=inline'];
    case 'engine':
      return [...tag, '--load'];
    case 'cache':
      return ['--output', 'type=cacheonly'];
  }
}

/**
 * zstd needs OCI media types: with Docker's the manifest would have a type that nothing reads. BuildKit's own level: what
 * the fastest one saves, less than a tenth of a run, later runs pay with layers that are 8 % larger (docs/caching.md).
 */
const ZSTD = ['compression=zstd', 'oci-mediatypes=true'];

/**
 * Buildx pushes the index of several nodes to the name it is given, and to the tag `latest` of one that has neither tag
 * nor digest. Of a digest it puts the index's own in its place, and writes no tag (build/build.go, util/imagetools).
 */
const ANY_DIGEST = `sha256:${'0'.repeat(64)}`;

function getRegistryArgs(
  image: ImageName,
  { exporter: { store, zstd }, byDigest }: PassPlan,
  reference: string | null,
): string[] {
  if (byDigest !== undefined) {
    const name = byDigest === 'joined' ? `${image.name}@${ANY_DIGEST}` : image.name;
    return [
      '--output',
      csvFields('type=image', `name=${name}`, 'push-by-digest=true', 'name-canonical=true', 'push=true'),
    ];
  }
  if (reference === null) return ['--push'];
  if (store && !zstd) return ['--tag', reference, '--push'];
  const options = [...(store ? [] : ['store=false']), ...(zstd ? ZSTD : [])];
  return ['--output', csvFields('type=image', `name=${reference}`, 'push=true', ...options)];
}

function getRefreshArgs(pass: PassPlan, stages: readonly string[] | null): string[] {
  if (!pass.noCache) return [];
  return stages === null ? ['--no-cache'] : stages.flatMap((stage) => ['--no-cache-filter', stage]);
}

/** Attestations are off unless asked for: they give every cached build a new digest (moby/buildkit#5894). */
function getAttestationArgs({ provenance, sbom }: PassPlan): string[] {
  const attest = (type: string, attributes: string): string =>
    attributes === '' ? csvFields(`type=${type}`) : `type=${type},${attributes}`;
  return [
    ...(provenance === null ? ['--provenance=false'] : ['--attest', attest('provenance', provenance)]),
    ...(sbom === null ? [] : ['--attest', attest('sbom', sbom)]),
  ];
}
