// What the git work tree knows, for what the event does not say.
import type { RunProcess } from '../process/process.js';

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

  /** The answer without its line break; null when git is not there, fails, or says nothing. */
  private async ask(...args: readonly string[]): Promise<string | null> {
    // The runner's user is often not the owner of the work tree, which git would refuse to read.
    const trusted = ['-c', `safe.directory=${this.directory}`, ...args];
    const result = await this.run('git', trusted, { env: this.env, cwd: this.directory }).catch(() => null);
    const answer = result?.code === 0 ? result.stdout.trim() : '';
    return answer === '' ? null : answer;
  }
}
