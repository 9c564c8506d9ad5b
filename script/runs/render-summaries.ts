// Renders Markdown files in headless Chromium, takes pictures, and fails where GitHub's page would be broken.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { countBlocks, findFaults } from './page-faults.js';
import { readRendered, toPage } from './page.js';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'node_modules/.cache/two-pass-build/summaries');
/** Wide enough for GitHub's column of 1012 px, and its margin. */
const WIDTH = 1076;
const CHROMIUM_TIMEOUT_MS = 60_000;

const execute = promisify(execFile);
await mkdir(FOLDER, { recursive: true });
const profile = await mkdtemp(join(tmpdir(), 'tpb-chromium-'));
try {
  for (const file of process.argv.slice(2)) {
    const markdown = await readFile(file, 'utf8');
    const page = join(FOLDER, `${basename(file, '.md')}.html`);
    const picture = join(FOLDER, `${basename(file, '.md')}.png`);
    await writeFile(page, toPage(markdown, join(ROOT, 'node_modules')));
    const rendered = readRendered(await runChromium(page, '--dump-dom', `--window-size=${WIDTH},100`));
    const faults = findFaults(countBlocks(markdown), rendered);
    await runChromium(page, `--screenshot=${picture}`, `--window-size=${WIDTH},${rendered.height}`);
    for (const fault of faults) console.error(`${file}: ${fault}`);
    if (faults.length > 0) process.exitCode = 1;
    else console.log(`${file}: ${rendered.tables} tables, ${rendered.charts.length} charts; ${picture}`);
  }
} finally {
  await rm(profile, { recursive: true, force: true });
}

async function runChromium(page: string, ...options: readonly string[]): Promise<string> {
  const { stdout } = await execute(
    'chromium',
    [
      ...['--headless', '--disable-gpu', '--hide-scrollbars', `--user-data-dir=${profile}`],
      // The page is this repository's own; as root, in a container, Chromium has no sandbox.
      '--no-sandbox',
      // Nothing of a page may need the network.
      '--host-resolver-rules=MAP * ~NOTFOUND',
      // Mermaid draws after the page has loaded.
      '--virtual-time-budget=20000',
      ...options,
      pathToFileURL(page).href,
    ],
    { timeout: CHROMIUM_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout;
}
