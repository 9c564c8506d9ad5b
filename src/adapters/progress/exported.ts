// What a build says that it has made. Pure.
import { type Digest, isDigest } from '../../image/digest.js';

/**
 * BuildKit's own words, as the name of a part in rawjson, where no step of the Dockerfile could print them.
 * https://github.com/moby/buildkit/blob/master/exporter/containerimage/writer.go
 */
const EXPORTED = /"id":"exporting (?:attestation )?manifest(?: list)? (sha256:[0-9a-f]{64})/g;

/** @returns digests of the manifests and indexes that a line of progress tells of */
export function listExported(line: string): readonly Digest[] {
  return [...line.matchAll(EXPORTED)].map(([, digest]) => digest).filter(isDigest);
}
