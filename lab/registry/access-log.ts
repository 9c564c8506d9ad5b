// Reads the registry's access log (Apache's combined format, one line a request). Pure.

/** One request that the registry answered. */
export interface RegistryRequest {
  readonly method: string;
  /** Path and query as the client sent them. */
  readonly path: string;
  readonly status: number;
  /** Bytes of the answer's body. */
  readonly bytes: number;
  readonly userAgent: string;
}

const LINE = /^\S+ \S+ \S+ \[[^\]]+\] "(\S+) (\S+) [^"]*" (\d{3}) (\d+|-) "[^"]*" "([^"]*)"$/;

/** The requests in a log, in the order of their answers. Lines of other kinds are skipped. */
export function parseAccessLog(log: string): readonly RegistryRequest[] {
  return log.split('\n').flatMap((line) => {
    const [, method, path, status, bytes, userAgent] = LINE.exec(line) ?? [];
    if (method === undefined || path === undefined || userAgent === undefined) return [];
    return [{ method, path, status: Number(status), bytes: bytes === '-' ? 0 : Number(bytes), userAgent }];
  });
}

/** Bytes of blobs that were downloaded. */
export function countBlobBytesServed(requests: readonly RegistryRequest[]): number {
  return requests
    .filter(({ method, path }) => method === 'GET' && /^\/v2\/.+\/blobs\/sha256:/.test(path))
    .reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Digests of the blobs whose upload was completed; one that was mounted from elsewhere was not uploaded. */
export function listUploadedBlobs(requests: readonly RegistryRequest[]): readonly string[] {
  return requests
    .filter(({ method, path, status }) => method === 'PUT' && path.includes('/blobs/uploads/') && status === 201)
    .flatMap(({ path }) => new URL(path, 'http://registry').searchParams.get('digest') ?? []);
}
