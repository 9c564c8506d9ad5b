// .github/workflows/nightly-registries.yml on the lab's registry instead of ghcr.io. What only GitHub has is not here: its
// runners and their labels, what a token may, the package and the issue (GitHub's CLI notes how it was called).
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type Document, parse, parseDocument } from 'yaml';
import { publishAction } from '../../../lab/runner/act.js';
import type { WorkflowRun } from '../../../lab/runner/workflow-run.js';
import { pushNodeImage } from '../../../lab/services/node-image.js';
import { ACTION, READER, type Team } from '../../../lab/services/team.js';
import { IS_NIGHTLY, testByNight } from '../../support/nightly.js';
import { edit, expectJobs, useWorkflows } from '../../support/workflows.js';

const WORKFLOW = '.github/workflows/nightly-registries.yml';
const FILES = [
  '.github/actions',
  'examples/services/node',
  'lab/services/sample-service',
  ...['judge-build', 'fresh-engine', 'delete-images', 'report-issue'].map((name) => `script/${name}`),
];
const DAY = { runner: ['ubuntu-24.04'], driver: ['docker'], service: ['sample'] };
const NIGHT = { runner: ['ubuntu-26.04', 'ubuntu-24.04-arm'], driver: ['docker'], service: ['sample', 'node'] };
const workflows = useWorkflows(['containerd']);

interface Jobs {
  readonly jobs: Readonly<Record<string, { readonly needs?: string | readonly string[] }>>;
}

/** Only these jobs; of the needs of each those that are left. */
function keepJobs(document: Document, kept: readonly string[]): void {
  const { jobs } = document.toJS() as Jobs;
  for (const [id, { needs = [] }] of Object.entries(jobs)) {
    if (!kept.includes(id)) document.deleteIn(['jobs', id]);
    else if (Array.isArray(needs))
      document.setIn(
        ['jobs', id, 'needs'],
        needs.filter((one: string) => kept.includes(one)),
      );
  }
}

/** This repository, with the lab in the place of ghcr.io and Docker Hub, and a login that may only read where the token may. */
async function open(name: string, change: (document: Document) => void): Promise<{ team: Team; event: WorkflowRun }> {
  const { registry, baseImage } = workflows.lab();
  const team = await workflows.team(name);
  await publishAction(ACTION, team.service.directory, 'DFE-Digital/two-pass-build@v1');
  for (const path of FILES) await cp(join(ACTION, path), join(team.service.directory, path), { recursive: true });
  await edit(team, '.github/actions/nightly-build/action.yml', (text) =>
    text
      .replace('BASE_IMAGE=busybox:1', `BASE_IMAGE=${baseImage}`)
      // The lab's engines give containers no other way to packages.
      .replace('password: ${{ inputs.password }}', '$&\n        network: host'),
  );
  if (IS_NIGHTLY) {
    const node = await pushNodeImage(workflows.lab());
    await edit(team, 'examples/services/node/Dockerfile', (text) => text.replace('node:24-slim', node));
  }
  const document = parseDocument(await readFile(join(ACTION, WORKFLOW), 'utf8'));
  const images = document.getIn(['env', 'IMAGES']);
  const aimed = parseDocument(String(document).replaceAll('ghcr.io/${{', `${registry.host}/\${{`));
  // Those that would be deleted keep their names.
  aimed.setIn(['env', 'IMAGES'], images);
  const steps = ['jobs', 'read-only', 'steps', 1, 'with'];
  aimed.setIn([...steps, 'username'], READER.name);
  aimed.setIn([...steps, 'password'], READER.password);
  change(aimed);
  await edit(team, WORKFLOW, () => String(aimed));
  await team.service.commit('Take the nightly workflow');
  const push = await team.push();
  const { repository } = push.payload as { repository: object };
  return { team, event: { ...push, name: 'schedule', payload: { schedule: '47 2 * * *', repository } } };
}

function setMatrix(document: Document, { service, ...machines }: typeof DAY): void {
  // Here all jobs are on one engine.
  document.setIn(['jobs', 'ghcr', 'strategy'], { 'max-parallel': 1, matrix: { ...machines, service } });
  document.setIn(['jobs', 'read-only', 'strategy'], { 'max-parallel': 1, matrix: machines });
}

test('each build is what is expected of it, by tokens that may write and by one that may not', async () => {
  const { registry, engine } = workflows.lab();
  const { team, event } = await open('nightly', (document) => {
    keepJobs(document, ['logins', 'left-over', 'ghcr', 'read-only', 'docker-hub', 'azure', 'clean-up', 'issue']);
    setMatrix(document, IS_NIGHTLY ? NIGHT : DAY);
  });
  const result = await workflows.run(team, WORKFLOW, event, { engine: engine('containerd'), secrets: {} });
  const built = IS_NIGHTLY ? ['ghcr', 'ghcr', 'ghcr', 'ghcr', 'read-only', 'read-only'] : ['ghcr', 'read-only'];
  expectJobs(result, 'logins', 'left-over', ...built, 'clean-up', 'issue');
  for (const kind of ['cold', 'unchanged', 'changed', 'refused'])
    expect([kind, result.log]).toEqual([kind, expect.stringContaining(`As expected of a build that is ${kind}.`)]);
  expect(result.log).toContain('docker-hub is left out: the variables NIGHTLY_DOCKER_HUB_NAMESPACE and _USERNAME');
  // Two of the unique tags have a time, since the commit is the same.
  const label = IS_NIGHTLY ? 'ubuntu-26.04' : 'ubuntu-24.04';
  const tags = await registry.tags(`${team.repository}/nightly/sample-${label}-docker`);
  expect(tags.filter((tag) => tag.startsWith(event.sha))).toHaveLength(3);
  expect(tags).toEqual(expect.arrayContaining(['main', 'builder-main']));

  const { env } = parse(await readFile(join(ACTION, WORKFLOW), 'utf8')) as {
    readonly env: { readonly IMAGES: string };
  };
  const deleted = result.calls.filter((call) => call.includes('--method DELETE'));
  expect(deleted).toHaveLength(2 * env.IMAGES.trim().split('\n').length);
  expect(result.calls.filter((call) => call.startsWith('gh issue'))).toEqual([
    expect.stringContaining('gh issue list'),
  ]);
});

testByNight('a build that is not as expected opens an issue, and what was written is deleted', async () => {
  const { engine } = workflows.lab();
  const { team, event } = await open('nightly-red', (document) => {
    keepJobs(document, ['left-over', 'ghcr', 'read-only', 'clean-up', 'issue']);
    setMatrix(document, DAY);
    // A token that may write.
    document.setIn(['jobs', 'read-only', 'steps', 1, 'with', 'username'], '${{ github.repository_owner }}');
    document.setIn(['jobs', 'read-only', 'steps', 1, 'with', 'password'], '${{ github.token }}');
  });
  const result = await workflows.run(team, WORKFLOW, event, { engine: engine('containerd'), secrets: {} });
  expect(result.code).not.toBe(0);
  expect(result.log).toContain('It is not so that nothing was pushed.');
  expect(result.calls.filter((call) => call.includes('--method DELETE'))).toHaveLength(28);
  expect(result.calls.at(-1)).toMatch(/^gh issue create --repo octo\/nightly-red --label nightly-registries/);
});

testByNight('the reusable workflow did as expected', async () => {
  const { engine } = workflows.lab();
  const { team, event } = await open('nightly-called', (document) => {
    keepJobs(document, ['left-over', 'called-cold', 'called-unchanged', 'parts-cold', 'parts-unchanged', 'called']);
    for (const id of ['called-cold', 'called-unchanged', 'parts-cold', 'parts-unchanged'])
      document.setIn(['jobs', id, 'with', 'network'], 'host');
    // act keeps no outputs of a second platform (nektos/act#981).
    const runners = JSON.stringify([{ platform: 'linux/amd64', 'runs-on': 'ubuntu-26.04' }]);
    for (const id of ['parts-cold', 'parts-unchanged'])
      document.setIn(['jobs', id, 'with', 'platform-runners'], runners);
    document.setIn(['jobs', 'parts-cold', 'needs'], 'called-unchanged');
  });
  await engine('containerd').prune();
  const result = await workflows.run(team, WORKFLOW, event, { engine: engine('containerd'), secrets: {} });
  expect([result.code, result.log]).toEqual([0, expect.stringContaining('As expected of a build that is index.')]);
});
