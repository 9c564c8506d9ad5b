// Ports and HTTP servers on the loopback address.
import { type Server, createServer } from 'node:http';
import { isObject } from './json.js';

/**
 * Is told of each request (`GET /v2/`) before it is answered.
 * @returns false for a request that gets no answer: its connection is ended
 */
export type Gate = (request: string) => Promise<boolean>;

/** Lets a server listen on a free port. It keeps no process alive. */
export function listen(server: Server): Promise<{ port: number; stop: () => Promise<void> }> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address: unknown = server.address();
      if (!isObject(address) || typeof address.port !== 'number') {
        reject(new Error('the server has no port'));
        return;
      }
      server.unref();
      resolve({ port: address.port, stop: () => close(server) });
    });
  });
}

/** A port that nobody uses now. Another process may take it before its user does; then starting that one fails. */
export async function findFreePort(): Promise<number> {
  const { port, stop } = await listen(createServer());
  await stop();
  return port;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeAllConnections();
  });
}
