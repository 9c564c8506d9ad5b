// Names the tags of the images that stages keep their layers in. Injective: no stage of no branch shares one with another
// stage or branch, nor with any other kind of tag. Pure. docs: reference.md, "Tags".
import { PLATFORM_ENDING } from '../../image/platform.js';
import { OWN_PREFIXES, type Tag, parseTag } from '../../image/reference.js';
import { HASH_ENDING, toSlug, withHash } from './tags.js';

/** No scope begins with a hyphen, so no builder tag of the only stage begins so. */
const STAGE_PREFIX = `${OWN_PREFIXES.builder}-`;
/** Between stage and scope. No stage has it in its part of the tag, so the first one ends that part. */
const SEPARATOR = '--';

/** With these a tag has at most 128 characters: prefix and separator have 11, and 19 are for a platform. */
const LONGEST_STAGE = 34;
const LONGEST_SCOPE = 64;

/** `NAME:builder-<scope>`; at most 127 characters, since a scope has at most 100, and 19 more for a platform. */
export function builderTag(scope: Tag): Tag {
  return parseTag(`${OWN_PREFIXES.builder}${scope}`);
}

/**
 * The tags of the images of the builder stages of a scope, in the order of the stages: `builder-<scope>` of an only one,
 * `builder--<stage>--<scope>` of each of several.
 */
export function builderTags(stages: readonly string[], scope: Tag): readonly Tag[] {
  return stages.length === 1 ? [builderTag(scope)] : stages.map((stage) => stageTag(stage, scope));
}

/** Of a scope that has kept one stage before it kept several: its image has layers of a stage that is still there, or was cut up. */
export function formerBuilderTags(stages: readonly string[], scope: Tag): readonly Tag[] {
  return stages.length > 1 ? [builderTag(scope)] : [];
}

/** `NAME:builder--<stage>--<scope>`. Stages that differ in upper and lower case alone are one: so they are for BuildKit. */
export function stageTag(stage: string, scope: Tag): Tag {
  return parseTag(`${STAGE_PREFIX}${toStagePart(stage.toLowerCase())}${SEPARATOR}${toScopePart(scope)}`);
}

/** Whether it is the tag of some stage of the scope, also of one that the Dockerfile has no more. */
export function isBuilderTagOf(tag: string, scope: Tag): boolean {
  return tag === builderTag(scope) || readScopePart(tag) === toScopePart(scope);
}

/** @returns null for a tag that is not of one of several stages */
function readScopePart(tag: string): string | null {
  if (!tag.startsWith(STAGE_PREFIX)) return null;
  const rest = tag.slice(STAGE_PREFIX.length);
  const end = rest.indexOf(SEPARATOR);
  return end < 1 ? null : rest.slice(end + SEPARATOR.length);
}

/** Neither the separator nor a hyphen before it may be in the name, and no name may look like the hashed form of another. */
function toStagePart(stage: string): string {
  const plain = stage.replace(/[^a-z0-9_.]+/g, '-').replace(/^-|-$/g, '');
  if (plain === stage && stage.length <= LONGEST_STAGE && !HASH_ENDING.test(stage)) return stage;
  return withHash(toSlug(plain, LONGEST_STAGE), stage);
}

/** The branch's part is shortened, and a platform stays at the end, where whoever reads the tag looks for it. */
function toScopePart(scope: Tag): string {
  const [platform = ''] = PLATFORM_ENDING.exec(scope) ?? [];
  const branch = scope.slice(0, scope.length - platform.length);
  return `${branch.length <= LONGEST_SCOPE ? branch : withHash(toSlug(branch, LONGEST_SCOPE), branch)}${platform}`;
}
