// The variants: their names, what each stands for, and its commands as a reader may type them. Pure, so that the page can be
// written without measuring.
import type { ImageStore } from '../../../lab/engine/engine.js';
import type { ScenarioName } from '../scenarios.js';

interface VariantFacts {
  /** Column of a table. */
  readonly title: string;
  /** Markdown: whose way of working it is, with a link. */
  readonly standsFor: string;
  /** One command a line; `IMAGE`, `SHA` and `BRANCH` stand for the values of a try. */
  readonly commands: readonly string[];
  /** What has to be known to read its figures. */
  readonly note?: string;
  /** Image stores on which its cache works with the docker driver; all unless said. */
  readonly stores?: readonly ImageStore[];
  /** All unless said. */
  readonly scenarios?: readonly ScenarioName[];
}

const ACTION_PARTS = [
  'docker version',
  'docker info',
  'docker buildx version',
  'docker buildx inspect default',
] as const;
const DOCUMENTED: readonly ScenarioName[] = ['cold', 'unchanged', 'source', 'dependencies'];

export const VARIANTS = {
  bundle: {
    title: 'action',
    standsFor: 'This action, [`dist/index.js`](../dist) started as the runner starts it, `main` and then `post`.',
    commands: ['node dist/index.js', 'node dist/post.js'],
    note: 'Its login to the registry is part of its time.',
  },
  limit: {
    title: 'limit',
    standsFor:
      'A bound, not a way of working: one build of production that pushes its image, and keeps nothing for the next commit.',
    commands: [
      'docker buildx build --target production --provenance=false --cache-from type=registry,ref=IMAGE:cache-BRANCH@DIGEST --output type=image,name=IMAGE:SHA,push=true,store=false .',
    ],
    note: 'The merged cache that it imports was made by the action beforehand, and making it is not part of its time; nor is a login. It writes one image under one tag in gzip: no moving tag, no builder image, no cache. Where it starts from nothing it imports nothing.',
    scenarios: [...DOCUMENTED, 'older-branches'],
  },
  recipe: {
    title: 'recipe',
    standsFor: 'Two passes [by hand](migrating.md#from-two-passes-written-by-hand) with inline cache.',
    commands: [
      'docker buildx build --push --target builder --tag IMAGE:builder-BRANCH --cache-from IMAGE:builder-BRANCH --cache-from IMAGE:builder-main --cache-to type=inline .',
      'docker buildx build --push --target production --tag IMAGE:SHA --tag IMAGE:BRANCH --cache-from IMAGE:builder-BRANCH --cache-from IMAGE:BRANCH --cache-from IMAGE:main --cache-to type=inline .',
    ],
    note: 'Its login is not part of its time.',
  },
  'docker-actions': {
    title: 'docker actions',
    standsFor:
      '[docker/setup-buildx-action](https://github.com/docker/setup-buildx-action) with `driver: docker`, [docker/login-action](https://github.com/docker/login-action), and [docker/build-push-action](https://github.com/docker/build-push-action) v7 twice.',
    commands: [
      ...ACTION_PARTS,
      'docker login --username USER --password-stdin HOST',
      ...ACTION_PARTS,
      'docker buildx build --push --iidfile FILE --metadata-file FILE --attest type=provenance,mode=max,builder-id=URL --target builder --tag IMAGE:builder-BRANCH, with the sources of the recipe, .',
      ...ACTION_PARTS,
      'docker buildx build …, the same for production, with the tags and sources of the recipe, .',
    ],
    note: 'Provenance as build-push-action asks for it in a public repository, on stores that take attestations (containerd). Not in its time: starts of the four actions, their downloads, the build records that they upload, and what they do after the job.',
  },
  'registry-max': {
    title: 'registry cache',
    standsFor:
      'One build with a [cache of all stages in the registry](https://docs.docker.com/build/cache/backends/registry/).',
    commands: [
      'docker buildx build --push --target production --tag IMAGE:SHA --tag IMAGE:BRANCH --cache-from type=registry,ref=IMAGE:buildcache --cache-to type=registry,ref=IMAGE:buildcache,mode=max .',
    ],
    note: 'One cache tag for all branches, as documented; the last build before a try was of the same branch. No builder image. Its login is not part of its time.',
    stores: ['containerd'],
    scenarios: DOCUMENTED,
  },
  'actions-cache': {
    title: 'actions cache',
    standsFor:
      "One build with [GitHub's cache service](https://docs.docker.com/build/cache/backends/gha/) as BuildKit's cache of all stages.",
    commands: [
      'docker buildx build --push --target production --tag IMAGE:SHA --tag IMAGE:BRANCH --cache-from type=gha --cache-to type=gha,mode=max .',
    ],
    note: "The service is a stand-in on the same machine: this repository's own of the protocol (version 2), in front of [Azurite](https://github.com/Azure/Azurite). Its times say little of GitHub's; steps and megabytes do not depend on it. The run reads the caches of its branch and of main, as on GitHub. No builder image. Its login is not part of its time.",
    stores: ['containerd'],
    scenarios: DOCUMENTED,
  },
  'build-docker-image': {
    title: 'build-docker-image',
    standsFor:
      '[build-docker-image](https://github.com/DFE-Digital/github-actions/tree/master/build-docker-image) of DFE-Digital/github-actions with `target: production`, else with its defaults.',
    commands: [
      'docker login --username USER --password-stdin HOST',
      ...ACTION_PARTS,
      'docker buildx build --load --iidfile FILE --metadata-file FILE --target production --tag IMAGE:SHA --tag IMAGE:BRANCH --cache-from type=registry,ref=IMAGE:main --cache-from type=registry,ref=IMAGE:SHA --cache-from type=registry,ref=IMAGE:BRANCH --cache-to type=inline .',
      'docker image push --all-tags IMAGE',
    ],
    note: 'No builder image, and no scan. `max-cache: true` needs the docker-container driver and is not measured: the rows "registry cache" show its kind of cache. Starts of actions are not in its time.',
  },
} as const satisfies Record<string, VariantFacts>;

export type VariantName = keyof typeof VARIANTS;
export const VARIANT_NAMES = Object.keys(VARIANTS) as readonly VariantName[];

export function titleOf(variant: VariantName): string {
  return VARIANTS[variant].title;
}

/** Whether the variant can be measured there. */
export function supports(variant: VariantName, store: ImageStore, scenario: string): boolean {
  const { stores, scenarios }: VariantFacts = VARIANTS[variant];
  return (stores?.includes(store) ?? true) && (scenarios?.some((one) => one === scenario) ?? true);
}
