// A package registry of a team's own, which gives its one package to whoever has the token.
// Shapes: https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { runOrThrow } from '../command.js';
import { listen } from '../listen.js';

export interface PrivatePackage {
  readonly name: string;
  readonly version: string;
  /** As lockfiles have it. */
  readonly integrity: string;
  /** The npmrc of a project that uses it, with `${NPM_TOKEN}` for the token. */
  readonly npmrc: string;
  /** How often a request without the token was refused, and how often the package was downloaded. */
  readonly counts: () => { readonly denied: number; readonly served: number };
  readonly stop: () => Promise<void>;
}

const SCOPE = '@octo';
const VERSION = '1.0.0';

/** @param directory for what the package is made of */
export async function servePrivatePackage(directory: string, token: string): Promise<PrivatePackage> {
  const name = `${SCOPE}/greeting`;
  const archive = await packPackage(directory, name);
  const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
  const counts = { denied: 0, served: 0 };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    if (request.headers.authorization !== `Bearer ${token}`) {
      counts.denied += 1;
      response.writeHead(401).end();
    } else if (path === `/${name}`) {
      const tarball = `http://${request.headers.host ?? ''}/${name}.tgz`;
      const versions = { [VERSION]: { name, version: VERSION, dist: { tarball, integrity } } };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ name, 'dist-tags': { latest: VERSION }, versions }));
    } else if (path === `/${name}.tgz`) {
      counts.served += 1;
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(archive);
    } else {
      response.writeHead(404).end();
    }
  });
  const { port, stop } = await listen(server);
  const host = `//127.0.0.1:${port}/`;
  const npmrc = `${SCOPE}:registry=http:${host}\n${host}:_authToken=\${NPM_TOKEN}\n`;
  return { name, version: VERSION, integrity, npmrc, counts: () => ({ ...counts }), stop };
}

async function packPackage(directory: string, name: string): Promise<Buffer> {
  const folder = await mkdtemp(join(directory, 'private-'));
  await mkdir(join(folder, 'package'));
  await writeFile(join(folder, 'package/package.json'), JSON.stringify({ name, version: VERSION }));
  await runOrThrow('tar', [
    '--create',
    '--gzip',
    '--file',
    join(folder, 'archive.tgz'),
    '--directory',
    folder,
    'package',
  ]);
  return readFile(join(folder, 'archive.tgz'));
}
