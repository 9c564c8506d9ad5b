// The story of a cleanup, top to bottom: each image in turn.
import { type PackageVersion, type PackagesApi, openPackage } from '../adapters/github/packages.js';
import { ApiError, type RateLimitedClient } from '../adapters/github/rate-limited-client.js';
import { createRepositoryApi } from '../adapters/github/repository.js';
import { untilCancelled } from '../adapters/process/cancellation.js';
import { CancelledError } from '../adapters/process/process.js';
import { readStoredImage } from '../adapters/registry/read-image.js';
import type { Registry } from '../adapters/registry/registry.js';
import type { ActionRunner } from '../adapters/runner/runner.js';
import type { Digest } from '../image/digest.js';
import type { ImageName, Tag } from '../image/reference.js';
import { isUniqueTagOf } from '../image/unique-label.js';
import type { Credentials } from '../inputs/secrets/credentials.js';
import { listMasks } from '../inputs/secrets/secret-text.js';
import { InputError } from '../shared/errors.js';
import { errorMessage } from '../shared/text.js';
import { MOST_DELETIONS, removeVersions, whatToChange } from './delete-versions.js';
import { type ClosedWorkRequest, findClosedWork } from './find-closed.js';
import {
  type Choice,
  type CleanupPlan,
  type CleanupRules,
  type ClosedWork,
  type References,
  chooseTags,
  describeVersion,
  isIdle,
  listBranchTags,
  planCleanup,
} from './pure/cleanup-plan.js';
import { parseCleanupEvent } from './pure/event.js';
import {
  type CleanupInputName,
  type CleanupInputs,
  type CleanupOutputName,
  parseCleanupInputs,
} from './pure/inputs.js';
import {
  type CleanupResult,
  joinFaults,
  toCleanupLines,
  toCleanupOutput,
  toCleanupSummary,
  toReference,
} from './pure/report.js';
import { readReferences } from './read-references.js';

export interface CleanupWorld {
  readonly runner: ActionRunner<CleanupInputName, CleanupOutputName>;
  readonly connectGitHub: (token: string) => RateLimitedClient;
  /** @param access the login, and whether to ask for the right to write */
  readonly openRegistry: (image: ImageName, access: RegistryAccess) => Registry;
  /** Different in every run. */
  readonly name: string;
  /** Ends at once when the run is cancelled. */
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Cancels the run. */
  readonly signal: AbortSignal;
}

interface RegistryAccess {
  readonly login: Credentials;
  readonly write: boolean;
}

interface Found {
  readonly packages: PackagesApi;
  readonly choice: Choice;
  readonly plan: CleanupPlan;
  readonly notes: readonly string[];
  readonly faults: readonly string[];
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** How often a package may change while it is read. */
const MOST_ROUNDS = 4;

/**
 * An image that fails does not stop the others. A cancelled run finishes the removal that is under way, and reports it.
 * @throws InputError for bad input, before any request; CancelledError when cancelled before anything was changed; any
 *   other error when something could not be removed
 */
export async function runCleanupPhase(world: CleanupWorld): Promise<void> {
  const { runner, signal } = world;
  // Before the inputs are parsed: an error quotes values, and the token may stand in the wrong input.
  for (const text of listMasks(runner.readInput('github-token'))) runner.maskSecret(text);
  const images = parseCleanupInputs((name) => runner.readInput(name));
  const event = parseCleanupEvent(runner.readRunnerEvent());
  if (event.kind === 'nothing') {
    runner.log.notice(`There is nothing to clean up: ${event.reason}.`);
    return;
  }

  const results: CleanupResult[] = [];
  const failures: unknown[] = [];
  for (const inputs of images) {
    try {
      await cleanImage(world, inputs, event, results);
    } catch (error) {
      failures.push(error);
      if (error instanceof CancelledError) break;
    }
    if (signal.aborted) break;
  }
  if (results.length > 0) await runner.writeSummary(results.map(toCleanupSummary).join('\n'));
  if (failures.length > 0) throw joinFaults(failures, images.length);
}

/**
 * Adds the result to those of the images before, and sets the outputs to what went and stays of all of them.
 * @throws Error when something could not be removed
 */
async function cleanImage(
  world: CleanupWorld,
  inputs: CleanupInputs,
  event: ClosedWorkRequest['event'],
  results: CleanupResult[],
): Promise<void> {
  const { runner, signal } = world;
  const { image, dryRun } = inputs;
  const found = await untilCancelled(signal, findWhatGoes(world, inputs, event));
  if (found === null) {
    runner.log.warning(
      `GitHub shows no package ${image.name} to this token, so nothing was cleaned up. If it has been pushed already: ${whatToChange(runner.repository)}.`,
    );
    return;
  }
  const { packages, choice, plan, notes, faults } = found;
  for (const note of notes) runner.log.notice(note);
  const { deleted, kept, failed, left } = await removeVersions({
    ...world,
    inputs,
    packages,
    plan,
    most: MOST_DELETIONS - results.reduce((sum, one) => sum + countVersions(one.deleted), 0),
    openRegistry: (write) => openImage(world, inputs, write),
  });
  const result: CleanupResult = {
    image,
    dryRun,
    deleted,
    kept: [...choice.kept, ...kept],
    failed,
    needed: plan.needed,
    notes: [...notes, ...left],
  };
  for (const note of left) runner.log.notice(note);
  for (const line of toCleanupLines(result)) runner.log.info(line);
  results.push(result);
  runner.setOutput('deleted', toCleanupOutput(results, 'deleted'));
  runner.setOutput('kept', toCleanupOutput(results, 'kept'));
  const faulty = [...faults, ...failed.map((item) => `${toReference(image, item)}: ${item.reason ?? ''}`)];
  if (faulty.length > 0) throw new Error(describeFaults(faulty));
}

/** A version has an item for each of its tags. */
function countVersions(items: CleanupResult['deleted']): number {
  return new Set(items.map(({ version }) => version.digest)).size;
}

/**
 * Asks GitHub and the registry, and changes nothing.
 * @returns null when there is no package, or the token may not see it
 * @throws Error when GitHub does not say what is closed, or a version that stays cannot be read
 */
async function findWhatGoes(
  world: CleanupWorld,
  inputs: CleanupInputs,
  event: ClosedWorkRequest['event'],
): Promise<Found | null> {
  const { owner, packageName } = inputs;
  const client = world.connectGitHub(inputs.githubToken);
  const repository = createRepositoryApi(client, world.runner.repository);
  const packages = await openPackage(client, owner, packageName).catch((error: unknown) => {
    throw explainOwner(error, inputs);
  });
  const versions = await packages.listVersions().catch((error: unknown) => {
    throw explainList(error, inputs);
  });
  if (versions === null) return null;
  const mainBranches = [
    await repository.readDefaultBranch(),
    ...(inputs.mainBranch === null ? [] : [inputs.mainBranch]),
  ];
  // GitHub's clock, since it is compared with times from GitHub: this machine's clock may be wrong.
  const oldBefore = packages.openedAt - inputs.olderThanDays * DAY_MS;
  const { closed, notes, faults } = await findClosedWork({ event, repository, versions, mainBranches, oldBefore });
  const rules = { mainBranches, isKept: inputs.isKept, sweepBefore: event.kind === 'sweep' ? oldBefore : null };
  return { packages, notes, faults, ...(await readPackage(world, inputs, packages, versions, closed, rules)) };
}

/**
 * Reads the references of the versions, and plans; starts again when the package has changed meanwhile, since a new
 * version may need one that is about to be removed.
 * @throws Error when a version that stays cannot be read
 */
async function readPackage(
  world: CleanupWorld,
  inputs: CleanupInputs,
  packages: PackagesApi,
  listed: readonly PackageVersion[],
  closed: readonly ClosedWork[],
  given: CleanupRules,
): Promise<{ choice: Choice; plan: CleanupPlan }> {
  const registry = openImage(world, inputs, false);
  const explain = (error: unknown): never => {
    throw new Error(
      `${inputs.image.name} could not be read from the registry, so nothing was removed: ${errorMessage(error)}. If it is a refusal: ${whatToChange(world.runner.repository)}.`,
      { cause: error },
    );
  };
  const uniqueTags = await findUniqueTags(registry, inputs.image, listed, listBranchTags(listed, closed)).catch(
    explain,
  );
  const rules = { ...given, uniqueTags };
  let versions = listed;
  let references: ReadonlyMap<Digest, References | null> = new Map();
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    const choice = chooseTags(versions, closed, rules);
    if (isIdle(versions, choice.tags, rules))
      return { choice, plan: { remove: [], free: [], needed: 0, needs: new Map() } };
    references = await readReferences(registry, versions, references).catch(explain);
    const plan = planCleanup(versions, references, choice, rules);
    const again = (await packages.listVersions()) ?? [];
    if (!isSame(versions, again)) {
      versions = again;
      continue;
    }
    if ('unknown' in plan) throw explainUnknown(plan.unknown, inputs);
    return { choice, plan };
  }
  throw new Error(
    `${inputs.image.name} has changed each time that it was read, so nothing was removed. Run the job again when no build is running.`,
  );
}

async function findUniqueTags(
  registry: Registry,
  image: ImageName,
  listed: readonly PackageVersion[],
  tags: readonly Tag[],
): Promise<ReadonlySet<string>> {
  // Of the version that GitHub lists with the tag: that is what would be deleted, wherever the tag leads by now.
  const digestOf = (tag: Tag): Digest | null => listed.find((version) => version.tags.includes(tag))?.digest ?? null;
  const stored = await Promise.all(tags.map((tag) => readStoredImage(registry, tag, digestOf(tag))));
  const unique = stored
    .filter((one) => one !== null)
    .filter(({ tag, labels = {} }) => isUniqueTagOf(image, tag, labels));
  return new Set(unique.map(({ tag }) => tag));
}

function isSame(one: readonly PackageVersion[], other: readonly PackageVersion[]): boolean {
  const print = (versions: readonly PackageVersion[]): string =>
    JSON.stringify(
      [...versions].sort((first, second) => first.id - second.id).map(({ id, tags }) => [id, [...tags].sort()]),
    );
  return print(one) === print(other);
}

function openImage(world: CleanupWorld, { image, githubToken }: CleanupInputs, write: boolean): Registry {
  // ghcr.io looks at the token only, and accepts any user name.
  const login = { username: world.runner.actor || 'token', password: githubToken };
  return world.openRegistry(image, { login, write });
}

function explainOwner(error: unknown, { image, owner }: CleanupInputs): unknown {
  return error instanceof ApiError && error.status === 404
    ? new InputError(`image ${image.name}: GitHub has no owner ${owner}. Correct the owner in the input image.`, {
        cause: error,
      })
    : error;
}

function explainList(error: unknown, { image }: CleanupInputs): unknown {
  return error instanceof ApiError && (error.status === 403 || error.status === 401)
    ? new Error(
        `GitHub does not list the versions of ${image.name}: ${error.message}. Add "permissions: packages: write" to the job.`,
        { cause: error },
      )
    : error;
}

function explainUnknown(version: PackageVersion, { image }: CleanupInputs): Error {
  return new Error(
    `The registry does not show ${describeVersion(version)} (${version.digest}), so nobody knows what it needs, and nothing was removed. Check that the token may read ${image.name}; if it may, that version is broken: delete it on the page of the package.`,
  );
}

const MOST_NAMED = 20;

function describeFaults(faults: readonly string[]): string {
  const more = faults.length > MOST_NAMED ? [`and ${faults.length - MOST_NAMED} more, see the log`] : [];
  return `The cleanup is not complete: ${[...faults.slice(0, MOST_NAMED), ...more].join('; ')}`;
}
