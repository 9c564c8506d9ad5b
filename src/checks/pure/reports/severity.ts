// How bad a finding is, in the words that all three scanners share.
import { SEVERITIES, type Severity } from '../../../inputs/scan-inputs.js';

/** `unknown`: the scanner does not say, or says "negligible" or "none". */
export type FoundSeverity = Severity | 'unknown';

/** For comparing and sorting; unknown is below low. */
export function rankSeverity(severity: FoundSeverity): number {
  return severity === 'unknown' ? -1 : SEVERITIES.indexOf(severity);
}

/**
 * Whether a finding counts. One without a severity counts at `low` only, where everything does: scanners give none to
 * what nobody has looked at yet, and failing a build at `high` for it would be a guess.
 */
export function isAtLeast(severity: FoundSeverity, threshold: Severity): boolean {
  return rankSeverity(severity) >= rankSeverity(threshold) || (severity === 'unknown' && threshold === 'low');
}
