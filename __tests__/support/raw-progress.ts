// What `docker buildx build --progress=rawjson` says, made for tests: one JSON object a line, each a delta.
import { createHash } from 'node:crypto';

/** A part of a build that has begun and ended. */
export interface EndedPart {
  /** `[builder 3/6] RUN npm ci`, `exporting to image` */
  readonly name: string;
  readonly error?: string;
  readonly cached?: boolean;
  /** What it prints. */
  readonly output?: string;
  /** Parts of it, such as layers that are pulled. */
  readonly statuses?: readonly string[];
}

export function rawProgress(...parts: readonly EndedPart[]): string {
  const [started, completed] = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:01.5Z'];
  const lines = parts.flatMap(({ name, error, cached, output, statuses }) => {
    const digest = `sha256:${createHash('sha256').update(name).digest('hex')}`;
    const data = Buffer.from(output ?? '').toString('base64');
    return [
      { vertexes: [{ digest, name, started }] },
      ...(output === undefined ? [] : [{ logs: [{ vertex: digest, stream: 1, data, timestamp: started }] }]),
      ...(statuses === undefined ? [] : [{ statuses: statuses.map((id) => ({ id, vertex: digest, started })) }]),
      {
        vertexes: [
          {
            digest,
            name,
            started,
            completed,
            ...(cached !== undefined && { cached }),
            ...(error !== undefined && { error }),
          },
        ],
      },
    ];
  });
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}
