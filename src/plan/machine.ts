// Whether images can be built on this kind of machine. Pure.
import { InputError } from '../shared/errors.js';

export interface Machine {
  /** As in RUNNER_OS: `Linux`, `Windows`, `macOS`; anything else counts as a Unix. */
  readonly system: string;
  readonly onGitHub: boolean;
  /** Whether the runner is self-hosted: it may have Docker where GitHub's have none. */
  readonly selfHosted: boolean;
}

/**
 * GitHub's macOS runners have no Docker; a Mac with Docker Desktop or Colima has. On Windows there are no process groups,
 * without which a cancelled run would leave its build behind.
 * https://docs.github.com/actions/reference/runners/github-hosted-runners
 * @throws InputError that says what to use instead
 */
export function checkMachine({ system, onGitHub, selfHosted }: Machine): void {
  if (system !== 'Windows' && (system !== 'macOS' || !onGitHub || selfHosted)) return;
  if (!onGitHub) throw new InputError('This command does not run on Windows. Run it in WSL, with Docker there.');
  throw new InputError(
    system === 'Windows'
      ? 'This action does not run on Windows. Use a Linux runner: "runs-on: ubuntu-latest".'
      : 'GitHub\'s macOS runners have no Docker. Use a Linux runner: "runs-on: ubuntu-latest".',
  );
}
