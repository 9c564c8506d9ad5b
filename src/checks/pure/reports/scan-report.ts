// The report of a scanner, in its own JSON -> findings. Everything in it may come from the image, so it is hostile text.
import type { Scanner } from '../../../inputs/scan-inputs.js';
import { type Finding, type ReportedFinding, ScanReportError, joinFindings, toFinding } from './finding.js';
import { listGrypeFindings } from './grype-report.js';
import { parseReport } from './report-fields.js';
import { listSnykFindings } from './snyk-report.js';
import { listTrivyFindings } from './trivy-report.js';

/** Snyk repeats a flaw for each way that leads to it; beyond this something is wrong. */
const MOST_CHARACTERS = 200_000_000;

const READERS: Readonly<Record<Scanner, (report: unknown) => ReportedFinding[]>> = {
  snyk: listSnykFindings,
  grype: listGrypeFindings,
  trivy: listTrivyFindings,
};

/**
 * @param text the file as it was read
 * @returns what was found, worst first; the same package and flaw once, wherever in the image it is
 * @throws ScanReportError when the file is no report of a scan that came to its end
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
