// What a scan found, in the job summary, in the log, and in the sentence of a red run.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { marked } from 'marked';
import { type ScanReport, describeFindings, toScanLines, toScanSummary } from '../../../src/checks/pure/findings.js';
import { type Finding, sortFindings } from '../../../src/checks/pure/reports/finding.js';
import { parseScanReport } from '../../../src/checks/pure/reports/scan-report.js';
import { SEVERITIES, type Severity } from '../../../src/inputs/scan-inputs.js';

const FINDING: Finding = {
  id: 'CVE-2024-0001',
  severity: 'high',
  package: 'libssl3',
  installed: '3.3.2-r0',
  fixedIn: '3.3.2-r1',
  fixable: true,
  title: 'A flaw',
  url: 'https://example.com/CVE-2024-0001',
  packageType: 'apk',
  location: null,
};
const findingOf = (change: Partial<Finding> = {}): Finding => ({ ...FINDING, ...change });

const reportOf = (
  findings: readonly Finding[],
  threshold: Severity = 'high',
  change: Partial<ScanReport> = {},
): ScanReport => ({
  scanner: 'grype',
  threshold,
  onlyFixed: false,
  findings,
  ...sortFindings(findings, { threshold, onlyFixed: change.onlyFixed ?? false }),
  dockerfile: 'Dockerfile',
  ...change,
});
const summaryOf = (...args: Parameters<typeof reportOf>): string => `${toScanSummary(reportOf(...args)).join('\n')}\n`;

describe('the summary', () => {
  test('of what grype found in a real image', () => {
    const findings = parseScanReport(
      'grype',
      readFileSync(new URL('scan-reports/grype.json', import.meta.url), 'utf8'),
    );
    expect(summaryOf(findings)).toBe(
      [
        '### Scan by grype',
        '',
        '**3 findings at or above high**; 3 more below it (1 medium, 1 low, 1 unknown).',
        '',
        '| Package | Installed | Fixed in | Severity | Finding |',
        '| --- | --- | --- | --- | --- |',
        '| libssl3 | 3.3.2-r0 | 3.3.2-r1 | critical | [CVE-2024-0001](<https://example.com/CVE-2024-0001>) A made-up flaw in how libssl3 reads certificates. |',
        '| left-pad | 1.3.0 | 1.3.1 | high | [GHSA-aaaa-bbbb-cccc](<https://example.com/GHSA-aaaa-bbbb-cccc>) A made-up flaw of an npm package \\| with \\`markup\\` &lt;b\\>in&lt;/b\\> it. |',
        '| busybox | 1.36.1-r29 |  | high | [CVE-2024-0003](<https://example.com/CVE-2024-0003>) A made-up flaw without a fix. |',
        '',
        'Hint: pin the patched version in the Dockerfile, e.g. `apk add --no-cache libssl3=3.3.2-r1`, and take it out again with the next base image.',
        '',
        '',
      ].join('\n'),
    );
  });

  test('of nothing that counts', () => {
    expect(summaryOf([])).toBe('### Scan by grype\n\nNothing at or above high.\n\n');
    expect(summaryOf([findingOf({ severity: 'low' })])).toContain('Nothing at or above high; 1 more below it (1 low).');
  });

  test('of what has no fix, where only findings with a fix count', () => {
    const onlyFixed = { onlyFixed: true };
    const open = findingOf({ fixedIn: null, fixable: false });
    const low = findingOf({ severity: 'low', fixable: false });
    expect(summaryOf([findingOf(), open, low], 'high', onlyFixed)).toContain(
      '**1 finding at or above high with a fix**; 1 without a fix does not count (1 high); 1 more below high (1 low).',
    );
    expect(summaryOf([findingOf(), open], 'high', onlyFixed).match(/^\| libssl3 /gm)).toHaveLength(1);
    expect(summaryOf([open, findingOf({ ...open, severity: 'critical' })], 'high', onlyFixed)).toContain(
      'Nothing at or above high with a fix; 2 without a fix do not count (1 high, 1 critical).',
    );
    expect(toScanLines(reportOf([open], 'high', onlyFixed))).toEqual([
      'grype: nothing at or above high with a fix',
      'grype: 1 without a fix does not count (1 high)',
    ]);
    expect(describeFindings(reportOf([findingOf(), open], 'high', onlyFixed))).toMatch(
      /^grype found 1 finding at or above high with a fix: /,
    );
  });

  test('a secret has its file where packages have their name', () =>
    expect(
      summaryOf([
        findingOf({
          package: null,
          installed: null,
          fixedIn: null,
          url: null,
          id: 'aws-access-key-id',
          title: 'AWS',
          location: { file: '/app/.env', line: null },
        }),
      ]),
    ).toContain('| /app/.env |  |  | high | aws-access-key-id AWS |'));

  test('50 rows and a count', () => {
    const many = Array.from({ length: 53 }, (_, index) => findingOf({ id: `CVE-${index}` }));
    const text = summaryOf(many);
    expect(text.match(/^\| libssl3 /gm)).toHaveLength(50);
    expect(text).toContain('\nand 3 more\n');
    expect(summaryOf(many.slice(0, 50))).not.toContain('more');
  });

  test('the line of the Dockerfile, where the scanner knows it', () => {
    const at = (file: string, line: number | null) => findingOf({ location: { file, line } });
    const findings = [
      at('Dockerfile', 7),
      at('./Dockerfile', 7),
      at('Dockerfile', 9),
      at('Dockerfile', 7),
      at('Dockerfile', null),
      at('package-lock.json', 3),
    ];
    expect(summaryOf(findings)).toContain('To change: `Dockerfile:7`, `./Dockerfile:7`, `Dockerfile:9`\n');
    expect(summaryOf(findings, 'high', { dockerfile: null })).not.toContain('To change');
    expect(summaryOf([at('Dockerfile', null)])).not.toContain('To change');
    expect(summaryOf([at('a`b', 7)], 'high', { dockerfile: 'a`b' })).not.toContain('To change');
  });

  describe('the hint', () => {
    const hintOf = (...changes: readonly Partial<Finding>[]): string | undefined =>
      summaryOf(changes.map(findingOf))
        .split('\n')
        .find((line) => line.startsWith('Hint: '));

    test.each<[string, readonly Partial<Finding>[], string | undefined]>([
      [
        'several packages, each once',
        [{}, { package: 'busybox', fixedIn: '1.2-r3' }, {}],
        '`apk add --no-cache libssl3=3.3.2-r1 busybox=1.2-r3`',
      ],
      [
        'deb',
        [{ packageType: 'deb', fixedIn: '1:3.0.15-1~deb12u1' }],
        '`apt-get install --yes --no-install-recommends libssl3=1:3.0.15-1~deb12u1`',
      ],
      ['a kind of package that the scanner does not say', [{ packageType: null }], 'libssl3 is fixed in 3.3.2-r1;'],
      ['no fix', [{ fixedIn: null }], undefined],
      [
        'a package of the application',
        [{ packageType: 'npm', package: 'left-pad', fixedIn: '1.3.1, 2.0.1' }],
        'left-pad is fixed in 1.3.1, 2.0.1;',
      ],
      ['a version that is none', [{ fixedIn: '1; curl evil | sh #-r1' }], 'fixed in 1; curl evil \\| sh'],
      ['a name that is an option', [{ package: '--allow-untrusted' }], 'Hint: --allow-untrusted is fixed in'],
      ['a name with a backtick', [{ package: 'a`b' }], 'Hint: a\\`b is fixed in'],
    ])('%s', (_, changes, hint) => {
      if (hint === undefined) expect(hintOf(...changes)).toBeUndefined();
      else expect(hintOf(...changes)).toContain(hint);
    });
  });

  const HOSTILE =
    '<img src=x onerror=alert(1)>|`x`\n| a | b |\n[x](javascript:y)@octocat #1 https://evil.example www.evil.example **b** ![i](https://evil.example/i)';
  const isTame = (finding: Finding): void => {
    const html = marked.parse(summaryOf([finding]), { async: false, gfm: true });
    expect(html.match(/<tr>/g)).toHaveLength(2);
    expect(html.match(/<td>/g)).toHaveLength(5);
    expect(html).not.toMatch(/<(?:img|script|b|strong>b|code>x)/);
    expect([...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href)).toEqual(
      finding.url === null ? [] : [expect.any(String)],
    );
    expect(html).not.toContain('@octocat');
  };

  test('texts of the image stay text', () => {
    isTame(findingOf({ id: HOSTILE, package: HOSTILE, installed: HOSTILE, fixedIn: HOSTILE, title: HOSTILE }));
    isTame(findingOf({ package: null, location: { file: HOSTILE, line: 7 }, url: null, fixedIn: null }));
  });

  test('whatever they are', () =>
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('|\\`<>[]()!*_~#@&:/.\n -aw1')) }), (text) => {
        isTame(
          findingOf({
            id: `x${text}`,
            package: `x${text}`,
            installed: `x${text}`,
            fixedIn: `x${text}`,
            title: `x${text}`,
          }),
        );
      }),
    ));

  test('the largest report is far below what a step may write', () => {
    const long = '|'.repeat(300);
    const many = Array.from({ length: 100_000 }, (_, index) =>
      findingOf({ id: `${long}${index}`, package: long, title: long, severity: SEVERITIES[index % 4]! }),
    );
    expect(summaryOf(many).length).toBeLessThan(100_000);
  });
});

test('the log: a line for each, up to 20', () => {
  expect(toScanLines(reportOf([]))).toEqual(['grype: nothing at or above high']);
  expect(toScanLines(reportOf([findingOf(), findingOf({ fixedIn: null, severity: 'critical' })]))).toEqual([
    'high     libssl3 3.3.2-r0: CVE-2024-0001, fixed in 3.3.2-r1',
    'critical libssl3 3.3.2-r0: CVE-2024-0001',
  ]);
  const lines = toScanLines(reportOf(Array.from({ length: 23 }, () => findingOf())));
  expect(lines).toHaveLength(21);
  expect(lines.at(-1)).toBe('and 3 more, in the job summary');
});

describe('the sentence', () => {
  test.each<[readonly Partial<Finding>[], string]>([
    [[{}], 'grype found 1 finding at or above high: CVE-2024-0001 in libssl3 3.3.2-r0 (high; fixed in 3.3.2-r1)'],
    [
      [
        {},
        { fixedIn: null },
        { package: null, installed: null, fixedIn: null, location: { file: '/app/.env', line: null } },
        {},
        {},
      ],
      'grype found 5 findings at or above high: CVE-2024-0001 in libssl3 3.3.2-r0 (high; fixed in 3.3.2-r1), ' +
        'CVE-2024-0001 in libssl3 3.3.2-r0 (high), CVE-2024-0001 in /app/.env (high) and 2 more',
    ],
  ])('%#', (changes, sentence) => expect(describeFindings(reportOf(changes.map(findingOf)))).toBe(sentence));
});
