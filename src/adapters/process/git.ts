// Reads from a git work tree what the event does not tell.
import type { Env } from '../../shared/types.js';
import { CommandNotFoundError, type ProcessResult, type RunProcess, type TimeLimit } from './process.js';

/** `git status` reads every file of the work tree. */
const LIMIT: TimeLimit = {
  milliseconds: 30_000,
  advice:
    'The work tree may be on a disk or network share that hangs, or git waits for a program of its configuration (core.fsmonitor).',
};

export interface HeadCommit {
  readonly commit: string;
  /** Committer time, ISO 8601. */
  readonly committedAt: string;
}

/** All methods throw TimeLimitError when git hangs: "no answer" must not be taken for "no". */
export class Git {
  private readonly run: RunProcess;
  private readonly env: Env;
  private readonly directory: string;
  private readonly signal: AbortSignal | null;
  private readonly trusting: boolean;

  /**
   * @param signal cancels; null when a signal ends this process at once anyway
   * @param trusting read a work tree of another owner too. A job has checked it out itself, and its user is often not the
   *   owner; a developer's git refuses one, because its settings could start programs: "git help config", safe.directory
   */
  constructor(run: RunProcess, env: Env, directory: string, signal: AbortSignal | null, trusting = true) {
    this.run = run;
    this.env = env;
    this.directory = directory;
    this.signal = signal;
    this.trusting = trusting;
  }

  /** Committer time (ISO 8601), or null when the work tree does not have the commit: shallow clones often do not. */
  readCommitTime(sha: string): Promise<string | null> {
    return this.ask('show', '--no-patch', '--format=%cI', sha);
  }

  readHead(): Promise<string | null> {
    return this.ask('rev-parse', '--verify', 'HEAD');
  }

  /**
   * Whether git refuses the work tree because it has another owner.
   * @returns the command that makes git trust it, in git's own words; null when it does not refuse
   */
  async readRefusal(): Promise<string | null> {
    const result = await this.start({ LC_ALL: 'C' }, 'rev-parse', '--git-dir');
    const advice = /^\s*(git config --global --add safe\.directory .+)$/m.exec(result?.stderr ?? '')?.[1];
    return advice?.trim() ?? null;
  }

  /** HEAD of the directory's work tree; null when there is no work tree, or no commit. */
  async readHeadCommit(): Promise<HeadCommit | null> {
    // A repository's settings may have signatures checked, which starts programs.
    const answer = await this.ask('show', '--no-patch', '--no-show-signature', '--format=%H %cI', 'HEAD');
    const [commit, committedAt] = answer?.split(' ') ?? [];
    return commit === undefined || committedAt === undefined ? null : { commit, committedAt };
  }

  /** The commit that HEAD records for a submodule in this directory; null when the name is no submodule. */
  readSubmoduleCommit(name: string): Promise<string | null> {
    return this.ask('rev-parse', '--verify', '--quiet', `HEAD:./${name}`);
  }

  /** The top of the work tree, or null. */
  readTop(): Promise<string | null> {
    return this.ask('rev-parse', '--show-toplevel');
  }

  /** Null on a detached head. */
  readBranch(): Promise<string | null> {
    return this.ask('symbolic-ref', '--short', '--quiet', 'HEAD');
  }

  /** The branch of `origin/HEAD`, which `git clone` sets; null without it. */
  async readDefaultBranch(): Promise<string | null> {
    const prefix = 'refs/remotes/origin/';
    const head = await this.ask('symbolic-ref', '--quiet', `${prefix}HEAD`);
    return head?.startsWith(prefix) === true ? head.slice(prefix.length) : null;
  }

  /** The URL of the remote `origin`, or null. */
  readOrigin(): Promise<string | null> {
    return this.ask('remote', 'get-url', 'origin');
  }

  /** Whether files differ from the commit or are not in it; true when git does not answer. */
  async hasChanges(): Promise<boolean> {
    const result = await this.start({}, '--no-optional-locks', 'status', '--porcelain');
    return result?.code !== 0 || result.stdout.trim() !== '';
  }

  /** The answer without its line break; null when git is not there, fails, or says nothing. */
  private async ask(...args: readonly string[]): Promise<string | null> {
    const result = await this.start({}, ...args);
    const answer = result?.code === 0 ? result.stdout.trim() : '';
    return answer === '' ? null : answer;
  }

  /** Null when git is not there. */
  private async start(env: Env, ...args: readonly string[]): Promise<ProcessResult | null> {
    // Not the directory: git compares with the top of the work tree, which may be above it.
    const all = this.trusting ? ['-c', 'safe.directory=*', ...args] : args;
    const options = { env: { ...this.env, ...env }, cwd: this.directory, signal: this.signal, limit: LIMIT };
    return this.run('git', all, options).catch((error: unknown) => {
      if (error instanceof CommandNotFoundError) return null;
      throw error;
    });
  }
}
