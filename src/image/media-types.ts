// Media types of the OCI image specification, of Docker and of BuildKit.

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';

export const CACHE_CONFIG_TYPE = 'application/vnd.buildkit.cacheconfig.v0';
export const CACHE_MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';

export function toOciMediaType(mediaType: string): string {
  const docker = /^application\/vnd\.docker\.image\.rootfs\.diff\.tar(?:\.(gzip|zstd))?$/.exec(mediaType);
  if (docker === null) return mediaType;
  return `application/vnd.oci.image.layer.v1.tar${docker[1] === undefined ? '' : `+${docker[1]}`}`;
}

export const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');
