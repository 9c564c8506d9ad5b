// The inputs of the scan: what is taken, and what is refused with which words.
import { describe, expect, test } from '@jest/globals';
import { type Scanner, parseScan, parseScanArguments } from '../../../src/inputs/scan-inputs.js';
import { messageOf } from '../../support/fixtures.js';

const OFF = { onlyFixed: false, fail: true, uploadSarif: false };

function scanOf(given: Readonly<Record<string, string>>, switches = OFF) {
  const block: Readonly<Record<string, string>> = { 'scan-severity': 'high', ...given };
  return parseScan((name) => block[name] ?? '', switches);
}

test('empty is no scan, whatever the other inputs say', () => {
  expect(scanOf({})).toBeNull();
  expect(scanOf({ scan: ' \n', 'scan-token': 'x', 'scan-args': 'nonsense', 'scan-severity': '' })).toBeNull();
});

test.each<Scanner>(['snyk', 'grype', 'trivy'])('%s', (scanner) => {
  const settings = scanOf(
    {
      scan: `${scanner.toUpperCase()} `,
      'scan-severity': 'Critical',
      'scan-token': ' t\n',
      'scan-args': '--a\n--b=c d',
    },
    { onlyFixed: true, fail: false, uploadSarif: true },
  );
  const args = ['--a', '--b=c d'];
  const switches = { onlyFixed: true, fail: false, uploadSarif: true };
  expect(settings).toEqual({ scanner, threshold: 'critical', token: 't', args, ...switches });
});

test('no token is null, not an empty one', () => expect(scanOf({ scan: 'snyk' })?.token).toBeNull());

test.each([
  [{ scan: 'clair' }, 'InputError: scan is "clair". Use snyk, grype or trivy, or leave it empty.'],
  [
    { scan: 'snyk', 'scan-severity': 'severe' },
    'InputError: scan-severity is "severe". Use low, medium, high, critical.',
  ],
  [{ scan: 'snyk', 'scan-severity': '' }, 'InputError: scan-severity is "". Use low, medium, high, critical.'],
])('%j is refused', (given, message) => expect(messageOf(() => scanOf(given))).toBe(message));

test('nothing to upload is a mistake, not a silence', () =>
  expect(messageOf(() => scanOf({}, { ...OFF, uploadSarif: true }))).toBe(
    'InputError: upload-sarif is true, but nothing is scanned. Set scan to snyk, grype or trivy.',
  ));

describe('scan-args', () => {
  test.each<[Scanner, string, string[]]>([
    ['snyk', '--org=my team\n--exclude-app-vulns\n\n', ['--org=my team', '--exclude-app-vulns']],
    ['grype', '--only-fixed\r\n--exclude=/opt/**', ['--only-fixed', '--exclude=/opt/**']],
    ['trivy', '--skip-dirs=/a,/b\n--ignore-unfixed', ['--skip-dirs=/a,/b', '--ignore-unfixed']],
    ['trivy', '', []],
  ])('%s: %j', (scanner, text, args) => expect(parseScanArguments(scanner, text, false)).toEqual(args));

  test.each([
    'other:image',
    '--only-fixed other:image\nother:image',
    '-o=json',
    '-qofile',
    '--',
    '---x',
    '--Output=x',
    '--out_put=x',
    '--=x',
    '--only-fixed --output=x',
    '$(id)',
  ])('%j is no option', (text) =>
    expect(messageOf(() => parseScanArguments('grype', text, false))).toMatch(
      /^InputError: scan-args: item [12] is not of the form --NAME or --NAME=VALUE\. Write one option a line/,
    ),
  );

  test.each<[Scanner, string]>([
    ['snyk', '--sarif-file-output=x'],
    ['snyk', '--sarif'],
    ['snyk', '--json-file-output=x'],
    ['snyk', '--file=x'],
    ['snyk', '--severity-threshold=low'],
    ['snyk', '--fail-on=upgradable'],
    ['snyk', '--password=hunter2'],
    ['snyk', '--help'],
    ['grype', '--output=json'],
    ['grype', '--file=x'],
    ['grype', '--template=x'],
    ['grype', '--fail-on=high'],
    ['grype', '--from=registry'],
    ['grype', '--version'],
    ['trivy', '--format=json'],
    ['trivy', '--output=x'],
    ['trivy', '--output-plugin-arg=x'],
    ['trivy', '--severity=LOW'],
    ['trivy', '--exit-code=1'],
    ['trivy', '--exit-on-eol=1'],
    ['trivy', '--input=x.tar'],
    ['trivy', '--image-src=remote'],
    ['trivy', '--download-db-only'],
    ['trivy', '--registry-token=x'],
  ])('%s: %s would defeat the check', (scanner, argument) => {
    const message = messageOf(() => parseScanArguments(scanner, `--first\n${argument}`, false));
    expect(message).toMatch(/^InputError: scan-args: remove --[a-z-]+ \(item 2\): .+\.$/);
    expect(message).not.toContain('hunter2');
  });

  test('a name is refused as a whole or with a dash behind it, not as the start of another', () =>
    expect(parseScanArguments('trivy', '--reporting=x\n--formatting', false)).toEqual([
      '--reporting=x',
      '--formatting',
    ]));
});

describe('scan-args beside scan-only-fixed', () => {
  test.each<[Scanner, string]>([
    ['grype', '--only-notfixed'],
    ['grype', '--only-notfixed=true'],
    ['grype', '--only-fixed=false'],
    ['grype', '--ignore-states=wont-fix, fixed'],
    ['trivy', '--ignore-unfixed=False'],
    ['trivy', '--ignore-status=fixed,affected'],
  ])('%s: %s contradicts it', (scanner, argument) => {
    const text = `--first\n${argument}`;
    const [name] = argument.split('=');
    expect(messageOf(() => parseScanArguments(scanner, text, true))).toBe(
      `InputError: scan-args: ${name} (item 2) contradicts scan-only-fixed: true, by which only findings that have a fix count. Remove one of the two.`,
    );
    expect(parseScanArguments(scanner, text, false)).toEqual(text.split('\n'));
  });

  test.each<[Scanner, string]>([
    ['grype', '--only-fixed'],
    ['grype', '--only-fixed=true'],
    ['grype', '--only-notfixed=false'],
    ['grype', '--ignore-states=wont-fix,not-fixed'],
    ['trivy', '--ignore-unfixed'],
    ['trivy', '--ignore-status=affected,will_not_fix'],
    ['snyk', '--exclude-app-vulns'],
  ])('%s: %s does not', (scanner, argument) => expect(parseScanArguments(scanner, argument, true)).toEqual([argument]));

  test("snyk's own option is refused in any case, with the inputs that take its place", () =>
    expect(messageOf(() => parseScanArguments('snyk', '--fail-on=all', true))).toMatch(
      /remove --fail-on \(item 1\): .*scan-only-fixed/,
    ));
});
