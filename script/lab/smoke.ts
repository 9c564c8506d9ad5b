// Shows that the laboratory works: `npx tsx script/lab/smoke.ts`. Both engines build and push the sample service with
// plain Buildx, the registry is asked what it got, and everything is gone afterwards.
import { join } from 'node:path';
import type { Engine } from './engine.js';
import { openLab, type Lab } from './lab.js';
import type { SampleService } from './sample-service.js';

const USER = { name: 'team', password: 'team-password' };

async function timed<T>(what: string, work: Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await work;
  console.log(`${((performance.now() - start) / 1000).toFixed(2).padStart(6)} s  ${what}`);
  return result;
}

async function must(engine: Engine, args: readonly string[], input = ''): Promise<void> {
  const { code, stdout, stderr } = await engine.docker(args, { input });
  if (code !== 0) throw new Error(`docker ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
}

async function tryEngine(lab: Lab, engine: Engine, service: SampleService): Promise<void> {
  const { registry } = lab;
  const { version, store, driver } = await engine.info();
  console.log(`engine ${version}, ${store} (${driver})`);
  await must(engine, ['login', '--username', USER.name, '--password-stdin', registry.host], USER.password);

  const repository = `team/${store}`;
  for (const target of ['builder', 'production']) {
    const name = `${registry.host}/${repository}:${target}`;
    const mark = registry.mark();
    const args = ['buildx', 'build', '--push', '--tag', name, '--target', target, '--build-arg'];
    await timed(
      `build and push ${target}`,
      must(engine, [...args, `BASE_IMAGE=${lab.baseImage}`, '--cache-to', 'type=inline', service.directory]),
    );
    const { digest, mediaType } = await registry.manifest(repository, target);
    const config = await registry.config(repository, target);
    console.log(`         ${digest} ${mediaType}, inline cache: ${'moby.buildkit.cache.v0' in config}`);
    const [sent, served] = [await registry.blobBytesReceived(mark), await registry.blobBytesServed(mark)];
    console.log(`         ${sent} bytes of blobs pushed, ${served} pulled`);
  }
  await timed('prune', engine.prune());
  const printed = await engine.docker(['run', '--rm', `${registry.host}/${repository}:production`]);
  if (printed.stdout !== 'Hello from the sample service\n') throw new Error(`it printed ${JSON.stringify(printed)}`);
  await timed('prune', engine.prune());
}

const lab = await timed(
  'open',
  openLab({
    stores: ['containerd', 'overlay2'],
    auth: 'token',
    users: [{ ...USER, access: [{ repository: 'team/*', actions: ['pull', 'push'] }] }],
  }),
);
try {
  const service = await lab.sampleService(join('work', 'sample'));
  console.log(`sample service at ${await service.head()} on ${await service.branch()}`);
  for (const engine of lab.engines) await tryEngine(lab, engine, service);
  const denied = await lab.engines[0]!.docker([
    'buildx',
    'imagetools',
    'create',
    '--tag',
    `${lab.registry.host}/other/app:1`,
    lab.baseImage,
  ]);
  if (denied.code === 0) throw new Error('a push without the right to push went through');
  console.log(`denied as it should be: ${denied.stderr.trim()}`);
} finally {
  await timed('close', lab.close());
}
