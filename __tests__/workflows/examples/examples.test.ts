// The examples and the README's first workflow as they stand, but for the registry. Clouds and GitHub's artifacts are stood
// in for by actions and programs of lab/runner/stand-ins, which act takes for the named ones.
import { readFileSync, readdirSync } from 'node:fs';
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import type { Document } from 'yaml';
import type { WorkflowRun } from '../../../lab/runner/workflow-run.js';
import { ACTION, type Team, WRITER } from '../../../lab/services/team.js';
import { readCachedSteps } from '../../support/e2e.js';
import { IS_NIGHTLY } from '../../support/nightly.js';
import {
  type WorkflowResult,
  aim,
  edit,
  expectFailure,
  expectJobs,
  jobOf,
  outputsOf,
  readFirstWorkflow,
  useWorkflows,
  warningsOf,
} from '../../support/workflows.js';

const workflows = useWorkflows(['containerd']);
const engine = () => workflows.lab().engine('containerd');

/** Why an example is not run here. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'attest.yml': "the signature is GitHub's",
  'azure-container-registry.yml': 'its registry is in a cloud',
  'clean-up-several-images.yml': 'cleanup.test.ts runs the clean-up, and its packages are on ghcr.io',
  'docker-hub.yml': 'its registry is the one of that name',
  'own-builder.yml': 'its builder is a cluster',
  'reusable.yml': 'reusable.test.ts runs it',
  'scan.yml': 'it needs a scanner',
  'several-platforms.yml': 'act keeps no outputs of a second platform; reusable.test.ts runs what it calls with one',
  'several-registries.yml': 'its registries are in clouds',
};
/** What runs by day, too: two jobs that hand a digest on, a pull request, and a matrix. */
const BY_DAY = [
  'deploy-kubectl.yml: the cluster is given the digest',
  'review-image.yml: a pull request with the label is deployed and has a comment',
  'several-services.yml: each has its image, and all are in one list',
];
const ran = new Set<string>();
let count = 0;

interface Opened {
  readonly team: Team;
  readonly run: (event: WorkflowRun) => Promise<WorkflowResult>;
}

async function open(name: string, text: string, change?: (document: Document) => void): Promise<Opened> {
  const team = await workflows.team(name);
  const path = await workflows.install(team, aim(text, workflows.lab().registry.host, change));
  return { team, run: (event) => workflows.run(team, path, event, { engine: engine() }) };
}

function example(
  file: string,
  says: string,
  body: (opened: Opened) => Promise<void>,
  change?: (document: Document) => void,
): void {
  ran.add(file);
  if (!IS_NIGHTLY && !BY_DAY.includes(`${file}: ${says}`)) return;
  const text = readFileSync(join(ACTION, 'examples/workflows', file), 'utf8');
  test(`${file}: ${says}`, async () => {
    count += 1;
    await body(await open(`example-${count}`, text, change));
  });
}

/** What the registry serves under a tag, as NAME:TAG@DIGEST. */
async function pinned(team: Team, tag: string): Promise<string> {
  return `${team.image}:${tag}@${(await workflows.lab().registry.manifest(team.repository, tag)).digest}`;
}

const configOf = async (team: Team, tag: string) =>
  JSON.stringify(await workflows.lab().registry.config(team.repository, tag));

/** A deployment reads the image with the workflow's own token, to verify it. */
const withToken = (event: WorkflowRun): WorkflowRun => ({ ...event, token: WRITER.password, actor: WRITER.name });

/** The digest is signed before anything is deployed, and verified by whoever deploys. */
async function listAttested(team: Team, { sha }: WorkflowRun): Promise<readonly string[]> {
  const image = await pinned(team, sha);
  const subject = image.replace(`:${sha}@`, '@');
  const workflow = 'DFE-Digital/two-pass-build/.github/workflows/build-image.yml';
  return [
    `attest ${subject} push-to-registry=true create-storage-record=false`,
    `gh attestation verify oci://${image} --repo ${team.repository} --signer-workflow ${workflow}`,
  ];
}

// Each is the first run of a team on a fresh machine.
beforeEach(() => engine().prune());

test('README.md, "Use it": a push to main is built, and a later step has its digest', async () => {
  const { team, run } = await open('readme', readFirstWorkflow('README.md'));
  const event = await team.push();
  const result = await run(event);
  expectJobs(result, 'image');
  expect(jobOf(result, 'image').log).toContain(`Deploy ${await pinned(team, event.sha)}\n`);
  expect(await workflows.lab().registry.tags(team.repository)).toEqual([event.sha, 'builder-main', 'main'].sort());
  expect(warningsOf(result)).toEqual([]);
});

example('deploy-kubectl.yml', 'the cluster is given the digest', async ({ team, run }) => {
  const event = withToken(await team.push());
  const result = await run(event);
  expectJobs(result, 'image', 'attest', 'deploy');
  expect(result.calls).toEqual([
    ...(await listAttested(team, event)),
    `kubectl --namespace app set image deployment/app app=${await pinned(team, event.sha)}`,
    'kubectl --namespace app rollout status deployment/app --timeout=10m',
  ]);
  expect(await configOf(team, event.sha)).toContain(`COMMIT_SHA=${event.sha}`);
});

example('deploy-changes.yml', 'a commit that changes nothing of the image is not deployed', async ({ team, run }) => {
  const first = await run(await team.push());
  expectJobs(first, 'image', 'deploy');
  await team.service.commit('Change nothing of the image');
  const same = await run(await team.push());
  expect(first.calls).toHaveLength(2);
  expect(same.calls).toEqual([]);
  expect(outputsOf(same, 'image')).toMatchObject({ changed: 'false' });
});

example('deploy-terraform.yml', 'Terraform is given the digest', async ({ team, run }) => {
  await edit(team, 'terraform/main.tf', () => 'variable "image" { type = string }\n');
  await team.service.commit('Describe the deployment');
  const event = withToken(await team.push());
  const result = await run(event);
  expectJobs(result, 'image', 'attest', 'deploy');
  const image = await pinned(team, event.sha);
  expect(result.calls).toEqual([
    ...(await listAttested(team, event)),
    `TF_VAR_image=${image} terraform init -input=false`,
    `TF_VAR_image=${image} terraform apply -input=false -auto-approve`,
  ]);
});

example('release.yml', 'a git tag becomes version tags and a release', async ({ team, run }) => {
  const result = await run(await team.pushTag('v1.2.3'));
  expectJobs(result, 'image', 'release');
  const image = await pinned(team, 'v1.2.3');
  expect(await workflows.lab().registry.tags(team.repository)).toEqual(['1', '1.2', '1.2.3', 'v1.2.3']);
  expect(result.calls).toEqual([`gh release create v1.2.3 --verify-tag --generate-notes --notes Image: ${image}`]);
});

example('release.yml', 'a build that fails releases nothing', async ({ team, run }) => {
  await edit(team, 'Dockerfile', (text) => text.replace('RUN ./src/build', 'RUN false && ./src/build'));
  await team.service.commit('Break the build');
  const result = await run(await team.pushTag('v1.2.3'));
  expectFailure(result, 'image', /RUN false/);
  expect(result.calls).toEqual([]);
});

example(
  'release.yml',
  'an input that cannot be releases nothing',
  async ({ team, run }) => {
    const result = await run(await team.pushTag('v1.2.3'));
    expectFailure(result, 'image', /push.*maybe/);
    expect(result.calls).toEqual([]);
    expect(await workflows.lab().registry.tags(team.repository)).toEqual([]);
  },
  (document) => document.setIn(['jobs', 'image', 'steps', 1, 'with', 'push'], 'maybe'),
);

example('promote-release.yml', 'a release has the digest of main, and builds nothing', async ({ team, run }) => {
  // By an earlier workflow, which need not be on the same machine.
  const { outputs } = await team.build(await team.push(), { engine: engine() });
  await engine().prune();
  const event = await team.pushTag('v1.2.3');
  const payload = { ...event.payload, action: 'published', release: { tag_name: 'v1.2.3' } };
  const result = await run({ ...event, name: 'release', payload });
  expectJobs(result, 'image', 'deploy');
  const image = await pinned(team, 'v1.2.3');
  expect(outputs.digest).toBe(outputsOf(result, 'image').digest);
  expect(image).toBe(`${team.image}:v1.2.3@${outputs.digest!}`);
  expect(result.calls).toContain(`kubectl --namespace app set image deployment/app app=${image}`);
  expect(jobOf(result, 'image').log).toContain('nothing is built');
});

example('refresh-cache.yml', 'builds all again, and what is deployed stays', async ({ team, run }) => {
  const push = await team.push();
  const { ref, repository } = push.payload as { ref: string; repository: object };
  expectJobs(await run({ ...push, name: 'workflow_dispatch', payload: { ref, repository } }), 'image');
  const before = await pinned(team, push.sha);
  const result = await run({ ...push, name: 'schedule', payload: { schedule: '0 4 * * 1', repository } });
  expectJobs(result, 'image');
  // BuildKit keeps only WORKDIR.
  expect(readCachedSteps(result)).toEqual({ builder: '1 of 5', production: '0 of 1' });
  const { tag = '', digest } = outputsOf(result, 'image');
  expect(tag).toMatch(new RegExp(`^${push.sha}-\\d{14}$`));
  expect(await pinned(team, 'main')).toBe(`${team.image}:main@${digest!}`);
  expect(await pinned(team, push.sha)).toBe(before);
});

example('review-image.yml', 'a pull request with the label is deployed and has a comment', async ({ team, run }) => {
  const result = await run(withLabels(await team.pullRequest({ number: 5, head: 'feature-x' }), 'bug', 'review'));
  expectJobs(result, 'image', 'deploy');
  const { tag = '' } = outputsOf(result, 'image');
  const image = await pinned(team, tag);
  expect(result.calls).toContain(
    `kubectl --namespace review create deployment review-5 --image=${image} --dry-run=client --output=yaml`,
  );
  expect(result.calls).toHaveLength(3);
  expect(team.github.comments.list(5).map(({ body }) => body)).toEqual([expect.stringContaining(`\n${image}\n`)]);
});

example('review-image.yml', 'without the label nothing is built', async ({ team, run }) => {
  const result = await run(withLabels(await team.pullRequest({ number: 6, head: 'feature-x' }), 'bug'));
  expect(result).toMatchObject({ code: 0, jobs: [], calls: [] });
  expect(await workflows.lab().registry.tags(team.repository)).toEqual([]);
});

example('review-image.yml', "a fork's pull request is built and not deployed", async ({ team, run }) => {
  const event = await team.pullRequest({ number: 9, head: 'feature-x', fork: 'mallory/app' });
  const result = await run(withLabels(event, 'review'));
  expectJobs(result, 'image');
  expect(outputsOf(result, 'image').pushed).toBe('false');
  expect(result.calls).toEqual([]);
  expect(team.github.comments.list(9)).toEqual([]);
  expect(await workflows.lab().registry.tags(team.repository)).toEqual([]);
});

function withLabels(event: WorkflowRun, ...names: readonly string[]): WorkflowRun {
  const payload = event.payload as { pull_request: object };
  const labels = names.map((name) => ({ name }));
  return { ...event, payload: { ...payload, pull_request: { ...payload.pull_request, labels } } };
}

example('several-services.yml', 'each has its image, and all are in one list', async ({ team, run }) => {
  const { directory } = team.service;
  for (const service of ['api', 'web']) {
    const folder = join(directory, 'services', service);
    await mkdir(folder, { recursive: true });
    for (const path of ['Dockerfile', 'dependencies.lock', 'install-dependencies', 'src'])
      await cp(join(directory, path), join(folder, path), { recursive: true });
  }
  await rm(join(directory, 'Dockerfile'));
  await edit(team, 'services/web/src/greeting', () => 'Hello from the web\n');
  await edit(
    team,
    'services/api/Dockerfile',
    (text) => `${text}\nFROM production AS worker\nCMD ["./service", "work"]\n`,
  );
  await team.service.commit('Split the service');
  const event = await team.push();
  const result = await run(event);
  expectJobs(result, 'image', 'image', 'image', 'images');
  const names = ['api', 'web', 'worker'];
  const { registry } = workflows.lab();
  const digests = await Promise.all(
    names.map(async (name) => (await registry.manifest(`${team.repository}/${name}`, event.sha)).digest),
  );
  // Each is what its context and its stage say.
  expect(await team.runImage(engine(), `${team.image}/web:main`)).toContain('Hello from the web');
  expect(JSON.stringify(await registry.config(`${team.repository}/worker`, event.sha))).toContain(
    '["./service","work"]',
  );
  const { log } = jobOf(result, 'images');
  for (const [index, name] of names.entries())
    expect(log).toContain(`\n${name}=${team.image}/${name}:${event.sha}@${digests[index]!}\n`);
});

test('each example is run, if only by night, or it is said why not', () => {
  const files = readdirSync(join(ACTION, 'examples/workflows'));
  expect([...ran, ...Object.keys(NOT_RUN)].sort()).toEqual(files.sort());
});
