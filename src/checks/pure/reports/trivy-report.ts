// `trivy image --format=json` -> findings.
// Format: https://trivy.dev/latest/docs/configuration/reporting/#json and
// https://github.com/aquasecurity/trivy/blob/main/pkg/types/report.go
import { type JsonRecord, at } from '../../../shared/json.js';
import { type ReportedFinding, ScanReportError } from './finding.js';
import { isFixed, readOptionalList, readText } from './report-fields.js';

/** @throws ScanReportError when it is not trivy's report */
export function listTrivyFindings(report: unknown): ReportedFinding[] {
  if (at(report, 'SchemaVersion') !== 2) {
    throw new ScanReportError('The report of the scan is JSON, but not a report of trivy with schema version 2.');
  }
  // trivy leaves the lists out when nothing in the image could be scanned, and when nothing was found.
  return readOptionalList(at(report, 'Results')).flatMap((result) => [
    ...readOptionalList(result.Vulnerabilities).map((item) => toVulnerability(result, item)),
    ...readOptionalList(result.Misconfigurations)
      .filter(({ Status }) => Status !== 'PASS' && Status !== 'EXCEPTION')
      .map((item) => toMisconfiguration(result, item)),
    ...readOptionalList(result.Secrets).map((item) => toSecret(result, item)),
    ...readOptionalList(result.Licenses).map((item) => toLicence(result, item)),
  ]);
}

/** What findings of every kind say in the same members; a package is for some of them to add. */
function toReported({ Target }: JsonRecord, item: JsonRecord): Omit<ReportedFinding, 'id'> {
  return {
    severity: readText(item, 'Severity'),
    ...{ package: '', installed: '', fixedIn: '', packageType: '', fixable: true },
    title: readText(item, 'Title'),
    url: readText(item, 'PrimaryURL'),
    file: readText(Target),
    line: null,
  };
}

function toVulnerability(result: JsonRecord, item: JsonRecord): ReportedFinding {
  const reported = toReported(result, item);
  const fixedIn = readText(item, 'FixedVersion');
  return {
    ...reported,
    id: readText(item, 'VulnerabilityID'),
    package: readText(item, 'PkgName'),
    installed: readText(item, 'InstalledVersion'),
    fixedIn,
    fixable: isFixed(readText(item, 'Status'), fixedIn),
    // `pkg:apk/alpine/libssl3@3.3.2-r0`
    packageType: /^pkg:([a-z]{1,20})\//.exec(readText(item, 'PkgIdentifier', 'PURL'))?.[1] ?? '',
    file: readText(item, 'PkgPath') || reported.file,
  };
}

function toMisconfiguration(result: JsonRecord, item: JsonRecord): ReportedFinding {
  return { ...toReported(result, item), id: readText(item, 'ID'), line: at(item, 'CauseMetadata', 'StartLine') };
}

function toSecret(result: JsonRecord, item: JsonRecord): ReportedFinding {
  return { ...toReported(result, item), id: readText(item, 'RuleID'), line: item.StartLine };
}

function toLicence(result: JsonRecord, item: JsonRecord): ReportedFinding {
  const [name, owner] = [readText(item, 'Name'), readText(item, 'PkgName')];
  const reported = toReported(result, item);
  return {
    ...reported,
    id: `${owner}:${name}`,
    package: owner,
    title: `${name} in ${owner}`,
    url: readText(item, 'Link'),
    file: readText(item, 'FilePath') || reported.file,
  };
}
