// Adds up what jest's runs have told, prints it as the last line, and fails where a test failed, was left out, or a kind of
// test that was asked for has none.
//
//   count-tests.ts [--failed] FOLDER/KIND,KIND….json …
//
// --failed: something else of the run has failed, so that it must not look as if all had passed.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** What jest writes with --json, as far as it is read. */
interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numFailedTestSuites: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly name: string; readonly assertionResults: readonly unknown[] }[];
}

let passed = 0;
let failed = 0;
const faults: string[] = [];
const [, , ...words] = process.argv;
for (const file of words.filter((word) => word !== '--failed')) {
  const kinds = basename(file, '.json');
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  if (!report.success) faults.push(`${kinds}: ${report.numFailedTestSuites} files failed`);
  const leftOut = report.numPendingTests + report.numTodoTests;
  if (leftOut > 0) faults.push(`${kinds}: ${leftOut} tests were left out`);
  for (const kind of kinds.split(',')) {
    const found = report.testResults.filter(({ name }) => name.includes(`/__tests__/${kind}/`));
    if (!found.some(({ assertionResults }) => assertionResults.length > 0)) faults.push(`${kind}: no test was run`);
  }
}
for (const fault of faults) console.error(fault);
if (words.includes('--failed') || faults.length > 0) failed = Math.max(failed, 1);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
