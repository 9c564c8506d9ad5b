// What is told after the build: tags, cache, comment.
import { REFUSED } from '../world/memory-github.js';
import { LATER, REPOSITORY, SHA, pullRequest, push, pushTag } from '../world/events.js';
import { sha256 } from '../world/memory-registry.js';
import type { SmallWorld } from '../world/small-world.js';
import type { Causes } from './cause.js';

/** Another run's image under that tag. */
function pushElsewhere({ registry }: SmallWorld, tag: string): Promise<string> {
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const config = Buffer.from('{"other":1}');
  const descriptor = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: sha256(config), size: 11 };
  return registry.push(REPOSITORY, tag, { schemaVersion: 2, mediaType, config: descriptor, layers: [] }, [config]);
}

const PROMOTED = { promote: 'true' };
const RELEASES: Causes = {
  'a release before its image': (world) => world.run(pushTag('v1.2.3'), PROMOTED),
  'a release of what a branch has built': async (world) => {
    await world.succeed(push('feature', SHA));
    return world.run(pushTag('v1.2.3'), PROMOTED);
  },
  'a release of another platform': async (world) => {
    await world.succeed(push('main', SHA));
    return world.run(pushTag('v1.2.3'), { ...PROMOTED, platforms: 'linux/arm64' });
  },
  'a release with its version in a build argument': async (world) => {
    await world.succeed(push('main', SHA));
    return world.run(pushTag('v1.2.3'), { ...PROMOTED, 'build-args': 'VERSION=v1.2.3' });
  },
  'a release while the registry fails': async (world) => {
    await world.succeed(push('main', SHA));
    world.registry.intercept = (method, path) =>
      method === 'GET' && path === `manifests/${SHA}` ? { status: 500, headers: { 'retry-after': '0' } } : undefined;
    return world.run(pushTag('v1.2.3'), PROMOTED);
  },
};

const TAGS: Causes = {
  'a commit that was built before': async (world) => {
    await world.succeed(push('main', SHA));
    return world.run(push('main', SHA));
  },
  'another run of the commit': (world) => {
    let wrote = false;
    world.engine.onWriting = async (target) => {
      if (target === 'production' && !wrote) await pushElsewhere(world, SHA);
      wrote = true;
    };
    const countLooks = (): number => world.registry.requests.filter((one) => one === `HEAD manifests/${SHA}`).length;
    // It is looked for once more while the image is on its way, which takes longer than a question.
    world.engine.onPushing = async () => {
      while (countLooks() <= 1) await new Promise((resolve) => setTimeout(resolve, 1));
    };
    return world.run(push('main', SHA));
  },
  'another run of the tag': (world) => {
    let [pushed, other] = [false, false];
    world.registry.intercept = async (method, path) => {
      if (pushed && method === 'GET' && path.startsWith('manifests/sha256:')) return { status: 404 };
      if (pushed && !other && method === 'GET' && path === `manifests/${SHA}`) {
        other = true;
        await pushElsewhere(world, SHA);
      }
      pushed ||= method === 'PUT' && path === `manifests/${SHA}`;
      return undefined;
    };
    return world.run(push('main', SHA));
  },
  'a branch that has moved on': (world) => {
    world.github.branches.set('main', LATER);
    return world.run(push('main', SHA));
  },
  'a fix of an older version': async (world) => {
    await world.succeed(pushTag('v1.3.0', LATER));
    return world.run(pushTag('v1.2.4'));
  },
  'an older git tag': async (world) => {
    world.github.commitTimes.set(LATER, '2026-02-02T00:00:00Z').set(SHA, '2026-02-01T00:00:00Z');
    await world.succeed(pushTag('release-42', LATER), { 'extra-tags': 'latest' });
    world.engine.sources = 'older';
    return world.run(pushTag('release-41'), { 'extra-tags': 'latest' });
  },
  'two images under one name': async (world) => {
    await world.succeed(push('main', SHA));
    return world.run(push('main', LATER), { 'builder-target': 'production', 'production-target': 'builder' });
  },
  'two images under one name, at the same time': async (world) => {
    await world.succeed(push('main', SHA));
    let asked = 0;
    world.registry.intercept = (method, path) =>
      method === 'GET' && path === 'manifests/main' && (asked += 1) === 1 ? { status: 404 } : undefined;
    return world.run(push('main', LATER), { 'builder-target': 'production', 'production-target': 'builder' });
  },
  'a list that may not be read': (world) => {
    world.registry.intercept = (_method, path) => (path.startsWith('tags/list') ? { status: 403 } : undefined);
    return world.run(pushTag('v1.2.3'));
  },
  'a branch with the name of a git tag': async (world) => {
    await world.succeed(pushTag('release-42'));
    world.engine.sources = 'another';
    return world.run(push('release-42', LATER));
  },
  'a tag that cannot be moved': (world) => {
    world.registry.intercept = (method, path) =>
      method === 'PUT' && path === 'manifests/main' ? { status: 400, body: '{}' } : undefined;
    return world.run(push('main', SHA));
  },
};

const CACHE: Causes = {
  'a builder image that is not taken': (world) => {
    world.registry.intercept = (method, path) =>
      method === 'PUT' && path === 'manifests/builder-main' ? { status: 403, body: '{}' } : undefined;
    return world.run(push('main', SHA));
  },
  'layers that are lost': async (world) => {
    await world.succeed(push('main', SHA));
    const { layers } = JSON.parse(world.registry.manifest(REPOSITORY, 'builder-main')?.bytes.toString() ?? '') as {
      layers: readonly { digest: string }[];
    };
    world.registry.loseBlob(layers[0]!.digest);
    world.engine.sources = 's2';
    return world.run(push('main', LATER));
  },
  'no registry, and nothing to push': (world) =>
    world.run(push('main', SHA), { image: '127.0.0.1:1/owner/app', push: 'false' }),
  'a merged cache that is not taken': async (world) => {
    await world.succeed(push('main', SHA));
    world.registry.intercept = (method, path) =>
      method === 'PUT' && path === 'manifests/cache-main' ? { status: 403, body: '{}' } : undefined;
    return world.run(push('main', LATER));
  },
  'an Actions cache that does not answer': (world) => {
    world.hasActionsCache = true;
    world.actionsCache.fault = new Error('it gave no answer within 10 s');
    return world.run(push('main', SHA), { push: 'false' });
  },
  'images that main has not recorded': async (world) => {
    await world.succeed(push('main', SHA));
    world.hasActionsCache = true;
    return world.run(push('main', LATER), { 'trust-cache': 'own' });
  },
  'a record that is not kept': (world) => {
    world.hasActionsCache = true;
    world.actionsCache.keeps = false;
    return world.run(push('main', SHA), { 'trust-cache': 'own' });
  },
};

const GITHUB: Causes = {
  'GitHub does not say what was merged': (world) => {
    world.github.faults.set('readMergedBranch', REFUSED);
    return world.run(push('main', SHA));
  },
  'a comment that may not be written': (world) => {
    world.github.faults.set('createComment', REFUSED);
    return world.run(pullRequest(), { comment: 'true' });
  },
};

export const PUBLISHING: Causes = { ...RELEASES, ...TAGS, ...CACHE, ...GITHUB };
