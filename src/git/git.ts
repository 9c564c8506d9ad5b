// What the git work tree knows, for what the event does not say.
import type { ProcessResult, RunProcess } from '../process/process.js';

type Env = Readonly<Record<string, string | undefined>>;

export class Git {
  private readonly run: RunProcess;
  private readonly env: Env;
  private readonly directory: string;

  constructor(run: RunProcess, env: Env, directory: string) {
    this.run = run;
    this.env = env;
    this.directory = directory;
  }

  /** Committer time (ISO 8601), or null when the work tree does not have the commit: shallow clones often do not. */
  readCommitTime(sha: string): Promise<string | null> {
    return this.ask('show', '--no-patch', '--format=%cI', sha);
  }

  readHead(): Promise<string | null> {
    return this.ask('rev-parse', '--verify', 'HEAD');
  }

  /** Null on a detached head. */
  readBranch(): Promise<string | null> {
    return this.ask('symbolic-ref', '--short', '--quiet', 'HEAD');
  }

  /** What `origin/HEAD` stands for, as `git clone` has set it; null without. */
  async readDefaultBranch(): Promise<string | null> {
    const prefix = 'refs/remotes/origin/';
    const head = await this.ask('symbolic-ref', '--quiet', `${prefix}HEAD`);
    return head?.startsWith(prefix) === true ? head.slice(prefix.length) : null;
  }

  /** The URL of the remote `origin`, or null. */
  readOrigin(): Promise<string | null> {
    return this.ask('remote', 'get-url', 'origin');
  }

  /** Whether files differ from the commit, or are in none: also when git does not say. */
  async hasChanges(): Promise<boolean> {
    const result = await this.start('--no-optional-locks', 'status', '--porcelain');
    return result?.code !== 0 || result.stdout.trim() !== '';
  }

  /** The answer without its line break; null when git is not there, fails, or says nothing. */
  private async ask(...args: readonly string[]): Promise<string | null> {
    const result = await this.start(...args);
    const answer = result?.code === 0 ? result.stdout.trim() : '';
    return answer === '' ? null : answer;
  }

  /** Null when git is not there. */
  private start(...args: readonly string[]): Promise<ProcessResult | null> {
    // The runner's user is often not the owner of the work tree, which git would refuse to read.
    const trusted = ['-c', `safe.directory=${this.directory}`, ...args];
    return this.run('git', trusted, { env: this.env, cwd: this.directory }).catch(() => null);
  }
}
