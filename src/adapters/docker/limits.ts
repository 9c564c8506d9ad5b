// How long commands of the docker client may take. A pass has no limit: it is watched for silence instead.
import type { TimeLimit } from '../process/process.js';

/** For what a client and an engine that are well answer in a second. */
export const ANSWER_LIMIT: TimeLimit = {
  milliseconds: 60_000,
  advice:
    'The Docker Engine, or the builder, takes the call and does not answer: restart it, or run the job on another runner.',
};

/** For an image that goes through a file: far longer than a gigabyte takes on a slow disk. */
export const FILE_LIMIT: TimeLimit = {
  milliseconds: 600_000,
  advice: 'The Docker Engine, or the disk below it, does not answer or is too slow for this image.',
};

/** For a registry behind the docker client. */
export const LOGIN_LIMIT: TimeLimit = {
  milliseconds: 60_000,
  advice: 'The registry, or the credential store of the Docker config, does not answer: check both, and run it again.',
};

/** Some ask people for a passphrase. */
export const HELPER_LIMIT: TimeLimit = {
  milliseconds: 120_000,
  advice:
    'It is the credential store that the Docker config names (credsStore, credHelpers), and docker would wait for it too: unlock it, or take it out of the config.',
};
