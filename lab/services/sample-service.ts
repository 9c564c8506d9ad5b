// A git repository with the sample service, and the changes that developers make to it.
import { appendFile, cp, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runOrThrow } from '../command.js';

/** A sample service in its own git repository. */
export interface SampleService {
  readonly directory: string;
  /** The commit that is checked out. */
  readonly head: () => Promise<string>;
  /** The branch that is checked out. */
  readonly branch: () => Promise<string>;
  /** Commits another greeting: dependencies stay as they are. Gives the new commit. */
  readonly changeSource: (greeting: string) => Promise<string>;
  /** Commits one more dependency of that size. Gives the new commit. */
  readonly changeDependencies: (name: string, kilobytes?: number) => Promise<string>;
  /** Commits whatever has changed, or nothing at all. Gives the new commit. */
  readonly commit: (message: string) => Promise<string>;
  /** Runs git in the repository, with a fixed author, and gives what it prints. */
  readonly git: (...args: readonly string[]) => Promise<string>;
}

/** What the new repository looks like. */
export interface SampleServiceOptions {
  readonly branch?: string;
  /** Extra dependencies of that size altogether, for measurements. */
  readonly extraMegabytes?: number;
  /** The folder of another service; what is installed or built in it is left out. */
  readonly from?: string;
}

const MEGABYTE_IN_KILOBYTES = 1024;
const EXTRA_DEPENDENCIES = 10;

/** Writes the sample service, or another, into a new git repository with one commit. */
export async function writeSampleService(
  directory: string,
  options: SampleServiceOptions = {},
): Promise<SampleService> {
  await mkdir(directory, { recursive: true });
  const from = options.from ?? join(import.meta.dirname, 'sample-service');
  const isSource = (path: string) => !['node_modules', 'dist'].includes(basename(path));
  await cp(from, directory, { recursive: true, filter: isSource });
  const git = (...args: readonly string[]) => runGit(directory, args);
  const head = async () => (await git('rev-parse', 'HEAD')).trim();
  const commit = async (message: string) => {
    await git('add', '--all');
    await git('commit', '--quiet', '--allow-empty', '--message', message);
    return head();
  };
  const addDependency = (name: string, kilobytes: number) =>
    appendFile(join(directory, 'dependencies.lock'), `${name} 1.0.0 ${kilobytes}\n`);

  await git('init', '--quiet', '--initial-branch', options.branch ?? 'main');
  const kilobytes = Math.round(((options.extraMegabytes ?? 0) * MEGABYTE_IN_KILOBYTES) / EXTRA_DEPENDENCIES);
  for (let number = 1; kilobytes > 0 && number <= EXTRA_DEPENDENCIES; number++) {
    await addDependency(`extra-${number}`, kilobytes);
  }
  await commit('Add the service');

  return {
    directory,
    head,
    branch: async () => (await git('branch', '--show-current')).trim(),
    changeSource: async (greeting) => {
      await writeFile(join(directory, 'src/greeting'), `${greeting}\n`);
      return commit(`Say "${greeting}"`);
    },
    changeDependencies: async (name, size = MEGABYTE_IN_KILOBYTES) => {
      await addDependency(name, size);
      return commit(`Use ${name}`);
    },
    commit,
    git,
  };
}

function runGit(directory: string, args: readonly string[]): Promise<string> {
  const author = 'Sample Author';
  const email = 'author@example.com';
  const env = {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: directory,
    // The developer's own settings (signing, hooks, templates) would change what is committed.
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: author,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: author,
    GIT_COMMITTER_EMAIL: email,
  };
  return runOrThrow('git', args, { cwd: directory, env });
}
