// Secrets and build arguments that a run passes and the Dockerfile does not ask for, and the other way round. The build
// itself passes over both in silence. Pure; never repeats a value.
import {
  type BuildFlag,
  type PassedSecret,
  listBuildArguments,
  listPassedSecrets,
} from '../../inputs/build-options.js';
import { describeQuoting, isPlainId } from '../../inputs/secrets/secret-items.js';
import { findNearest } from '../../shared/text.js';
import { type Dockerfile, stagesInside } from './dockerfile.js';
import { type SecretMount, listDeclaredArguments, listSecretMounts } from './dockerfile-values.js';

/** What to say of a run's values, before anything is built. */
export interface Unmatched {
  /** One for each thing to change. */
  readonly warnings: readonly string[];
  /** What may be on purpose. */
  readonly hints: readonly string[];
}

export interface PassedValues {
  readonly flags: readonly BuildFlag[];
  /** IDs of secrets that have no value in this run. */
  readonly secretsWithoutValue: readonly string[];
}

/**
 * @param dockerfile null where it cannot be read
 * @param targets the stages that are built
 * @returns nothing where the Dockerfile may have another grammar than Docker's
 */
export function findUnmatchedValues(
  dockerfile: Dockerfile | null,
  { flags, secretsWithoutValue }: PassedValues,
  targets: readonly string[],
): Unmatched {
  const given = listBuildArguments(flags);
  if (dockerfile === null || dockerfile.customSyntax || given.has('BUILDKIT_SYNTAX'))
    return { warnings: [], hints: [] };
  const secrets = matchSecrets(dockerfile, listPassedSecrets(flags), secretsWithoutValue, targets);
  const { warnings, hints } = matchArguments(dockerfile, [...given.keys()]);
  return { warnings: [...secrets, ...warnings], hints };
}

/** Secrets that BuildKit itself reads, for Git and HTTP sources: https://docs.docker.com/build/building/secrets/ */
const BUILDKIT_SECRET = /^(?:GIT|HTTP)_AUTH_(?:TOKEN|HEADER)/;

function matchSecrets(
  dockerfile: Dockerfile,
  passed: readonly PassedSecret[],
  withoutValue: readonly string[],
  targets: readonly string[],
): string[] {
  const { path } = dockerfile;
  const mounts = listSecretMounts(dockerfile);
  // An ID with a variable may be any.
  if (mounts.some(({ id }) => id.includes('$'))) return [];
  const mounted = new Set(mounts.map(({ id }) => id));
  const unused = passed.filter(({ id }) => !mounted.has(id) && !BUILDKIT_SECRET.test(id));
  const known = new Set([...passed.map(({ id }) => id), ...withoutValue]);
  const warnings: string[] = [];
  for (const mount of listNeeded(dockerfile, mounts, targets).filter(({ id }) => !known.has(id))) {
    const meant = findMeant(mount.id, unused);
    const step = `the stage ${mount.label} of ${path} mounts the secret ${mount.id}`;
    if (meant !== null) {
      unused.splice(unused.indexOf(meant), 1);
      warnings.push(
        `${meant.input}: ${step}; this run passes ${meant.id}, which no step mounts. Give both the same ID.`,
      );
    } else if (mount.required) {
      warnings.push(
        `secrets: ${step} and requires it, and this run does not pass it. Add the line "${mount.id}=…" to secrets.`,
      );
    }
  }
  return [...warnings, ...describeUnused(path, passed, unused)];
}

/** The mounts of the steps that this run builds, each ID once. */
function listNeeded(dockerfile: Dockerfile, mounts: readonly SecretMount[], targets: readonly string[]): SecretMount[] {
  const built = new Set(targets.flatMap((target) => [...stagesInside(dockerfile, target)]));
  const needed = mounts.filter(({ stage, id, onBuild }) => built.has(stage) && id !== '' && !onBuild);
  // Of several steps one that requires it counts.
  const ranked = [...needed].sort((one, other) => Number(other.required) - Number(one.required));
  return ranked.filter(({ id }, index) => ranked.findIndex((other) => other.id === id) === index);
}

/** The secret that was probably meant for a mount: the one with the nearest ID, or the only one. */
function findMeant(id: string, unused: readonly PassedSecret[]): PassedSecret | null {
  const plain = unused.filter((secret) => isPlainId(secret.id));
  const nearest = findNearest(
    id,
    plain.map((secret) => secret.id),
  );
  return plain.find((secret) => secret.id === nearest) ?? (plain.length === 1 ? (plain[0] ?? null) : null);
}

function describeUnused(path: string, passed: readonly PassedSecret[], unused: readonly PassedSecret[]): string[] {
  return (['secrets', 'secret-envs', 'secret-files'] as const).flatMap((input) => {
    const own = unused.filter((secret) => secret.input === input);
    const [first] = own;
    if (first === undefined) return [];
    const siblings = passed.filter((secret) => secret.input === input);
    const before = siblings.slice(0, siblings.indexOf(first)).findLast(({ id }) => isPlainId(id));
    const what = `${input}: no step of ${path} mounts ${nameAll(own)}`;
    // In a value of several lines without quotes, the lines after the first became secrets.
    return input === 'secrets' && before !== undefined
      ? [`${what}. That may be a part of ${before.id}. ${describeQuoting(before.id)}.`]
      : [`${what}. Use it by "RUN --mount=type=secret,id=ID" with the same ID, or remove it from ${input}.`];
  });
}

const MOST_NAMES = 5;

/** `registry, fund and 2 more`: only what looks like an ID is shown. */
function nameAll(secrets: readonly PassedSecret[]): string {
  const shown = secrets
    .map(({ id }) => id)
    .filter(isPlainId)
    .slice(0, MOST_NAMES);
  const rest = secrets.length - shown.length;
  if (shown.length === 0) return `${rest} of them, whose IDs are no plain names`;
  return `${shown.join(', ')}${rest === 0 ? '' : ` and ${rest} more`}`;
}

/**
 * Build arguments that need no ARG, or that BuildKit reads itself:
 * https://docs.docker.com/reference/dockerfile/#predefined-args and https://docs.docker.com/build/building/variables/
 */
const PREDEFINED_ARGUMENT =
  /^(?:(?:https?|ftp|no|all)_proxy|(?:target|build)(?:platform|os|osversion|arch|variant)|targetstage|source_date_epoch|(?:buildkit|buildx)_.*)$/i;

function matchArguments(dockerfile: Dockerfile, names: readonly string[]): Unmatched {
  const declared = listDeclaredArguments(dockerfile);
  const undeclared = names.filter((name) => !declared.includes(name) && !PREDEFINED_ARGUMENT.test(name));
  const free = declared.filter((name) => !names.includes(name));
  const found = undeclared.map((name) => {
    const nearest = findNearest(name, free);
    const what = `build-args: no ARG of ${dockerfile.path} declares ${name}`;
    if (nearest !== null) return { sure: true, text: `${what}, so it has no effect. Is it ${nearest}?` };
    const sure = hasKnownBases(dockerfile);
    const effect = sure ? ', so it has no effect' : '; unless a base image does by ONBUILD, it has no effect';
    return { sure, text: `${what}${effect}. Add "ARG ${name}" to the stage that uses it, or remove it.` };
  });
  const list = (sure: boolean): string[] => found.filter((one) => one.sure === sure).map(({ text }) => text);
  return { warnings: list(true), hints: list(false) };
}

/**
 * Whether all base images are official ones, which declare nothing by ONBUILD since their variants of that name ended:
 * https://github.com/docker-library/official-images/issues/2076
 */
function hasKnownBases({ stages }: Dockerfile): boolean {
  const names = new Set(stages.map(({ name }) => name?.toLowerCase()));
  const bases = stages.map(({ uses }) => uses[0] ?? '').filter((base) => !names.has(base));
  return bases.every((base) => /^[a-z0-9][^/]*$/.test(base) && !base.includes('onbuild'));
}
