// The workflow of docs/cleanup.md as it stands, on what the README's workflow has built: a registry that answers as ghcr.io,
// and GitHub's API stood in for.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type GitHubApiStandIn, startGitHubApi } from '../../../lab/github/github-api.js';
import { createPackages } from '../../../lab/github/packages.js';
import { type Front, startFront } from '../../../lab/registry/front.js';
import { type Ghcr, startGhcr } from '../../../lab/registry/ghcr.js';
import { WRITER } from '../../../lab/services/team.js';
import { aim, expectJobs, jobOf, readFirstWorkflow, useWorkflows, warningsOf } from '../../support/workflows.js';

const workflows = useWorkflows(['containerd']);
let front: Front;
let ghcr: Ghcr;
let github: GitHubApiStandIn;
beforeAll(async () => {
  const { registry, directory } = workflows.lab();
  front = await startFront({ registry: registry.host });
  ghcr = await startGhcr(front.host, directory);
  github = await startGitHubApi(createPackages({ registry, ownerType: 'Organization' }));
});
afterAll(async () => {
  await github.stop();
  await ghcr.stop();
  await front.stop();
});

test('a closed pull request takes its images along, and main stays', async () => {
  const { registry, engine } = workflows.lab();
  const team = await workflows.team('cleaned');
  const build = await workflows.install(team, aim(readFirstWorkflow('README.md'), registry.host));
  const clean = await workflows.install(team, readFirstWorkflow('docs/cleanup.md'), 'cleanup.yml');
  const push = await team.push();
  const pull = await team.pullRequest({ number: 7, head: 'feature-x' });
  for (const event of [push, pull])
    expectJobs(await workflows.run(team, build, event, { engine: engine('containerd') }), 'image');
  const before = await registry.tags(team.repository);
  const review = before.filter((tag) => /^review-pr-7-|feature-x$/.test(tag));
  expect(review.length).toBeGreaterThan(3);

  github.setBranch('main', push.sha);
  github.setPull({ number: 7, headRef: 'feature-x', headRepository: push.repository, closedAt: new Date() });
  const payload = { ...pull.payload, action: 'closed' };
  const closed = { ...pull, payload, apiUrl: github.url, actor: WRITER.name };
  const result = await workflows.run(team, clean, closed, {
    secrets: {},
    env: { PATH: process.env.PATH!, ...ghcr.env },
  });
  expectJobs(result, 'images');
  const [{ outputs } = { outputs: {} }] = jobOf(result, 'images').steps;
  expect(outputs).toMatchObject({ kept: '' });
  expect(await registry.tags(team.repository)).toEqual(before.filter((tag) => !review.includes(tag)));
  expect(warningsOf(result)).toEqual([]);
});
