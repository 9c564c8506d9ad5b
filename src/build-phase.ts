// The story of a run: what is asked for, what follows from it, and then either a build or an index of what was built.
import { setPlannedOutputs, showPlan } from './announce.js';
import { buildImages } from './build-images.js';
import { describeTrigger, findBuiltRun } from './built-commit.js';
import { confinePaths } from './docker/confine-paths.js';
import { readDockerfile, readSecretFiles } from './docker/build-context.js';
import { findGitCredentials } from './docker/git-credentials.js';
import { Git } from './git/git.js';
import { mask, maskSecretFiles, maskSecrets } from './mask-secrets.js';
import { mayBeForeignCode } from './plan/foreign-code.js';
import { getGitHubRegistry } from './plan/github-token.js';
import { parseInputs } from './plan/inputs.js';
import { checkMachine } from './plan/machine.js';
import { NOTHING_ASKED, planBuild } from './plan/plan.js';
import { isTooShortToMask } from './plan/secret-text.js';
import { publishIndex } from './publish-index.js';
import { runReported } from './reported-run.js';
import { readRunContext, readWorkflowEvent } from './run-context.js';
import type { World } from './world.js';

/** @throws InputError for bad input, before anything is built; any other error for a build or push that failed */
export async function runBuildPhase(world: World): Promise<void> {
  const { runner, run, signal, now } = world;
  // The first thing that is said. An index is put together without an engine, anywhere.
  if (runner.readInput('index-of').trim() === '') checkMachine(runner.machine);
  // Before anything is read from them: an error may quote what stands in the wrong input.
  for (const name of ['password', 'github-token', 'scan-token'] as const) mask(runner, runner.readInput(name));
  const inputs = parseInputs((name) => runner.readInput(name), getGitHubRegistry(runner.serverUrl));
  const secrets = maskSecrets(runner, inputs);
  const warnings: string[] = [];
  const warn = (message: string): void => {
    runner.log.warning(message);
    warnings.push(message);
  };
  inputs.warnings.forEach(warn);
  const git = new Git(run, runner.childEnv, runner.workspace, signal, runner.onGitHub);
  const github = world.connectGitHub(inputs.githubToken);
  const trigger = describeTrigger(world, inputs, await readWorkflowEvent(runner, git));
  const builds = inputs.indexOf.length === 0;
  const found = await findBuiltRun(world, inputs, trigger, github);
  const { event } = found;
  if (builds && mayBeForeignCode(event)) await confinePaths(inputs, { ...runner, eventName: event.name });
  const dockerfile = builds ? await readDockerfile(inputs, runner.workspace) : null;
  const contents = builds ? await readSecretFiles(inputs, runner.workspace) : [];
  maskSecretFiles(runner, inputs, contents);
  secrets.push(...contents);
  if (secrets.some(isTooShortToMask)) warn(SHORT_SECRET);
  const exposed = builds ? await findGitCredentials(inputs, runner.workspace) : null;
  if (exposed !== null) warn(exposed);
  const context = await readRunContext({ runner, inputs, found, git, github, now, warn });
  const draft = planBuild(inputs, event, context, NOTHING_ASKED);
  if (inputs.dryRun) {
    showPlan(runner, draft, 'Plan (dry run: neither Docker nor the registry is touched)');
    setPlannedOutputs(runner, draft);
    return;
  }
  const setup = { world, inputs, trigger, event, context, github, dockerfile, draft, secrets, warnings };
  await runReported(setup, builds ? buildImages : publishIndex);
}

const SHORT_SECRET =
  'One of the secrets is too short to be hidden in the log: every such text would become asterisks. ' +
  'Give it a longer value, or pass it as a build argument if it is no secret.';
