// Reports of the three scanners -> findings, and everything else that such a file may be.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Finding,
  ScanReportError,
  checkAgreement,
  sortFindings,
} from '../../../src/checks/pure/reports/finding.js';
import { parseScanReport } from '../../../src/checks/pure/reports/scan-report.js';
import { SCANNERS, SEVERITIES, type Scanner } from '../../../src/inputs/scan-inputs.js';
import { messageOf } from '../../support/fixtures.js';

const recorded = (name: string): string => readFileSync(new URL(`scan-reports/${name}.json`, import.meta.url), 'utf8');

/** A report of each scanner with one more result, or with something else in the place of its results. */
const grypeOf = (...matches: readonly unknown[]) => ({ matches });
const trivyOf = (...results: readonly unknown[]) => ({ SchemaVersion: 2, Results: results });
const snykOf = (...vulnerabilities: readonly unknown[]) => ({ vulnerabilities, packageManager: 'apk' });
const parse = (scanner: Scanner, report: unknown): Finding[] => parseScanReport(scanner, JSON.stringify(report));

/** What grype says of one flaw in one package. */
const matchOf = (vulnerability: object = {}, artifact: object = {}) => ({
  vulnerability: { id: 'CVE-2024-1', severity: 'High', ...vulnerability },
  artifact: { name: 'x', version: '1', type: 'apk', ...artifact },
});
const findingOf = (...change: Parameters<typeof matchOf>): Finding | undefined =>
  parse('grype', grypeOf(matchOf(...change)))[0];

/** The columns of the summary. */
const rowsOf = (findings: readonly Finding[]): unknown[] =>
  findings.map((finding) => [finding.severity, finding.id, finding.package, finding.installed, finding.fixedIn]);

describe('grype', () => {
  const findings = parseScanReport('grype', recorded('grype'));

  test('every finding, worst first, by the severity that the distribution gives', () =>
    expect(rowsOf(findings)).toEqual([
      ['critical', 'CVE-2024-0001', 'libssl3', '3.3.2-r0', '3.3.2-r1'],
      ['high', 'GHSA-aaaa-bbbb-cccc', 'left-pad', '1.3.0', '1.3.1'],
      ['high', 'CVE-2024-0003', 'busybox', '1.36.1-r29', null],
      // 9.8 by its number.
      ['medium', 'CVE-2024-0002', 'libcrypto3', '3.3.2-r0', '3.3.2-r2'],
      ['low', 'CVE-2024-0004', 'musl', '1.2.5-r0', '1.2.5-r1'],
      // "Negligible" in its words.
      ['unknown', 'CVE-2024-0005', 'zlib', '1.3.1-r1', null],
    ]));

  test('a whole finding', () =>
    expect(findings[0]).toEqual({
      id: 'CVE-2024-0001',
      severity: 'critical',
      package: 'libssl3',
      installed: '3.3.2-r0',
      fixedIn: '3.3.2-r1',
      fixable: true,
      title: 'A made-up flaw in how libssl3 reads certificates.',
      url: 'https://example.com/CVE-2024-0001',
      packageType: 'apk',
      location: { file: '/lib/apk/db/installed', line: null },
    }));

  test('a flaw that only the record it is related to describes', () => {
    const match = { ...matchOf(), relatedVulnerabilities: [{ description: 'Told elsewhere. And more.' }] };
    expect(parse('grype', grypeOf(match))[0]?.title).toBe('Told elsewhere.');
  });

  test('matches that the team ignores are none', () =>
    expect(parse('grype', { ...grypeOf(), ignoredMatches: [matchOf()] })).toEqual([]));
});

describe('snyk', () => {
  const findings = parseScanReport('snyk', recorded('snyk'));

  test('findings of the system and of the application, by the name that is installed, once each', () =>
    expect(rowsOf(findings)).toEqual([
      ['critical', 'SNYK-ALPINE320-OPENSSL-7000001', 'libssl3', '3.3.2-r0', '3.3.2-r1'],
      ['high', 'SNYK-JS-ACMELEFTPAD-7000003', '@acme/left-pad', '1.3.0', '1.3.1, 2.0.1'],
      ['medium', 'SNYK-ALPINE320-BUSYBOX-7000002', 'busybox', '1.36.1-r29', null],
    ]));

  test('title, link, kind of package and place', () =>
    expect(findings[0]).toMatchObject({
      title: 'Out-of-bounds Write',
      url: 'https://security.snyk.io/vuln/SNYK-ALPINE320-OPENSSL-7000001',
      packageType: 'apk',
      location: { file: 'Dockerfile', line: null },
    }));

  test('a licence has a page of its own, and --group-issues makes lists of names', () =>
    expect(
      parse('snyk', snykOf({ id: 'snyk:lic:npm:x:GPL-3.0', severity: 'medium', name: ['a/x', 'a/y'], version: '1' })),
    ).toMatchObject([{ url: 'https://snyk.io/vuln/snyk:lic:npm:x:GPL-3.0', package: 'x', severity: 'medium' }]));

  test('several results are a list with --experimental', () =>
    expect(parse('snyk', [snykOf(), snykOf({ id: 'A', severity: 'low', name: 'x' })])).toMatchObject([{ id: 'A' }]));

  test('an application that could not be scanned spoils the scan', () => {
    const report = { ...snykOf(), applications: [{ ok: false, error: 'Failed to test npm project', path: '/app' }] };
    expect(messageOf(() => parse('snyk', report))).toBe(
      'ScanReportError: A part of the image could not be scanned: Failed to test npm project.',
    );
    expect(() => parse('snyk', { ...snykOf(), applications: [{ ok: true }] })).toThrow(ScanReportError);
  });
});

describe('trivy', () => {
  const findings = parseScanReport('trivy', recorded('trivy'));

  test('vulnerabilities of the system and of applications', () =>
    expect(rowsOf(findings)).toEqual([
      ['critical', 'CVE-2024-0001', 'libcrypto3', '3.3.2-r0', '3.3.2-r1'],
      ['critical', 'CVE-2024-0001', 'libssl3', '3.3.2-r0', '3.3.2-r1'],
      ['high', 'CVE-2024-0006', '@acme/left-pad', '1.3.0', '1.3.1, 2.0.1'],
      // 9.1 by its number.
      ['medium', 'CVE-2024-0003', 'busybox', '1.36.1-r29', null],
      ['unknown', 'CVE-2024-0007', 'zlib', '1.3.1-r1', null],
    ]));

  test('title, link, kind of package and place', () => {
    expect(findings[0]).toMatchObject({
      title: 'openssl: a made-up flaw | with `markup` <b>in</b> it',
      url: 'https://avd.aquasec.com/nvd/cve-2024-0001',
      packageType: 'apk',
    });
    expect(findings[2]).toMatchObject({
      packageType: 'npm',
      location: { file: 'app/node_modules/@acme/left-pad/package.json' },
    });
  });

  test.each([
    ['pkg:deb/debian/libssl3@3.0.15-1?arch=amd64', 'deb'],
    ['pkg:rpm/redhat/openssl@3', 'rpm'],
    ['openssl', null],
    [undefined, null],
  ])('the kind of %s is %s', (PURL, packageType) => {
    const item = { VulnerabilityID: 'A', PkgName: 'x', Severity: 'LOW', PkgIdentifier: { PURL } };
    expect(parse('trivy', trivyOf({ Target: 't', Vulnerabilities: [item] }))).toMatchObject([{ packageType }]);
  });

  test('a secret in a file is no package', () =>
    expect(parseScanReport('trivy', recorded('trivy-secret'))).toEqual([
      {
        ...{ id: 'aws-access-key-id', severity: 'critical', title: 'AWS Access Key ID', url: null },
        ...{ package: null, installed: null, fixedIn: null, fixable: true, packageType: null },
        location: { file: '/app/settings.env', line: 1 },
      },
    ]));

  test('a misconfiguration counts unless it passed, and so does a licence', () => {
    const check = (Status: string) => ({
      ...{ ID: 'DS-0002', Title: 'Image user should not be root', Severity: 'HIGH', Status },
      ...{ PrimaryURL: 'https://avd.aquasec.com/misconfig/ds-0002', CauseMetadata: { StartLine: 7, EndLine: 7 } },
    });
    const licence = { Severity: 'HIGH', Category: 'restricted', PkgName: 'x', FilePath: '', Name: 'GPL-3.0', Link: '' };
    const report = trivyOf(
      { Target: 'Dockerfile', Class: 'config', Misconfigurations: ['FAIL', 'PASS', 'EXCEPTION'].map(check) },
      { Target: 'OS Packages', Class: 'license', Licenses: [licence] },
    );
    expect(parse('trivy', report)).toMatchObject([
      { id: 'DS-0002', severity: 'high', package: null, location: { file: 'Dockerfile', line: 7 } },
      { id: 'x:GPL-3.0', severity: 'high', package: 'x', title: 'GPL-3.0 in x' },
    ]);
  });

  test('a form of report that is not known is refused', () =>
    expect(messageOf(() => parse('trivy', { SchemaVersion: 3, Results: [] }))).toContain('with schema version 2'));
});

test.each(SCANNERS)('%s: an image without findings', (scanner) =>
  expect(parseScanReport(scanner, recorded(`${scanner}-nothing`))).toEqual([]),
);

describe('a report that is no report', () => {
  const unfinished = 'has no results: the scanner did not come to its end';
  test.each<[Scanner, string, string]>([
    ['grype', '', 'is empty: the scanner did not come to its end'],
    ['snyk', ' \n', 'is empty: the scanner did not come to its end'],
    ['trivy', 'scan failed', 'is not JSON'],
    ['grype', '{"matches":[', 'is not JSON'],
    ['grype', 'null', unfinished],
    ['grype', '[]', unfinished],
    ['grype', '{"vulnerabilities":[]}', unfinished],
    ['grype', '{"matches":null}', unfinished],
    ['snyk', '{}', unfinished],
    ['snyk', '[]', unfinished],
    ['snyk', '{"ok":true,"vulnerabilities":{}}', unfinished],
    ['trivy', '{}', 'is JSON, but not a report of trivy'],
    ['trivy', '{"version":"2.1.0","runs":[]}', 'is JSON, but not a report of trivy'],
    ['trivy', '{"SchemaVersion":2,"Results":{}}', unfinished],
    ['trivy', '{"SchemaVersion":2,"Results":[{"Vulnerabilities":"none"}]}', unfinished],
    ['grype', ' '.repeat(200_000_001), 'is larger than 200 MB'],
    ['grype', JSON.stringify({ matches: Array(100_001).fill(0) }), 'has more than 100000 results'],
  ])('%s %#', (scanner, text, message) =>
    expect(messageOf(() => parseScanReport(scanner, text))).toContain(
      `ScanReportError: The report of the scan ${message}`,
    ),
  );

  test('a byte order mark is no fault', () =>
    expect(parseScanReport('grype', `\uFEFF${JSON.stringify(grypeOf())}`)).toEqual([]));
});

describe('a finding', () => {
  test.each([
    ['CRITICAL', 'critical'],
    ['Negligible', 'unknown'],
    ['none', 'unknown'],
    ['', 'unknown'],
    [undefined, 'unknown'],
    [7, 'unknown'],
  ])('severity %j is %s', (severity, expected) => expect(findingOf({ severity })?.severity).toBe(expected));

  test('of a severity that is not known is not left out', () =>
    expect(messageOf(() => findingOf({ severity: 'Catastrophic' }))).toBe(
      'ScanReportError: The report of the scan has a severity that is not known here: Catastrophic.',
    ));

  test('has a line where there is one', () => {
    const lineOf = (StartLine: unknown) =>
      parse('trivy', trivyOf({ Target: 'f', Secrets: [{ RuleID: 'r', Severity: 'LOW', StartLine }] }))[0]?.location;
    expect(lineOf(7)).toEqual({ file: 'f', line: 7 });
    for (const no of [0, -3, 1.5, '7', null]) expect(lineOf(no)?.line).toBeNull();
  });

  test.each([
    'http://example.com/x',
    'javascript:alert(1)',
    'https://example.com/x) [y](https://evil',
    'https://example.com/<b>',
    'https://user:pass@example.com/x',
    'https://example.com/a b',
    'https://example.com',
  ])('%s is no link', (dataSource) => expect(findingOf({ dataSource })?.url).toBeNull());

  test('in two places is one, with what either knows', () => {
    const at = (Severity: string, PkgPath: string, more: object = {}) => ({
      ...{ VulnerabilityID: 'A', PkgName: 'x', InstalledVersion: '1', Severity, PkgPath, ...more },
    });
    const findings = parse(
      'trivy',
      trivyOf({
        Target: 't',
        Vulnerabilities: [
          at('LOW', 'one'),
          at('HIGH', 'two', { FixedVersion: '2' }),
          at('LOW', 'one', { InstalledVersion: '2' }),
        ],
      }),
    );
    expect(rowsOf(findings)).toEqual([
      ['high', 'A', 'x', '1', '2'],
      ['low', 'A', 'x', '2', null],
    ]);
  });

  test('stands where it does whatever the order of the report', () => {
    const matches = ['b', 'a', 'c'].flatMap((name) => ['Y', 'X'].map((id) => matchOf({ id }, { name })));
    const order = ['a X', 'a Y', 'b X', 'b Y', 'c X', 'c Y'];
    for (const some of [matches, matches.toReversed()])
      expect(parse('grype', grypeOf(...some)).map(({ id, package: name }) => `${name ?? ''} ${id}`)).toEqual(order);
  });

  test('has texts of one line, and not long', () => {
    const finding = findingOf({ id: 'x'.repeat(9000), description: 'a\u0007b'.repeat(900) });
    expect(finding?.id).toHaveLength(300);
    expect(finding?.title).toMatch(/^a b[ab ]{196}…$/);
  });
});

describe('what fails', () => {
  const findings = [...SEVERITIES, 'unknown' as const].map((severity) => ({ ...findingOf()!, severity }));
  test.each([
    ['low', ['low', 'medium', 'high', 'critical', 'unknown']],
    ['medium', ['medium', 'high', 'critical']],
    ['high', ['high', 'critical']],
    ['critical', ['critical']],
  ] as const)('at %s', (threshold, severities) =>
    expect(sortFindings(findings, { threshold, onlyFixed: false }).failing.map(({ severity }) => severity)).toEqual(
      severities,
    ),
  );

  test.each([
    ['snyk', 'medium', ['SNYK-ALPINE320-BUSYBOX-7000002'], 2],
    ['grype', 'high', ['CVE-2024-0003'], 2],
    ['grype', 'low', ['CVE-2024-0003', 'CVE-2024-0005'], 4],
    ['trivy', 'medium', ['CVE-2024-0003'], 3],
    ['trivy', 'critical', [], 2],
  ] as const)('with a fix, of the report of %s at %s', (scanner, threshold, unfixed, failing) => {
    const all = parseScanReport(scanner, recorded(scanner));
    const sorted = sortFindings(all, { threshold, onlyFixed: true });
    expect(sorted.unfixed.map(({ id }) => id)).toEqual(unfixed);
    expect(sorted.failing).toHaveLength(failing);
    expect(sortFindings(all, { threshold, onlyFixed: false }).failing).toHaveLength(failing + unfixed.length);
  });

  const fixableOf = (scanner: Scanner, report: unknown): boolean | undefined => parse(scanner, report)[0]?.fixable;

  test.each([
    [{ state: 'fixed', versions: ['2'] }, true],
    // Without a version: grype's own option goes by the state.
    [{ state: 'fixed', versions: [] }, true],
    [{ state: 'wont-fix', versions: ['2'] }, false],
    [{ state: 'unknown', versions: [] }, false],
    [{ versions: ['2'] }, true],
    [{ versions: [] }, false],
    [undefined, false],
  ])('grype: fix %j has one: %j', (fix, expected) =>
    expect(fixableOf('grype', grypeOf(matchOf({ fix })))).toBe(expected),
  );

  test.each([
    [{ Status: 'fixed', FixedVersion: '2' }, true],
    [{ Status: 'will_not_fix', FixedVersion: '2' }, false],
    [{ Status: 'end_of_life' }, false],
    // Before 0.44 there was no status.
    [{ FixedVersion: '2' }, true],
    [{}, false],
  ])('trivy: %j has one: %j', (fix, expected) =>
    expect(fixableOf('trivy', trivyOf({ Vulnerabilities: [{ VulnerabilityID: 'A', Severity: 'HIGH', ...fix }] }))).toBe(
      expected,
    ),
  );

  test.each([
    [{ fixedIn: ['2'] }, true],
    [{ nearestFixedInVersion: '2' }, true],
    [{ isUpgradable: true }, true],
    [{ isPinnable: true }, true],
    [{ isUpgradable: false, isPatchable: false, fixedIn: [] }, false],
  ])('snyk: %j has one: %j', (fix, expected) =>
    expect(fixableOf('snyk', snykOf({ id: 'A', severity: 'high', name: 'x', version: '1', ...fix }))).toBe(expected),
  );

  test('what is no flaw of a package does not wait for a fix', () => {
    const secrets = parseScanReport('trivy', recorded('trivy-secret'));
    expect(secrets.length).toBeGreaterThan(0);
    const others = [
      ...secrets,
      ...parse('trivy', trivyOf({ Misconfigurations: [{ ID: 'DS002', Severity: 'HIGH', Status: 'FAIL' }] })),
      ...parse('trivy', trivyOf({ Licenses: [{ Name: 'GPL-3.0', PkgName: 'x', Severity: 'HIGH' }] })),
      ...parse('snyk', snykOf({ id: 'snyk:lic:npm:x:GPL-3.0', severity: 'high', name: 'x', version: '1' })),
    ];
    expect(others.map(({ fixable }) => fixable)).toEqual(others.map(() => true));
  });

  test('the same flaw in two places has a fix where one of them has', () => {
    const fixed = { state: 'fixed', versions: ['2'] };
    const open = { state: 'not-fixed', versions: [] };
    expect(fixableOf('grype', grypeOf(matchOf({ fix: open }), matchOf({ fix: fixed })))).toBe(true);
  });

  test('a scanner that says it found something, and a report that was not understood', () => {
    const none = { failing: [], unfixed: [] };
    const clash = () => checkAgreement(true, none, 'high');
    expect(messageOf(clash)).toMatch(
      /^ScanReportError: The scanner says that it found something, and its report has nothing at high/,
    );
    // Its exit code tells of those without a fix as well.
    for (const some of [{ failing: findings }, { unfixed: findings }])
      for (const says of [true, false, null])
        expect(() => checkAgreement(says, { ...none, ...some }, 'high')).not.toThrow();
    for (const says of [false, null]) expect(() => checkAgreement(says, none, 'high')).not.toThrow();
  });
});

describe('anything', () => {
  const parseOrError = (scanner: Scanner, text: string): readonly Finding[] => {
    try {
      return parseScanReport(scanner, text);
    } catch (error) {
      if (error instanceof ScanReportError) return [];
      throw error;
    }
  };

  test('any text gives findings or a ScanReportError', () =>
    fc.assert(
      fc.property(
        fc.constantFrom(...SCANNERS),
        fc.oneof(fc.string(), fc.json()),
        (scanner, text) => void parseOrError(scanner, text),
      ),
    ));

  /** Reports with the names of members that are looked at, and anything as their values. */
  const { any } = fc.letrec<{ any: unknown }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.double(), fc.boolean(), fc.constant(null)),
      fc.constantFrom('High', 'LOW', 'https://example.com/x', 'pkg:apk/x', 'apk', '__proto__', 'constructor'),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom(
          ...['vulnerability', 'artifact', 'relatedVulnerabilities', 'id', 'severity', 'name', 'version', 'type'],
          ...['locations', 'path', 'fix', 'versions', 'description', 'dataSource', 'packageName', 'fixedIn', 'title'],
          ...['nearestFixedInVersion', 'lineNumber', 'Vulnerabilities', 'Secrets', 'Licenses', 'Misconfigurations'],
          ...['VulnerabilityID', 'Severity', 'PkgName', 'Title', 'Target', 'PkgIdentifier', 'PURL', '__proto__'],
        ),
        tie('any'),
        { maxKeys: 8 },
      ),
    ),
  }));

  test('any values in the places that are read give findings of the one shape', () =>
    fc.assert(
      fc.property(fc.array(any, { maxLength: 5 }), (results) => {
        const reports = { snyk: snykOf(...results), grype: grypeOf(...results), trivy: trivyOf(...results) };
        for (const finding of SCANNERS.flatMap((scanner) => parseOrError(scanner, JSON.stringify(reports[scanner])))) {
          const { id, title, package: name, installed, fixedIn, location, packageType, url } = finding;
          for (const text of [id, title, name, installed, fixedIn, packageType, location?.file]) {
            expect(text ?? '').not.toMatch(/[\r\n]/);
            expect((text ?? '').length).toBeLessThanOrEqual(300);
          }
          expect(url ?? 'https://').toMatch(/^https:\/\/[^\s()<>[\]]*$/);
          expect([...SEVERITIES, 'unknown']).toContain(finding.severity);
        }
      }),
      { numRuns: 500 },
    ));

  test.each<[string, Scanner, () => string]>([
    ['deep', 'grype', () => `{"matches":${'['.repeat(200_000)}${']'.repeat(200_000)}}`],
    [
      'long texts',
      'grype',
      () =>
        JSON.stringify(
          grypeOf(matchOf({ description: 'a '.repeat(2_000_000), dataSource: `https://${'a'.repeat(2_000_000)}` })),
        ),
    ],
    ['a long name', 'snyk', () => JSON.stringify(snykOf({ id: 'x', severity: 'high', name: '/'.repeat(2_000_000) }))],
    [
      'many',
      'grype',
      () => JSON.stringify(grypeOf(...Array.from({ length: 50_000 }, (_, index) => matchOf({ id: `r${index}` })))),
    ],
  ])('is read: %s', (_, scanner, make) => {
    parseOrError(scanner, make());
  });
});
