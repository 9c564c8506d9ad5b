// Makes a registry of the lab answer as https://ghcr.io: a TLS front with a certificate of that name, and a proxy that
// leads there, for a process that trusts the certificate.
import { mkdtemp, writeFile } from 'node:fs/promises';
import { type RequestListener, createServer, request as sendRequest } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type Socket, connect } from 'node:net';
import { join } from 'node:path';
import selfsigned from 'selfsigned';
import { listen } from '../listen.js';

export interface Ghcr {
  /** For the process that shall take it for ghcr.io. */
  readonly env: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
}

const HOST = 'ghcr.io';

/** @param target host and port of what answers; @param directory for the certificate */
export async function startGhcr(target: string, directory: string): Promise<Ghcr> {
  const pair = await selfsigned.generate([{ name: 'commonName', value: HOST }], {
    keySize: 2048,
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: HOST }] },
    ],
  });
  const certificate = join(await mkdtemp(join(directory, 'ghcr-')), 'certificate.pem');
  await writeFile(certificate, pair.cert);
  const front = await listen(createTlsServer({ key: pair.private, cert: pair.cert }, forwardTo(target)));
  const proxy = await startProxy(front.port);
  return {
    env: { https_proxy: `http://127.0.0.1:${proxy.port}`, NODE_EXTRA_CA_CERTS: certificate },
    stop: async () => {
      await proxy.stop();
      await front.stop();
    },
  };
}

/** Sends each request on to the registry, or to the token server that its challenges name. */
function forwardTo(registry: string): RequestListener {
  // ghcr.io has its token server on its own host.
  let tokenServer = registry;
  return (request, response) => {
    // The registry builds the addresses of uploads from these two.
    const headers = { ...request.headers, host: HOST, 'x-forwarded-proto': 'https' };
    const [hostname, port] = (request.url?.startsWith('/token') === true ? tokenServer : registry).split(':');
    const onward = sendRequest({ hostname, port, path: request.url, method: request.method, headers }, (answer) => {
      const challenge = answer.headers['www-authenticate']?.replace(/http:\/\/([^/"]+)\/token/, (_, host: string) => {
        tokenServer = host;
        return `https://${HOST}/token`;
      });
      response.writeHead(answer.statusCode ?? 502, {
        ...answer.headers,
        ...(challenge !== undefined && { 'www-authenticate': challenge }),
      });
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  };
}

/** An HTTP proxy that leads to ghcr.io alone, which it finds on a port of this machine. */
async function startProxy(tlsPort: number): Promise<{ port: number; stop: () => Promise<void> }> {
  const proxy = createServer();
  // Closing a server leaves the connections of its tunnels open.
  const tunnels = new Set<Socket>();
  proxy.on('connect', (request, socket) => {
    if (request.url !== `${HOST}:443`) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const onward = connect(tlsPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    tunnels.add(onward);
    onward.on('error', () => socket.destroy());
    onward.on('close', () => {
      tunnels.delete(onward);
      socket.destroy();
    });
    socket.on('error', () => onward.destroy());
  });
  const { port, stop } = await listen(proxy);
  return {
    port,
    stop: async () => {
      for (const tunnel of tunnels) tunnel.destroy();
      await stop();
    },
  };
}
