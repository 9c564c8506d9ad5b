// What a plan is made from beside the inputs: what the runner says, and what the registry answers of the registry.
import type { ImageName, Tag } from '../image/reference.js';
import type { StoredImage } from '../image/stored-image.js';
import type { Mirror } from '../inputs/mirror-inputs.js';
import type { ServerAnswer } from '../shared/answer.js';
import type { BuiltCommit } from './event/built-commit.js';
import type { Targets } from './targets.js';

/** What runner, work tree and GitHub say, beside inputs and event. */
export interface RunContext {
  readonly now: Date;
  readonly built: BuiltCommit;
  /** The stages to build. */
  readonly targets: Targets;
  /** Notes for the user on the built commit. */
  readonly notes: readonly string[];
  /** `https://github.com/owner/app`, for the label that links image and repository; null off GitHub. */
  readonly repositoryUrl: string | null;
  /** When the built commit was made (ISO 8601), or null when it is not known. */
  readonly committedAt: string | null;
  /** The repository's default branch, for when the input main-branch is empty. */
  readonly defaultBranch: string | null;
  /** The ref whose own run this is, as `getOwnRef` says it; null off GitHub, and where it may be somebody else's. */
  readonly ownRef: string | null;
  /** Head branch of the pull request that this commit merged, of the same repository; null when there is none. */
  readonly mergedBranch: string | null;
  /** `https://github.com/owner/app/actions/runs/1/attempts/1`: builder-id of the provenance; null off GitHub. */
  readonly runUrl: string | null;
  /** What the image is built from, as `describeBuild` says it; null for an index, whose parts tell. */
  readonly builtFrom: string | null;
  /** `owner/app`; empty off GitHub. */
  readonly repository: string;
  /** Who or what started the run, by GitHub's name; empty off GitHub. */
  readonly actor: string;
}

/** Answers of the registry; `NOTHING_ASKED` for a plan without registry. */
export interface RegistryState {
  /** The first of `uniqueCandidates` that is free; null when the registry was not asked. */
  readonly unique: Tag | null;
  /** The images of the lineage that exist and are trusted, nearest first: `sourceTags` names them. */
  readonly images: readonly StoredImage[];
  /** The merged cache of these images, as it can be imported; null when it was not written. */
  readonly mergedCache: string | null;
  /** Notes on the images that are left out. */
  readonly notes?: readonly string[];
  /** Null: the registry was not asked. */
  readonly writeAccess: WriteAccess | null;
  /** Of each mirror that was asked. */
  readonly mirrors: readonly MirrorAccess[];
  /** The images under the run's moving tags, as far as they exist and could be read. */
  readonly targets?: readonly StoredImage[];
  /** The same in each mirror. */
  readonly mirrorTargets?: readonly { readonly at: ImageName; readonly stored: readonly StoredImage[] }[];
}

export interface MirrorAccess {
  readonly mirror: Mirror;
  readonly access: WriteAccess;
}

export type WriteAccess =
  | { readonly allowed: true }
  | {
      readonly allowed: false;
      readonly answer: ServerAnswer;
      /** False: nobody logged in. */ readonly hasLogin: boolean;
    };

export const NOTHING_ASKED: RegistryState = {
  unique: null,
  images: [],
  mergedCache: null,
  writeAccess: null,
  mirrors: [],
};
