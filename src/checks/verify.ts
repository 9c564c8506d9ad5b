// The input `verify`: a shell script that gets the image's name in environment variables.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeLeftovers } from '../adapters/process/leftovers.js';
import { taggedReference } from '../image/reference.js';
import { LONGEST_QUOTED, shortenLine } from '../shared/long-line.js';
import { CheckFailedError, type CheckRequest } from './check.js';
import { getCheckEnvironment } from './pure/environment.js';

/** Last lines of the script's output that the error message quotes. */
const KEPT_LINES = 20;

/** @throws CheckFailedError when the script ends with anything but 0 */
export async function verifyImage(
  { world, plan, engine, directory, warn }: CheckRequest,
  image: { readonly reference: string; readonly id: string },
  script: string,
): Promise<void> {
  const { runner, run, signal } = world;
  const file = join(directory, 'verify.sh');
  // A workflow file from Windows has CRLF line ends, and bash takes the CR as part of the command.
  await writeFile(file, `${script.replaceAll('\r\n', '\n')}\n`, { mode: 0o600 });
  const builderTag = plan.builders[0]?.tag ?? null;
  const env = {
    ...getCheckEnvironment(runner.childEnv, engine),
    IMAGE: image.reference,
    IMAGE_ID: image.id,
    BUILDER_IMAGE: builderTag === null ? '' : taggedReference(plan.image, builderTag),
  };
  const kept: string[] = [];
  const { code, leftovers } = await runner.log.relay((print) => {
    const onLine = (line: string): void => {
      print(line);
      kept.push(shortenLine(line, LONGEST_QUOTED));
      kept.splice(0, kept.length - KEPT_LINES);
    };
    // The arguments with which the runner starts a step with `shell: bash`.
    const args = ['--noprofile', '--norc', '-eo', 'pipefail', file];
    // No limit of our own: the job's timeout-minutes ends a script that hangs.
    return run('bash', args, { env, cwd: runner.workspace, signal, limit: 'none', sweep: true, onLine });
  }, `Verify ${image.reference}`);
  if (leftovers !== null) warn(describeLeftovers('The verify script', leftovers));
  if (code !== 0) {
    throw new CheckFailedError(`The verify script ended with exit code ${code}, so the image is not published.`, kept);
  }
  runner.log.info('Verify: passed');
}
