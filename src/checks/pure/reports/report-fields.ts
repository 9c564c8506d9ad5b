// Members of a scanner's report. Everything in it may come from the image, so nothing is taken to be there or of its type.
import { type JsonRecord, isRecord } from '../../../shared/json.js';
import { ScanReportError } from './finding.js';

/** Far above what a scanner writes for one image; beyond it something is wrong. */
const MOST_ENTRIES = 100_000;

/** @returns the text at that path; empty where there is none */
export function readText(value: unknown, ...path: readonly string[]): string {
  const text = readMember(value, ...path);
  return typeof text === 'string' ? text : '';
}

export function readMember(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const key of path) {
    if (!isRecord(found)) return undefined;
    found = found[key];
  }
  return found;
}

/** Texts of a list: versions that have a fix. */
export function readTexts(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.filter((item): item is string => typeof item === 'string' && item !== '');
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
