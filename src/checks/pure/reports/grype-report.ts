// `grype --output=json` -> findings.
// Format: https://github.com/anchore/grype/tree/main/grype/presenter/models
import { at } from '../../../shared/json.js';
import type { ReportedFinding } from './finding.js';
import { isFixed, readList, readOptionalList, readText, readTexts } from './report-fields.js';

/** @throws ScanReportError when it is not the report of a finished scan */
export function listGrypeFindings(report: unknown): ReportedFinding[] {
  return readList(at(report, 'matches')).map((match) => {
    const { vulnerability, artifact } = match;
    const [place] = readOptionalList(at(artifact, 'locations'));
    const [related] = readOptionalList(match.relatedVulnerabilities);
    const fixedIn = readTexts(at(vulnerability, 'fix', 'versions')).join(', ');
    return {
      id: readText(vulnerability, 'id'),
      // The distribution's own rating for its package, where it has one; not the general score of the flaw.
      severity: readText(vulnerability, 'severity'),
      package: readText(artifact, 'name'),
      installed: readText(artifact, 'version'),
      fixedIn,
      fixable: isFixed(readText(vulnerability, 'fix', 'state'), fixedIn),
      title: firstSentence(readText(vulnerability, 'description') || readText(related, 'description')),
      url: readText(vulnerability, 'dataSource'),
      packageType: readText(artifact, 'type'),
      file: readText(place, 'path'),
      line: null,
    };
  });
}

function firstSentence(text: string): string {
  const end = text.search(/[.!?]\s|[\r\n]/);
  return end === -1 ? text : text.slice(0, end + 1).trim();
}
