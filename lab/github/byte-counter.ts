// Passes connections on to another port of this machine, and counts the bytes in both directions.
import { type Socket, connect, createServer } from 'node:net';

export interface ByteCounter {
  readonly port: number;
  /** Until now. */
  readonly transferred: () => { readonly uploaded: number; readonly downloaded: number };
  readonly stop: () => Promise<void>;
}

/** @param target a port on the loopback address */
export function startCounter(target: number): Promise<ByteCounter> {
  let [uploaded, downloaded] = [0, 0];
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    client.on('data', (chunk) => (uploaded += chunk.length));
    upstream.on('data', (chunk) => (downloaded += chunk.length));
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => open.delete(from));
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('the counter has no port');
      server.unref();
      resolve({
        port: address.port,
        transferred: () => ({ uploaded, downloaded }),
        stop: () =>
          new Promise((stopped) => {
            server.close(() => {
              stopped();
            });
            for (const socket of open) socket.destroy();
          }),
      });
    });
  });
}
