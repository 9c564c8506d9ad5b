// The plan as JSON (output `plan`) and as lines for the log. Values of build arguments and secrets are left out.
import { pinnedReference, taggedReference } from '../image/reference.js';
import { redactAttributes } from '../inputs/syntax.js';
import type { BuiltCommit } from '../plan/event/built-commit.js';
import { type PassPlan, type Plan, isBuilt } from '../plan/plan.js';
import { showTarget } from '../plan/targets.js';

/** Shape of the output `plan`; docs: reference.md, "Outputs". */
export function toPlanJson(plan: Plan): string {
  return JSON.stringify({
    event: plan.event,
    built: plan.built,
    image: plan.image.name,
    scope: plan.scope?.branch ?? null,
    lineage: plan.lineage.map(({ branch, tag }) => ({ branch, tag })),
    tags: plan.tags,
    push: plan.push,
    mirrors: plan.mirrors.map(({ name }) => name),
    ...(isBuilt(plan)
      ? { builder: null, production: null, ...toBuiltJson(plan) }
      : {
          builder: plan.builders[0] === undefined ? null : toPassJson(plan, plan.builders[0]),
          builders: plan.builders.map((builder) => toPassJson(plan, builder)),
          production: toPassJson(plan, plan.production),
        }),
    notes: plan.notes,
  });
}

/** What is there already. */
function toBuiltJson({ image, parts, promoted }: Plan): Record<string, unknown> {
  if (promoted === undefined) return { parts };
  return { promoted: { image: taggedReference(image, promoted.tag), digest: promoted.digest } };
}

function toPassJson(plan: Plan, pass: PassPlan): Record<string, unknown> {
  return {
    target: pass.target,
    image: pass.tag === null ? null : taggedReference(plan.image, pass.tag),
    output: pass.output,
    cacheFrom: pass.cacheFrom.map(redactAttributes),
    noCache: pass.noCache,
    pull: pass.pull,
    options: [...new Set(pass.flags.map(({ input }) => input))],
    buildArgs: pass.flags.filter(({ input }) => input === 'build-args').map(({ value }) => value.split('=', 1)[0]),
    labels: pass.labels,
    provenance: pass.provenance,
    sbom: pass.sbom,
  };
}

/** The plan to read: one decision a line. */
export function toPlanLines(plan: Plan): string[] {
  const { event, built, scope, lineage, tags, push, mirrors } = plan;
  return [
    `Event:      ${event.name} (${event.kind}), commit ${event.sha}`,
    `Built:      ${describeBuilt(built)}`,
    `Scope:      ${scope === null ? 'none: this run writes no branch tags' : `${scope.branch} -> ${scope.tag}`}`,
    ...(isBuilt(plan)
      ? []
      : [`Lineage:    ${lineage.length === 0 ? 'none' : lineage.map(({ branch }) => branch).join(', ')}`]),
    `Image:      ${taggedReference(plan.image, tags.unique)}`,
    `Moving:     ${tags.moving.length === 0 ? 'none' : tags.moving.join(', ')}`,
    `Push:       ${push.push ? 'yes' : 'no'}, ${push.reason}`,
    ...(mirrors.length === 0 ? [] : [`Mirrors:    ${mirrors.map(({ name }) => name).join(', ')}`]),
    ...(isBuilt(plan)
      ? [toBuiltLine(plan)]
      : [
          ...(plan.onePass === null ? [] : [`Builder:    none, the run has one pass: ${plan.onePass}`]),
          ...plan.builders.map((builder) => toPassLine('Builder:   ', plan, builder)),
          toPassLine('Production:', plan, plan.production),
        ]),
    ...(plan.checks.length === 0 ? [] : [`Checks:     ${plan.checks.join(', ')}, before anything is published`]),
    ...plan.notes.map((note) => `Note:       ${note}`),
  ];
}

function toBuiltLine({ image, parts, promoted }: Plan): string {
  if (promoted === undefined) return `Index of:   ${parts.join(', ')}`;
  return `Promoted:   ${pinnedReference(image, promoted.tag, promoted.digest)}, built by a push to the main branch; nothing is built`;
}

const SOURCE_WORDS = {
  'work-tree': 'which is checked out',
  event: 'by the event: nothing that is checked out tells',
  parts: 'by the label of the parts',
} as const;

function describeBuilt({ commit, from, insteadOf }: BuiltCommit): string {
  const instead = insteadOf === null ? '' : `, instead of ${insteadOf}, the commit of the event`;
  return `commit ${commit}, ${SOURCE_WORDS[from]}${instead}`;
}

const OUTPUT_WORDS = {
  registry: 'to the registry',
  engine: 'into the local engine',
  cache: 'kept in the build cache only',
} as const;

function toPassLine(title: string, plan: Plan, pass: PassPlan): string {
  const to = pass.output !== 'cache' && pass.tag !== null ? ` as ${taggedReference(plan.image, pass.tag)}` : '';
  const from =
    pass.cacheFrom.length === 0
      ? 'nothing'
      : pass.cacheFrom.map((source) => redactAttributes(source).replace(/^type=registry,ref=/, '')).join(', ');
  return `${title} target ${showTarget(pass.target)}, ${OUTPUT_WORDS[pass.output]}${to}; cache from ${from}${pass.noCache ? '; every step runs again' : ''}`;
}
