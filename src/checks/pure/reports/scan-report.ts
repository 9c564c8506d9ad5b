// The report of a scanner, in its own JSON -> findings. Its text may come from the image, so it is untrusted.
import type { Scanner } from '../../../inputs/scan-inputs.js';
import { type Finding, type ReportedFinding, ScanReportError, joinFindings, toFinding } from './finding.js';
import { listGrypeFindings } from './grype-report.js';
import { parseReport } from './report-fields.js';
import { listSnykFindings } from './snyk-report.js';
import { listTrivyFindings } from './trivy-report.js';

/** Large, since snyk repeats a flaw for each dependency path that leads to it; a longer report is refused. */
const MOST_CHARACTERS = 200_000_000;

const READERS: Readonly<Record<Scanner, (report: unknown) => ReportedFinding[]>> = {
  snyk: listSnykFindings,
  grype: listGrypeFindings,
  trivy: listTrivyFindings,
};

/**
 * @param text the file as it was read
 * @returns worst first; each flaw of a package once, also when it is in several places of the image
 * @throws ScanReportError when the file is not the report of a finished scan
 */
export function parseScanReport(scanner: Scanner, text: string): Finding[] {
  return joinFindings(READERS[scanner](readReport(text)).map(toFinding));
}

function readReport(text: string): unknown {
  if (text.length > MOST_CHARACTERS) {
    throw new ScanReportError(`The report of the scan is larger than ${MOST_CHARACTERS / 1e6} MB.`);
  }
  if (text.trim() === '') {
    throw new ScanReportError('The report of the scan is empty: the scanner did not come to its end.');
  }
  return parseReport(text, 'The report of the scan');
}
