// Checks that fail, or cannot be done.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TimeLimitError } from '../../../src/adapters/process/process.js';
import { LATER, SHA, pullRequest, push, pushTag } from '../world/events.js';
import { REFUSED } from '../world/memory-github.js';
import { DONE } from '../world/recorded-engine.js';
import type { SmallWorld } from '../world/small-world.js';
import type { Causes } from './cause.js';

const run = (world: SmallWorld, inputs: Parameters<SmallWorld['run']>[1]) => world.run(push('main', SHA), inputs);

/** Puts another image in the place of the one that is checked. */
function replaceImage(world: SmallWorld): void {
  const [[reference, image] = []] = world.engine.images;
  if (reference === undefined || image === undefined) return;
  world.engine.images.set(reference, { ...image, content: { ...image.content, x: 1 } });
}

/** A scanner that finds nothing. */
async function scan(args: readonly string[], sarif: boolean): Promise<typeof DONE> {
  const report = await readFile(join(import.meta.dirname, '../../unit/checks/scan-reports/grype-nothing.json'), 'utf8');
  for (const [, kind, file] of args.flatMap((one) => [/^--output=(json|sarif)=(.*)$/.exec(one) ?? []]))
    if (file !== undefined && (kind === 'json' || sarif))
      await writeFile(file, kind === 'json' ? report : '{"runs":[]}');
  return DONE;
}

export const CHECKS: Causes = {
  'a promoted image that cannot be pulled': async (world) => {
    await run(world, {});
    world.engine.pullFaults.push('unauthorized');
    return world.run(pushTag('v1.2.3'), { promote: 'true', verify: 'true' });
  },
  'a script that fails': (world) => {
    world.engine.other = () => Promise.resolve({ ...DONE, code: 3 });
    return run(world, { verify: 'false' });
  },
  'a script that leaves something running': (world) => {
    world.engine.other = () => Promise.resolve({ ...DONE, leftovers: { names: ['node'], ended: true } });
    return run(world, { verify: 'npm start &' });
  },
  'a script that makes another image': (world) => {
    world.engine.other = () => {
      replaceImage(world);
      return Promise.resolve(DONE);
    };
    return run(world, { verify: 'docker tag x "$IMAGE"' });
  },
  'a script that changes the context': (world) => {
    world.engine.driver = 'docker-container';
    world.engine.other = (command) => {
      if (command === 'bash') world.engine.sources = 'changed by the script';
      return Promise.resolve(DONE);
    };
    return run(world, { verify: 'touch src/new' });
  },
  'no engine': (world) => {
    Object.assign(world.engine, { driver: 'remote', running: false });
    const { run: answer } = world.engine;
    const inspect = { ...DONE, stdout: 'Name: far\nDriver: remote\n\nNodes:\nName: far\nEndpoint: tcp://far\n' };
    const instead: typeof answer = (command, args, options) =>
      args.join(' ').startsWith('buildx inspect') ? Promise.resolve(inspect) : answer(command, args, options);
    Object.assign(world.engine, { run: instead });
    return run(world, { verify: 'true' });
  },
  'platforms of other machines': (world) => {
    world.engine.driver = 'docker-container';
    return run(world, { verify: 'true', platforms: 'linux/arm64,linux/s390x' });
  },
  'no scanner, and an engine elsewhere': (world) => {
    world.engine.missing.add('trivy');
    world.runner = { childEnv: { PATH: '', DOCKER_HOST: 'tcp://10.0.0.1:2375' } };
    return run(world, { scan: 'trivy' });
  },
  'a scanner that fails': (world) => {
    world.engine.other = () => Promise.resolve({ ...DONE, code: 2, stderr: 'no database' });
    return run(world, { scan: 'trivy' });
  },
  'a scanner that does not end': (world) => {
    world.engine.other = (command) =>
      command === 'trivy' ? Promise.reject(new TimeLimitError('trivy')) : Promise.resolve(DONE);
    return run(world, { scan: 'trivy' });
  },
  'a fork that has no token': (world) => world.run(pullRequest({ fork: 'mallory/app' }), { scan: 'snyk' }),
  'a scanner without SARIF': (world) => {
    world.engine.other = (_, args) => scan(args, false);
    return run(world, { scan: 'grype' });
  },
  'no code scanning': (world) => {
    world.engine.other = (_, args) => scan(args, true);
    world.github.faults.set('uploadSarif', REFUSED);
    return world.run(push('main', LATER), { scan: 'grype', 'upload-sarif': 'true' });
  },
};
