// The story of a cleanup in memory: packages in the registry in memory, and GitHub's API stood in for over them.
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import type { WorkflowRun } from '../../../lab/runner/workflow-run.js';
import { ApiError, type RateLimitedClient } from '../../../src/adapters/github/rate-limited-client.js';
import { createSender } from '../../../src/adapters/registry/http.js';
import { Registry } from '../../../src/adapters/registry/registry.js';
import { runCleanupPhase } from '../../../src/cleanup/cleanup-run.js';
import type { CleanupInputName, CleanupOutputName } from '../../../src/cleanup/pure/inputs.js';
import { type CleanupResult, type PackageRegistry, type Run, useCleanupStand } from '../cleanup-lab.js';
import { type MemoryRegistry, type StoredManifest, sha256, startMemoryRegistry } from './memory-registry.js';
import { createTold } from './small-world.js';

const DEFAULTS: Partial<Record<CleanupInputName, string>> = { 'older-than-days': '14', 'dry-run': 'false' };

export function useCleanupWorld() {
  let memory: MemoryRegistry;
  let cancellation: AbortController;
  const waits: number[] = [];
  beforeAll(async () => {
    memory = await startMemoryRegistry();
  });
  beforeEach(() => {
    cancellation = new AbortController();
    memory.intercept = () => undefined;
    memory.users = null;
    waits.length = 0;
  });
  afterAll(() => memory.close());

  const clean = async (event: WorkflowRun, { inputs = {}, actor = 'octo' }: Run): Promise<CleanupResult> => {
    const given = { ...DEFAULTS, image: `ghcr.io/${event.repository}`, 'github-token': event.token ?? '', ...inputs };
    const place = { workspace: tmpdir(), temporary: tmpdir(), event };
    const { told, runner } = createTold<CleanupInputName, CleanupOutputName>(given, place);
    const error = await runCleanupPhase({
      runner: { ...runner, repository: event.repository, actor },
      name: `${Math.random()}`,
      wait: (milliseconds) => Promise.resolve(void waits.push(milliseconds)),
      signal: cancellation.signal,
      connectGitHub: () => connectStandIn(event.apiUrl ?? ''),
      openRegistry: (image, access) => {
        const here = { ...image, registry: memory.host };
        return new Registry(here, { ...access, send: createSender('two-pass-build', null), insecure: true });
      },
    }).then(
      () => null,
      (reason: unknown) => (reason instanceof Error ? reason.message : String(reason)),
    );
    const said = (['warning', 'notice'] as const).flatMap((level) =>
      told[`${level}s`].map((message) => ({ level, message, properties: {} })),
    );
    return {
      main: { code: error === null ? 0 : 1, seconds: 0 },
      outputs: { ...told.outputs },
      annotations: [...said, ...(error === null ? [] : [{ level: 'error' as const, message: error, properties: {} }])],
      summary: told.summary,
      log: told.log.map((line) => line.replace(/^\w+: /, '')).join('\n'),
    };
  };
  return {
    ...useCleanupStand({ registry: () => toPackageRegistry(memory), clean }),
    memory: () => memory,
    registry: () => toPackageRegistry(memory),
    cancel: () => cancellation.abort(),
    waits,
  };
}

/** Without the patience of the real client, which `contract/cleanup` has. */
function connectStandIn(url: string): RateLimitedClient {
  return {
    request: async (route, values) => {
      const [method = '', template = ''] = route.split(' ');
      const used = new Set<string>();
      const path = template.replace(/\{(\w+)\}/g, (_, name: string) => {
        used.add(name);
        return encodeURIComponent(String(values[name]));
      });
      const query = Object.entries(values).filter(([name]) => !used.has(name));
      const search = new URLSearchParams(Object.fromEntries(query.map(([name, value]) => [name, String(value)])));
      const response = await fetch(`${url}${path}?${search.toString()}`, { method });
      const text = await response.text();
      const content: unknown = text === '' ? undefined : JSON.parse(text);
      if (!response.ok) {
        const { message } = content as { message: string };
        throw new ApiError(`${response.status} ${message.replace(/\.$/, '')}`, response.status);
      }
      const more = (response.headers.get('link') ?? '').includes('rel="next"');
      return { content, more, sentAt: Date.parse(response.headers.get('date') ?? '') };
    },
  };
}

function toPackageRegistry(memory: MemoryRegistry): PackageRegistry {
  const toServed = ({ digest, mediaType, bytes }: StoredManifest) => {
    const text = bytes.toString('utf8');
    return { digest, mediaType, text, bytes: bytes.length, body: JSON.parse(text) as Record<string, unknown> };
  };
  const find = (repository: string, reference: string) => {
    const found = memory.manifest(repository, reference);
    return found === undefined ? undefined : toServed(found);
  };
  const put = async (path: string, content: string | Buffer, type: string): Promise<string> => {
    const init = { method: 'PUT', headers: { 'content-type': type }, body: new Uint8Array(Buffer.from(content)) };
    const response = await fetch(`http://${memory.host}/v2/${path}`, init);
    if (!response.ok) throw new Error(await response.text());
    return response.headers.get('docker-content-digest') ?? '';
  };
  return {
    tags: (repository) => Promise.resolve(memory.tags(repository)),
    findManifest: (repository, reference) => Promise.resolve(find(repository, reference)),
    manifest: (repository, reference) => {
      const found = find(repository, reference);
      return found === undefined ? Promise.reject(new Error(`no ${reference}`)) : Promise.resolve(found);
    },
    putBlob: (repository, content) =>
      put(`${repository}/blobs/uploads/1?digest=${sha256(content)}`, content, 'application/octet-stream'),
    putManifest: (repository, reference, type, body) => put(`${repository}/manifests/${reference}`, body, type),
    deleteManifest: (repository, digest) => {
      memory.remove(repository, digest);
      return Promise.resolve();
    },
  };
}
