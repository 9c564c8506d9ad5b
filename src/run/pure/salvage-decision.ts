// What a failed run still keeps for the next one. Pure.

/** The stage that failed. */
export type FailedStage =
  /** The production pass. */
  | 'build'
  /** Production is built, and did not pass its checks. */
  | 'check'
  /** Anything before production was built, or after its checks. */
  | 'other';

/** A failed run, as one of its builder passes sees it. */
export interface FailedRun {
  readonly stage: FailedStage;
  /** The step that failed is of none of the builder's stages, and these are built. */
  readonly failedAfterBuilder: boolean;
  /** The run may write the builder image. */
  readonly writesBuilder: boolean;
  /** The builder's stages have something that the registry does not have. */
  readonly builderIsNew: boolean;
  readonly cancelled: boolean;
}

export interface Salvage {
  /** Write the builder image to the registry. */
  readonly builderImage: boolean;
  /** Keep layers in the store of the runs that may not push: the builder's alone, all, or none. */
  readonly layers: 'builder' | 'all' | 'none';
}

/** The builder image is only cache, so that of a failed run is worth keeping too: the next run starts from it. */
export function decideSalvage({ stage, failedAfterBuilder, ...run }: FailedRun): Salvage {
  const nothing: Salvage = { builderImage: false, layers: 'none' };
  if (run.cancelled) return nothing;
  switch (stage) {
    case 'build':
      return failedAfterBuilder ? { builderImage: run.writesBuilder && run.builderIsNew, layers: 'builder' } : nothing;
    case 'check':
      return { builderImage: run.writesBuilder && run.builderIsNew, layers: 'all' };
    case 'other':
      return nothing;
  }
}
