// A blob store as GitHub's cache service has one behind it: Azurite, which speaks the protocol of Azure Storage.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { BlobSASPermissions, BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { startGuarded } from '../guarded-process.js';
import { findFreePort } from '../listen.js';
import { startCounter } from './byte-counter.js';

export interface BlobStore {
  /** An address that is good for an hour: `r` to read, `cw` to write. */
  readonly sign: (blob: string, permissions: string) => Promise<string>;
  readonly read: (blob: string) => Promise<Buffer>;
  readonly write: (blob: string, content: Buffer) => Promise<void>;
  /** Bytes of all requests at signed addresses until now, and of the answers. */
  readonly transferred: () => { readonly uploaded: number; readonly downloaded: number };
  readonly stop: () => Promise<void>;
}

/** Azurite's own well-known account: https://learn.microsoft.com/azure/storage/common/storage-connect-azurite */
const ACCOUNT = 'devstoreaccount1';
const ACCOUNT_KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const ONE_HOUR_MS = 3_600_000;

/** Starts it on a loopback port. @param directory a folder of its own, removed at the end */
export async function startBlobStore(directory: string): Promise<BlobStore> {
  const port = await findFreePort();
  const azurite = join(
    dirname(createRequire(import.meta.url).resolve('azurite/package.json')),
    'dist/src/blob/main.js',
  );
  const process_ = startGuarded({
    name: 'Azurite',
    command: [
      ...([join(import.meta.dirname, '../guard'), directory] as const),
      ...[process.execPath, azurite, '--location', directory, '--blobHost', '127.0.0.1', '--blobPort', String(port)],
      ...['--silent', '--skipApiVersionCheck', '--disableTelemetry'],
    ],
    directory,
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: directory },
  });
  const counter = await startCounter(port);
  const service = new BlobServiceClient(
    `http://127.0.0.1:${port}/${ACCOUNT}`,
    new StorageSharedKeyCredential(ACCOUNT, ACCOUNT_KEY),
    { retryOptions: { maxTries: 1 } },
  );
  const container = service.getContainerClient('actions-cache');
  await process_.ready(() =>
    container.createIfNotExists().then(
      () => true,
      () => false,
    ),
  );
  return {
    sign: async (blob, permissions) => {
      const address = await container.getBlockBlobClient(blob).generateSasUrl({
        permissions: BlobSASPermissions.parse(permissions),
        expiresOn: new Date(Date.now() + ONE_HOUR_MS),
      });
      // The signature does not cover the port.
      return address.replace(`:${port}/`, `:${counter.port}/`);
    },
    read: (blob) => container.getBlockBlobClient(blob).downloadToBuffer(),
    write: async (blob, content) => {
      await container.getBlockBlobClient(blob).uploadData(content);
    },
    transferred: counter.transferred,
    stop: async () => {
      await counter.stop();
      await process_.stop();
    },
  };
}
