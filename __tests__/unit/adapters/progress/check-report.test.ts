// Reports of BuildKit's checks, as Buildx 0.29 and Docker Engine 28.5 wrote them (without `definition` in their sources).
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseCheckReport } from '../../../../src/adapters/progress/check-report.js';

const recorded = (name: string): string => readFileSync(new URL(`check-reports/${name}.json`, import.meta.url), 'utf8');

const RULES = 'https://docs.docker.com/go/dockerfile/rule';

describe('a report', () => {
  test('of violations', () =>
    expect(parseCheckReport(`\n${recorded('violations')}\n`)).toEqual({
      complete: true,
      violations: [
        {
          message: "FromAsCasing: 'as' and 'FROM' keywords' casing do not match",
          url: `${RULES}/from-as-casing/`,
          line: 1,
        },
        {
          message: 'SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (ENV "PASSWORD")',
          url: `${RULES}/secrets-used-in-arg-or-env/`,
          line: 4,
        },
        {
          message:
            'JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended behavior related to OS signals',
          url: `${RULES}/json-args-recommended/`,
          line: 6,
        },
      ],
    }));

  test('of a Dockerfile with "# check=skip=FromAsCasing;error=true"', () => {
    const report = parseCheckReport(recorded('directive'));
    expect(report?.violations.map(({ message, line }) => [message.split(':')[0], line])).toEqual([
      ['SecretsUsedInArgOrEnv', 5],
    ]);
    expect(report?.complete).toBe(true);
  });

  test.each(['syntax-error', 'no-base-image'])('%s is not complete', (name) =>
    expect(parseCheckReport(recorded(name))).toMatchObject({ complete: false, violations: [{ line: 1 }] }),
  );

  test('of no violations', () =>
    expect(parseCheckReport('{"warnings":null,"sources":[]}')).toEqual({ complete: true, violations: [] }));

  test('a violation without a detail or a place', () =>
    expect(parseCheckReport('{"warnings":[{"ruleName":"A","description":"b"}]}')?.violations).toEqual([
      { message: 'A: b', url: '', line: null },
    ]));
});

test.each(['', '{}', '[]', 'null', 'Check complete, no warnings found.', '{"error":"x"}'])('%j is none', (text) =>
  expect(parseCheckReport(text)).toBeNull(),
);

test('whatever it is', () =>
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (warnings, buildError) => {
      const text = JSON.stringify({ warnings, buildError }, (_, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      );
      expect(() => parseCheckReport(text)).not.toThrow();
    }),
  ));
