// Texts of builds in the summary.
import { describe, expect, test } from '@jest/globals';
import { describePass } from '../../../src/report/figures.js';
import { FIGURES } from '../../support/fixtures.js';

describe('reports and progress', () => {
  test('a carriage return in a step name cannot break the table', () =>
    expect(
      describePass({
        ...FIGURES,
        steps: [
          { name: 'a', cached: true },
          { name: 'x\r\n| y', cached: false },
        ],
      }),
    ).not.toMatch(/[\r\n]/));
});
