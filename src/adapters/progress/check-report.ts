// Reads what `docker buildx build --call=check,format=json` prints of a Dockerfile: BuildKit's build checks, nothing built.
// Format: https://github.com/moby/buildkit/blob/master/frontend/subrequests/lint/lint.go
import { asRecords, asText, at, parseObject } from '../../shared/json.js';
import { type DockerfileWarning, toLineNumber } from './build-progress.js';

export interface CheckReport {
  /** In the order of the Dockerfile; each as a warning of a build would say it. */
  readonly violations: readonly DockerfileWarning[];
  /** Whether every instruction was checked. False when the Dockerfile, or a base image of it, could not be read. */
  readonly complete: boolean;
}

/** How BuildKit sums up violations where the Dockerfile itself has `# check=error=true`. */
const SUMMED_UP = 'lint violation found for rules:';

/** @returns null when there is no report, as from a frontend without checks */
export function parseCheckReport(stdout: string): CheckReport | null {
  const report = parseObject(stdout);
  if (report === null || !('warnings' in report || 'sources' in report)) return null;
  const violations = asRecords(report.warnings).map((warning) => ({
    message: `${asText(warning.ruleName)}: ${asText(warning.detail) || asText(warning.description)}`,
    url: asText(warning.url),
    line: toLineNumber(at(asRecords(at(warning, 'location', 'ranges'))[0], 'start', 'line')),
  }));
  const error = at(report, 'buildError', 'message');
  return { violations, complete: error === undefined || asText(error).startsWith(SUMMED_UP) };
}
