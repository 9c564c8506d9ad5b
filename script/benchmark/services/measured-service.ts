// The services that can be measured: one of random bytes, which needs no network, or a real one.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEBIAN_IMAGE_LAYERS, pushDebianImages } from '../../../lab/debian/images.js';
import type { Lab } from '../../../lab/lab.js';
import { REAL_SERVICES, type RealService } from '../../../lab/real-services/real-service.js';
import type { SampleService } from '../../../lab/services/sample-service.js';
import type { ServiceName } from '../options.js';

export interface MeasuredService {
  readonly folder: string;
  /** For the build of a commit. */
  readonly buildArgs: (commit: string) => Readonly<Record<string, string>>;
  /** Paths of files by the IDs of the secrets. */
  readonly secretFiles: Readonly<Record<string, string>>;
  /** Of the build's containers; empty = the engine's default, which has no way out here. */
  readonly network: '' | 'host';
  /** How many layers of each of its images are the base image's. */
  readonly baseLayers: number;
  /** Before the first commit that is built. */
  readonly complete: (service: SampleService) => Promise<unknown>;
  readonly changeSource: (service: SampleService, words: string) => Promise<string>;
  readonly changeDependencies: (service: SampleService) => Promise<string>;
}

const NEW_DEPENDENCY_KILOBYTES = 2048;

/** @param host the registry's as the engines know it */
export async function furnishService(name: ServiceName, lab: Lab, host: string): Promise<MeasuredService> {
  const toHost = (reference: string) => reference.replace(lab.registry.host, host);
  if (name === 'random') {
    return {
      folder: join(import.meta.dirname, 'random'),
      buildArgs: () => ({ BASE_IMAGE: toHost(lab.baseImage) }),
      secretFiles: {},
      network: '',
      baseLayers: 1,
      complete: () => Promise.resolve(),
      changeSource: (service, words) => service.changeSource(words),
      changeDependencies: (service) => service.changeDependencies('tool-21', NEW_DEPENDENCY_KILOBYTES),
    };
  }
  const service: RealService = REAL_SERVICES[name];
  const { node, python } = await pushDebianImages(lab);
  const baseImages = service.baseImages({ node: toHost(node), python: toHost(python) });
  return {
    ...service,
    buildArgs: (commit) => ({ ...baseImages, COMMIT_SHA: commit }),
    secretFiles: await writeSecrets(join(lab.directory, 'secrets'), service),
    network: 'host',
    baseLayers: DEBIAN_IMAGE_LAYERS,
  };
}

async function writeSecrets(directory: string, { secrets }: RealService): Promise<Record<string, string>> {
  await mkdir(directory);
  const paths: Record<string, string> = {};
  for (const [id, content] of Object.entries(secrets)) await writeFile((paths[id] = join(directory, id)), content);
  return paths;
}
