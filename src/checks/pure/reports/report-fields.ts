// Members of a scanner's report. Everything in it may come from the image, so nothing is taken to be there or of its type.
import { type JsonRecord, asList, asText, at, isRecord } from '../../../shared/json.js';
import { ScanReportError } from './finding.js';

/** Far above what a scanner writes for one image; beyond it something is wrong. */
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

/** Texts of a list: versions that have a fix. */
export function readTexts(value: unknown): string[] {
  return asList(value)
    .map(asText)
    .filter((text) => text !== '');
}

/**
 * @returns the records of a list that the scanner leaves out where it has nothing to say
 * @throws ScanReportError when there is something else in its place
 */
export function readOptionalList(value: unknown): JsonRecord[] {
  return value === undefined || value === null ? [] : readList(value);
}

/**
 * @returns the records of a list that is there in every report of a scan that came to its end
 * @throws ScanReportError when it is not, or is longer than any report
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
