// How long commands of the docker client may take. A pass has no limit: it is watched for silence instead.
import type { TimeLimit } from '../process/process.js';

/** For commands that a healthy engine answers within a second. */
export const ANSWER_LIMIT: TimeLimit = {
  milliseconds: 60_000,
  advice:
    'The Docker Engine, or the builder, takes the call and does not answer: restart it, or run the job on another runner.',
};

/** For checks of a Dockerfile: they ask the registries of its base images. */
export const CHECK_LIMIT: TimeLimit = {
  milliseconds: 300_000,
  advice: 'The builder, or the registry of a base image, takes the call and does not answer: run the job again.',
};

/** For loading and saving an image file: far longer than a gigabyte takes on a slow disk. */
export const FILE_LIMIT: TimeLimit = {
  milliseconds: 600_000,
  advice: 'The Docker Engine, or the disk below it, does not answer or is too slow for this image.',
};

/** For commands of the docker client that wait for a registry. */
export const LOGIN_LIMIT: TimeLimit = {
  milliseconds: 60_000,
  advice: 'The registry, or the credential store of the Docker config, does not answer: check both, and run it again.',
};

/** For credential helpers, some of which ask the user for a passphrase. */
export const HELPER_LIMIT: TimeLimit = {
  milliseconds: 120_000,
  advice:
    'It is the credential store that the Docker config names (credsStore, credHelpers), and docker would wait for it too: unlock it, or take it out of the config.',
};
