// Reads from progress which manifests a build has made. Pure.
import { type Digest, isDigest } from '../../image/digest.js';

/**
 * BuildKit's name for this part in rawjson; a step of the Dockerfile cannot print a name.
 * https://github.com/moby/buildkit/blob/master/exporter/containerimage/writer.go
 */
const EXPORTED = /"id":"exporting (?:attestation )?manifest(?: list)? (sha256:[0-9a-f]{64})/g;

/** @returns digests of the manifests and indexes in a line of progress */
export function listExported(line: string): readonly Digest[] {
  return [...line.matchAll(EXPORTED)].map(([, digest]) => digest).filter(isDigest);
}
