// Reports of the three scanners -> findings, and everything else that such a file may be.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Finding, SarifError, checkAgreement, parseSarif, selectFailing } from '../../src/plan/sarif.js';
import { SEVERITIES } from '../../src/plan/severity.js';
import { messageOf } from './fixtures.js';

const recorded = (name: string): string => readFileSync(new URL(`sarif/${name}`, import.meta.url), 'utf8');

/** A report of one run. */
const reportOf = (results: unknown, rules: unknown = [], change: object = {}): string =>
  JSON.stringify({ version: '2.1.0', runs: [{ tool: { driver: { name: 'x', rules } }, results, ...change }] });

const findingOf = (result: object, rule: object = {}): Finding | undefined =>
  parseSarif(reportOf([{ ruleId: 'R1', message: { text: '' }, ...result }], [{ id: 'R1', ...rule }]))[0];

/** The columns of the summary. */
const rowsOf = (findings: readonly Finding[]): unknown[] =>
  findings.map((finding) => [finding.severity, finding.id, finding.package, finding.installed, finding.fixedIn]);

describe('grype', () => {
  const findings = parseSarif(recorded('grype.sarif'));

  test('every finding, worst first, by the severity that the distribution gives', () =>
    expect(rowsOf(findings)).toEqual([
      ['critical', 'CVE-2024-0001', 'libssl3', '3.3.2-r0', '3.3.2-r1'],
      ['high', 'GHSA-aaaa-bbbb-cccc', 'left-pad', '1.3.0', '1.3.1'],
      ['high', 'CVE-2024-0003', 'busybox', '1.36.1-r29', null],
      // 9.8 by its number.
      ['medium', 'CVE-2024-0002', 'libcrypto3', '3.3.2-r0', '3.3.2-r2'],
      ['low', 'CVE-2024-0004', 'musl', '1.2.5-r0', '1.2.5-r1'],
      // "low" in its words.
      ['unknown', 'CVE-2024-0005', 'zlib', '1.3.1-r1', null],
    ]));

  test('a whole finding', () =>
    expect(findings[0]).toEqual({
      id: 'CVE-2024-0001',
      severity: 'critical',
      package: 'libssl3',
      installed: '3.3.2-r0',
      fixedIn: '3.3.2-r1',
      title: 'A made-up flaw in how libssl3 reads certificates.',
      url: 'https://example.com/CVE-2024-0001',
      packageType: 'apk',
      location: { file: 'app//lib/apk/db/installed', line: null },
    }));

  test('an image without findings', () => expect(parseSarif(recorded('grype-nothing.sarif'))).toEqual([]));
  test('a scan that did not come to its end leaves an empty file', () =>
    expect(messageOf(() => parseSarif(''))).toBe(
      'SarifError: The report of the scan is empty: the scanner did not come to its end.',
    ));
});

describe('snyk', () => {
  const findings = parseSarif(recorded('snyk.sarif'));

  test('findings of the system and of the application, by the name that is installed', () =>
    expect(rowsOf(findings)).toEqual([
      ['critical', 'SNYK-ALPINE320-OPENSSL-7000001', 'libssl3', '3.3.2-r0', '3.3.2-r1'],
      ['high', 'SNYK-JS-ACMELEFTPAD-7000003', '@acme/left-pad', '1.3.0', '1.3.1, 2.0.1'],
      ['medium', 'SNYK-ALPINE320-BUSYBOX-7000002', 'busybox', '1.36.1-r29', null],
    ]));

  test('title, link and kind of package; its line 1 is no line', () =>
    expect(findings[0]).toMatchObject({
      title: 'Out-of-bounds Write vulnerability in openssl',
      url: 'https://security.snyk.io/vuln/SNYK-ALPINE320-OPENSSL-7000001',
      packageType: 'apk',
      location: { file: 'Dockerfile', line: null },
    }));

  test('an image without findings', () => expect(parseSarif(recorded('snyk-nothing.sarif'))).toEqual([]));

  test('a rule without a full description: the place in the result names the package', () => {
    const message = { text: 'This file introduces a vulnerable zlib package with a low severity vulnerability.' };
    const locations = [{ logicalLocations: [{ fullyQualifiedName: 'zlib@1.3' }] }];
    expect(findingOf({ message, locations })).toMatchObject({ severity: 'low', package: 'zlib', installed: '1.3' });
    expect(findingOf({ message })).toMatchObject({ package: 'zlib', installed: null });
  });
});

describe('trivy', () => {
  const findings = parseSarif(recorded('trivy.sarif'));

  test('vulnerabilities; two packages share a rule, which knows of one only', () =>
    expect(rowsOf(findings)).toEqual([
      ['critical', 'CVE-2024-0001', 'libcrypto3', '3.3.2-r0', '3.3.2-r1'],
      ['critical', 'CVE-2024-0001', 'libssl3', '3.3.2-r0', '3.3.2-r1'],
      ['high', 'CVE-2024-0006', '@acme/left-pad', '1.3.0', '1.3.1, 2.0.1'],
      // 9.1 by its number.
      ['medium', 'CVE-2024-0003', 'busybox', '1.36.1-r29', null],
      ['unknown', 'CVE-2024-0007', 'zlib', '1.3.1-r1', null],
    ]));

  test('title and link', () =>
    expect(findings[0]).toMatchObject({
      title: 'openssl: a made-up flaw | with `markup` <b>in</b> it',
      url: 'https://avd.aquasec.com/nvd/cve-2024-0001',
      location: { file: 'owner/app', line: null },
    }));

  test('a secret in a file is no package', () => {
    const [secret] = parseSarif(recorded('trivy-secret.sarif'));
    expect(secret).toMatchObject({ id: 'aws-access-key-id', severity: 'critical', package: null, installed: null });
    expect(secret?.title).toBe('AWS Access Key ID');
    expect(secret?.location?.file).toBe('/app/settings.env');
  });

  test('an image without findings', () => expect(parseSarif(recorded('trivy-nothing.sarif'))).toEqual([]));

  test('a package whose name has a line break cannot lower its severity', () =>
    expect(
      findingOf({ message: { text: 'Package: x\nSeverity: LOW\nInstalled Version: 1\nSeverity: CRITICAL\n' } })
        ?.severity,
    ).toBe('critical'));
});

describe('a report that is no report', () => {
  test.each([
    ['', 'is empty: the scanner did not come to its end'],
    [' \n', 'is empty: the scanner did not come to its end'],
    ['scan failed', 'is not JSON'],
    ['{"version":"2.1.0","runs":[{"results":[', 'is not JSON'],
    ['null', 'is JSON, but not SARIF 2.1.0'],
    ['[]', 'is JSON, but not SARIF 2.1.0'],
    ['{"vulnerabilities":[]}', 'is JSON, but not SARIF 2.1.0'],
    ['{"version":"2.0.0","runs":[{"results":[]}]}', 'is JSON, but not SARIF 2.1.0'],
    ['{"version":"2.1.0","runs":[1]}', 'is JSON, but not SARIF 2.1.0'],
    ['{"version":"2.1.0"}', 'has no runs: nothing was scanned'],
    ['{"version":"2.1.0","runs":[]}', 'has no runs: nothing was scanned'],
    ['{"version":"2.1.0","runs":[{}]}', 'has no results: the scanner did not come to its end'],
    [reportOf(null), 'has no results: the scanner did not come to its end'],
    [reportOf([], [], { invocations: [{ executionSuccessful: false }] }), 'has no results'],
    [' '.repeat(50_000_001), 'is larger than 50 MB'],
    [reportOf(Array(100_001).fill(0)), 'has more than 100000 results'],
  ])('%#', (text, message) =>
    expect(messageOf(() => parseSarif(text))).toContain(`SarifError: The report of the scan ${message}`),
  );

  test('one run of two that did not come to its end spoils both', () => {
    const run = { tool: {}, results: [] };
    expect(() => parseSarif(JSON.stringify({ version: '2.1.0', runs: [run, { tool: {} }] }))).toThrow(SarifError);
  });

  test('a byte order mark is no fault', () => expect(parseSarif(`\uFEFF${reportOf([])}`)).toEqual([]));
});

describe('another scanner, or other words', () => {
  test.each([
    [{}, { properties: { tags: ['security', 'HIGH'], 'security-severity': '1.0' } }, 'high'],
    [{}, { properties: { 'security-severity': '9.0' } }, 'critical'],
    [{}, { properties: { 'security-severity': 8.9 } }, 'high'],
    [{}, { properties: { 'security-severity': '6.9' } }, 'medium'],
    [{}, { properties: { 'security-severity': '0.1' } }, 'low'],
    [{ level: 'error' }, { properties: { 'security-severity': '0.0' } }, 'unknown'],
    [{ properties: { 'security-severity': '9.9' } }, { properties: { 'security-severity': '1' } }, 'critical'],
    [{ level: 'error' }, { properties: { 'security-severity': 'undefined' } }, 'high'],
    [{ level: 'warning' }, {}, 'medium'],
    [{ level: 'note' }, {}, 'low'],
    [{}, { defaultConfiguration: { level: 'error' } }, 'high'],
    [{ level: 'none' }, {}, 'unknown'],
    [{}, {}, 'unknown'],
  ])('severity of %j with %j', (result, rule, severity) => expect(findingOf(result, rule)?.severity).toBe(severity));

  test('a rule that is found by its place', () => {
    const rules = [{ id: 'a' }, { id: 'b', shortDescription: { text: 'of b' } }];
    const [finding] = parseSarif(reportOf([{ ruleIndex: 1, message: {} }], rules));
    expect(finding).toMatchObject({ id: 'b', title: 'of b' });
    expect(parseSarif(reportOf([{ rule: { index: 1 } }], rules))[0]?.title).toBe('of b');
    expect(parseSarif(reportOf([{ ruleId: 'b', ruleIndex: 0 }], rules))[0]?.title).toBe('of b');
  });

  test.each([
    [{ kind: 'pass' }],
    [{ kind: 'notApplicable' }],
    [{ baselineState: 'absent' }],
    [{ suppressions: [{ kind: 'external' }] }],
    [{ suppressions: [{ status: 'accepted' }] }],
  ])('%j is no finding', (result) => expect(findingOf(result)).toBeUndefined());

  test.each([
    [{ kind: 'fail' }],
    [{ suppressions: [] }],
    [{ suppressions: [{ status: 'underReview' }] }],
    [{ suppressions: [{ status: 'accepted' }, { status: 'rejected' }] }],
  ])('%j is one', (result) => expect(findingOf(result)).toBeDefined());

  test('a line that is one', () => {
    const place = (startLine: unknown) => ({
      locations: [{ physicalLocation: { artifactLocation: { uri: 'Dockerfile' }, region: { startLine } } }],
    });
    expect(findingOf(place(7))?.location).toEqual({ file: 'Dockerfile', line: 7 });
    for (const no of [1, 0, -3, 1.5, '7', null]) expect(findingOf(place(no))?.location?.line).toBeNull();
  });

  test.each([
    'http://example.com/x',
    'javascript:alert(1)',
    'https://example.com/x) [y](https://evil',
    'https://example.com/<b>',
    'https://user:pass@example.com/x',
    'https://example.com/a b',
    'https://example.com',
  ])('%s is no link', (helpUri) => expect(findingOf({}, { helpUri })?.url).toBeNull());

  test('the same package and flaw in two places is one finding, with what either knows', () => {
    const text = 'Package: x\nInstalled Version: 1\nSeverity: ';
    const at = (uri: string, startLine: number) => [
      { physicalLocation: { artifactLocation: { uri }, region: { startLine } } },
    ];
    const results = [
      { ruleId: 'A', message: { text: `${text}LOW\n` }, locations: at('one', 1) },
      { ruleId: 'A', message: { text: `${text}HIGH\nFixed Version: 2` }, locations: at('two', 4) },
      { ruleId: 'A', message: { text: `${text}LOW\n`.replace('Version: 1', 'Version: 2') }, locations: at('one', 1) },
    ];
    expect(rowsOf(parseSarif(reportOf(results)))).toEqual([
      ['high', 'A', 'x', '1', '2'],
      ['low', 'A', 'x', '2', null],
    ]);
    expect(parseSarif(reportOf(results))[0]?.location).toEqual({ file: 'two', line: 4 });
  });

  test('the order does not depend on that of the report', () => {
    const text = (name: string) => ({ text: `Package: ${name}\nInstalled Version: 1\nSeverity: HIGH\n` });
    const results = ['b', 'a', 'c'].flatMap((name) => ['Y', 'X'].map((ruleId) => ({ ruleId, message: text(name) })));
    const order = ['a X', 'a Y', 'b X', 'b Y', 'c X', 'c Y'];
    for (const some of [results, results.toReversed()])
      expect(parseSarif(reportOf(some)).map(({ id, package: name }) => `${name ?? ''} ${id}`)).toEqual(order);
  });

  test('texts are one line, and not long', () => {
    const finding = findingOf(
      { ruleId: 'x'.repeat(9000) },
      { id: 'x'.repeat(5000), shortDescription: { text: 'a\n\u0007b'.repeat(900) } },
    );
    expect(finding?.id).toHaveLength(300);
    expect(finding?.title).toMatch(/^a b[ab ]{196}…$/);
  });
});

describe('what fails', () => {
  const findings = [...SEVERITIES, 'unknown' as const].map((severity) => ({ ...findingOf({})!, severity }));
  test.each([
    ['low', ['low', 'medium', 'high', 'critical', 'unknown']],
    ['medium', ['medium', 'high', 'critical']],
    ['high', ['high', 'critical']],
    ['critical', ['critical']],
  ] as const)('at %s', (threshold, severities) =>
    expect(selectFailing(findings, threshold).map(({ severity }) => severity)).toEqual(severities),
  );

  test('a scanner that says it found something, and a report that was not understood', () => {
    const clash = () => checkAgreement(true, [], 'high');
    expect(messageOf(clash)).toMatch(
      /^SarifError: The scanner says that it found something, and its report has nothing at high/,
    );
    for (const says of [true, false, null]) expect(() => checkAgreement(says, findings, 'high')).not.toThrow();
    for (const says of [false, null]) expect(() => checkAgreement(says, [], 'high')).not.toThrow();
  });
});

describe('anything', () => {
  const parseOrError = (text: string): readonly Finding[] => {
    try {
      return parseSarif(text);
    } catch (error) {
      if (error instanceof SarifError) return [];
      throw error;
    }
  };

  test('any text gives findings or a SarifError', () =>
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseOrError(text))));

  /** Reports with the names of members that are looked at, and anything as their values. */
  const { any } = fc.letrec<{ any: unknown }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 7, withCrossShrink: true },
      fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.double(), fc.boolean(), fc.constant(null)),
      fc.constantFrom(
        'Package: a\nInstalled Version: b\nSeverity: HIGH\nLink: [x](https://example.com/)',
        'A low vulnerability in apk package: a, version b was found in image x',
        'This file introduces a vulnerable a package with a high severity vulnerability.',
        'https://example.com/x',
        '9.8',
        '__proto__',
        'constructor',
      ),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(
        fc.constantFrom(
          ...['tool', 'driver', 'rules', 'results', 'ruleId', 'ruleIndex', 'rule', 'id', 'index', 'message', 'text'],
          ...['locations', 'physicalLocation', 'artifactLocation', 'uri', 'region', 'startLine', 'logicalLocations'],
          ...['fullyQualifiedName', 'properties', 'tags', 'security-severity', 'level', 'help', 'markdown', 'helpUri'],
          ...['shortDescription', 'fullDescription', 'kind', 'suppressions', 'status', 'invocations', '__proto__'],
        ),
        tie('any'),
        { maxKeys: 8 },
      ),
    ),
  }));

  test('any values in the places that are read give findings of the one shape', () =>
    fc.assert(
      fc.property(fc.array(any, { maxLength: 5 }), fc.array(any, { maxLength: 5 }), (results, rules) => {
        for (const finding of parseOrError(reportOf(results, rules))) {
          for (const text of [
            finding.id,
            finding.title,
            finding.package,
            finding.installed,
            finding.fixedIn,
            finding.location?.file,
          ]) {
            expect(text ?? '').not.toMatch(/[\r\n]/);
            expect((text ?? '').length).toBeLessThanOrEqual(300);
          }
          expect(finding.url ?? 'https://').toMatch(/^https:\/\/[^\s()<>[\]]*$/);
          expect([...SEVERITIES, 'unknown']).toContain(finding.severity);
        }
      }),
      { numRuns: 500 },
    ));

  test.each([
    ['deep', () => `{"version":"2.1.0","runs":[{"results":${'['.repeat(200_000)}${']'.repeat(200_000)}}]}`],
    ['one long text', () => reportOf([{ message: { text: `Package: ${'a '.repeat(2_000_000)}` } }])],
    [
      'long help',
      () =>
        reportOf(
          [
            {
              ruleId: 'x',
              message: { text: 'This file introduces a vulnerable a package with a high severity vulnerability.' },
            },
          ],
          [
            {
              id: 'x',
              help: { markdown: 'Remediation Upgrade `'.repeat(200_000) },
              fullDescription: { text: '('.repeat(1_000_000) },
            },
          ],
        ),
    ],
    [
      'many',
      () =>
        reportOf(
          Array.from({ length: 50_000 }, (_, index) => ({
            ruleId: `r${index}`,
            message: { text: 'A high vulnerability in apk package: a, version '.repeat(3) },
          })),
        ),
    ],
  ])('is read within seconds: %s', (_, make) => {
    const text = make();
    const started = performance.now();
    parseOrError(text);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
