// Media types of the OCI image specification, of Docker and of BuildKit.

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

/** BuildKit's cache config, which an OCI manifest has in the place of an image's: https://github.com/moby/buildkit/blob/master/cache/remotecache/v1/spec.go */
export const CACHE_CONFIG = 'application/vnd.buildkit.cacheconfig.v0';

/** Of a request's Accept header: every manifest and index that is understood here. */
export const MANIFEST_TYPES = [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST].join(', ');

/** The type of a layer in an OCI manifest, where Docker's own has another one. */
export function toOciMediaType(mediaType: string): string {
  const docker = /^application\/vnd\.docker\.image\.rootfs\.diff\.tar(?:\.(gzip|zstd))?$/.exec(mediaType);
  if (docker === null) return mediaType;
  return `application/vnd.oci.image.layer.v1.tar${docker[1] === undefined ? '' : `+${docker[1]}`}`;
}

/** Whether it is a manifest or an index, which names other things, and not a layer or a config. */
export function isManifestType(mediaType: string): boolean {
  return [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST].includes(mediaType);
}
