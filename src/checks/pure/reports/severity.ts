// Compares severities, in the words that all three scanners use.
import { SEVERITIES, type Severity } from '../../../inputs/scan-inputs.js';

/** `unknown`: the scanner does not say, or says "negligible" or "none". */
export type FoundSeverity = Severity | 'unknown';

/** For comparing and sorting; unknown is below low. */
export function rankSeverity(severity: FoundSeverity): number {
  return severity === 'unknown' ? -1 : SEVERITIES.indexOf(severity);
}

/**
 * Whether a finding counts. A finding without a severity counts only at the threshold `low`, where everything does:
 * nobody has rated it yet, so failing a build at `high` for it would be a guess.
 */
export function isAtLeast(severity: FoundSeverity, threshold: Severity): boolean {
  return rankSeverity(severity) >= rankSeverity(threshold) || (severity === 'unknown' && threshold === 'low');
}
