// Asks the registry for the newest images of the scanners, says what changed, and writes it down. See script/update-scanners.
import { randomUUID } from 'node:crypto';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { connectRegistry } from '../../src/access/connect.js';
import { SCANNER_IMAGES } from '../../src/checks/pure/scanner-images.js';
import { parseImageName, parseTag } from '../../src/image/reference.js';
import {
  type Change,
  type ScannerImage,
  chooseTag,
  describeChange,
  isChanged,
  parseImage,
  writeImages,
  writeRows,
} from './images.js';

const SOURCE = 'src/checks/pure/scanner-images.ts';
const DOCUMENT = 'docs/checks.md';
const LIMIT_MS = 120_000;

const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, registry: { type: 'string', default: 'docker.io' } },
});

async function findNewest(before: ScannerImage): Promise<Change> {
  const registry = await connectRegistry(parseImageName(`${values.registry}/${before.name}`), {
    login: null,
    write: false,
    findInsecureRegistries: () => Promise.resolve([]),
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  const tag = chooseTag(before.tag, /\d+\.\d+\.\d+/.test(before.tag) ? await registry.listTags() : []);
  const digest = await registry.readDigest(parseTag(tag));
  if (digest === null) throw new Error(`${values.registry} does not serve ${before.name}:${tag}.`);
  return { before, after: { ...before, tag, digest } };
}

/** In a workflow: the output `changes`, a line each, and empty where there are none. */
function setOutput(changes: readonly Change[]): void {
  const file = process.env.GITHUB_OUTPUT;
  if (file === undefined) return;
  const lines = changes.filter(isChanged).map((change) => `- ${describeChange(change)}\n`);
  const end = randomUUID();
  appendFileSync(file, `changes<<${end}\n${lines.join('')}${end}\n`);
}

try {
  const images = Object.entries(SCANNER_IMAGES).map(([scanner, text]) => parseImage(scanner, text));
  const changes = await Promise.all(images.map(findNewest));
  for (const change of changes) console.log(describeChange(change));
  setOutput(changes);
  if (!changes.some(isChanged)) console.log('Nothing to change.');
  else if (values.check) process.exitCode = 1;
  else {
    const newest = changes.map(({ after }) => after);
    writeFileSync(SOURCE, writeImages(readFileSync(SOURCE, 'utf8'), newest));
    writeFileSync(DOCUMENT, writeRows(readFileSync(DOCUMENT, 'utf8'), newest));
    console.log(
      `Written to ${SOURCE} and ${DOCUMENT}. Read what is new in each, run script/bundle, and commit that together.`,
    );
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
