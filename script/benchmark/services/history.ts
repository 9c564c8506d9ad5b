// The measured service in a git repository with every commit that a scenario builds. The one of random bytes has about
// 250 MB and 10 000 files of builder layers, of which 29 MB go on to production (160 MB and 19 MB when compressed).
import type { Team } from '../../../lab/services/team.js';
import type { MeasuredService } from './measured-service.js';
import { type CommitName, OLD_BRANCHES, TOPIC, TOPIC_PULL_REQUEST } from '../scenarios.js';

export type Commits = ReadonlyMap<CommitName, string>;

/** Makes the commits upon the one that a team's repository starts with. */
export async function writeHistory(team: Team, measured: MeasuredService): Promise<Commits> {
  const { service, github } = team;
  const commits = new Map<CommitName, string>();
  const startBranch = (name: string, from: CommitName) =>
    service.git('switch', '--quiet', '--create', name, commits.get(from)!);

  await measured.complete(service);
  commits.set('main', await service.head());

  await startBranch(TOPIC, 'main');
  commits.set('topic', await measured.changeSource(service, 'Hello from the branch'));
  // Another commit with the same files, as a change of a document is one.
  commits.set('topic-again', await service.commit('Change nothing that is built'));

  await startBranch('topic-source', 'topic');
  commits.set('topic-source', await measured.changeSource(service, 'Hello again from the branch'));
  await startBranch('topic-dependencies', 'topic');
  commits.set('topic-dependencies', await measured.changeDependencies(service));
  await startBranch('fresh', 'main');
  commits.set('fresh', await service.commit('Start a branch'));

  for (let number = 0; number < OLD_BRANCHES; number++) {
    await startBranch(`old-${number}`, 'main');
    commits.set(`old-${number}`, await measured.changeSource(service, `Hello from old branch ${number}`));
  }

  await service.git('switch', '--quiet', 'main');
  await service.git('merge', '--quiet', '--no-ff', '--message', `Merge pull request #${TOPIC_PULL_REQUEST}`, TOPIC);
  const merge = await service.head();
  commits.set('merge', merge);
  github.setMergedPullRequest(merge, {
    number: TOPIC_PULL_REQUEST,
    headRef: TOPIC,
    headRepository: githubRepositoryOf(team),
  });
  return commits;
}

/** The measured team's name on GitHub is lower case, so it is also its path in the registry. */
function githubRepositoryOf(team: Team): string {
  return team.repository;
}
