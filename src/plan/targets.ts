// The stages that a run builds.

export interface Targets {
  /** Stages that keep their layers in an image of their own; none: the run has one pass. */
  readonly builders: readonly string[];
  /** The stage of the image; a number only for a last stage without a name. */
  readonly production: string;
  /** Why there is no builder pass, as a clause; null where there is one. */
  readonly onePass: string | null;
}

/** A stage may be named by its number, as in `COPY --from=1`. */
export function isStageNumber(target: string): boolean {
  return /^\d+$/.test(target);
}

/** `builder`, `stage 1` */
export function showTarget(target: string): string {
  return isStageNumber(target) ? `stage ${target}` : target;
}
