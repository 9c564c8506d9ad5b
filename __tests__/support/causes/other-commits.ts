// What is said of a run that builds another commit than its event names.
import { LATER, OTHER, SHA, on, pullRequest, push } from '../world/events.js';
import type { Causes } from './cause.js';

export const OTHER_COMMITS: Causes = {
  'another commit': (world) => {
    world.checkedOut = { commit: OTHER, branch: null };
    return world.run(push('main', SHA));
  },
  'another commit, and GitHub does not answer': (world) => {
    world.checkedOut = { commit: OTHER, branch: null };
    world.github.faults.set('readBranchesAt', new Error('Bad credentials'));
    return world.run(push('main', SHA));
  },
  'the base of a pull request': (world) => {
    const event = pullRequest({ name: 'pull_request_target' });
    world.checkedOut = { commit: event.sha, branch: null };
    return world.run(event);
  },
  'no work tree': (world) => world.run(on('issue_comment', 'refs/heads/main')),
  "main's tag as an extra one": (world) => world.run(push('feature', SHA), { 'extra-tags': 'main' }),
  "main's tag as the unique one": (world) => world.run(push('feature', SHA), { tag: 'main' }),
  "a tag with the event's commit": (world) => {
    world.checkedOut = { commit: OTHER, branch: null };
    return world.run(push('main', SHA), { tag: `app-${SHA}` });
  },
  'parts of two commits': async (world) => {
    const digests: string[] = [];
    for (const [sha, platforms] of [
      [SHA, 'linux/amd64'],
      [LATER, 'linux/arm64'],
    ] as const) {
      world.checkedOut = { commit: sha, branch: null };
      const { outputs } = await world.succeed(push('main', sha), { platforms, 'part-of-index': 'true' });
      digests.push(outputs.digest ?? '');
    }
    return world.run(push('main', SHA), { 'index-of': digests.join('\n') });
  },
  'a comment on another commit': (world) => {
    world.checkedOut = { commit: OTHER, branch: null };
    return world.run(pullRequest(), { comment: 'true' });
  },
};
