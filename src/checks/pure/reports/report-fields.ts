// Reads members of a scanner's report. Its text may come from the image, so no member is assumed to exist or to have its type.
import { type JsonRecord, asList, asText, at, isRecord } from '../../../shared/json.js';
import { ScanReportError } from './finding.js';

/** Far above what a scanner writes for one image; a longer list is refused. */
const MOST_ENTRIES = 100_000;

/** @returns the text at that path; empty where there is none */
export function readText(value: unknown, ...path: readonly string[]): string {
  return asText(at(value, ...path));
}

/** @param what `The report of the scan`, for messages; @throws ScanReportError when it is not JSON */
export function parseReport(text: string, what: string): unknown {
  try {
    // A byte order mark is no part of JSON, and some writers start with one.
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new ScanReportError(`${what} is not JSON.`, { cause: error });
  }
}

/**
 * Whether a flaw is fixed, by the scanner's own word for it: `fixed`, or else `not-fixed`, `affected`, `will_not_fix`, …
 * Older ones have no word; then the versions tell.
 */
export function isFixed(state: string, versions: string): boolean {
  return state === '' ? versions !== '' : state === 'fixed';
}

/** The non-empty texts of a list, such as versions that have a fix. */
export function readTexts(value: unknown): string[] {
  return asList(value)
    .map(asText)
    .filter((text) => text !== '');
}

/**
 * @returns the records of a list; none when the scanner has left it out
 * @throws ScanReportError when it is not a list
 */
export function readOptionalList(value: unknown): JsonRecord[] {
  return value === undefined || value === null ? [] : readList(value);
}

/**
 * @returns the records of a list that every finished scan writes
 * @throws ScanReportError when it is missing, or too long
 */
export function readList(value: unknown): JsonRecord[] {
  if (!Array.isArray(value)) {
    throw new ScanReportError('The report of the scan has no results: the scanner did not come to its end.');
  }
  if (value.length > MOST_ENTRIES) {
    throw new ScanReportError(`The report of the scan has more than ${MOST_ENTRIES} results.`);
  }
  return value.filter(isRecord);
}
