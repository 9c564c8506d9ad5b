// Writes log and summary of real runs to docs/runs, for people to review and for script/render-summaries.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openLab } from '../../lab/lab.js';
import { USERS } from '../../lab/services/team.js';
import { SCENARIOS } from './scenarios.js';
import { toStableText } from './stable-text.js';

const FOLDER = join(import.meta.dirname, '../../docs/runs');

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
if (unknown.length > 0) {
  throw new Error(`No such run: ${unknown.join(', ')}. There are ${SCENARIOS.map(({ name }) => name).join(', ')}.`);
}
await mkdir(FOLDER, { recursive: true });
const lab = await openLab({ stores: ['containerd'], auth: 'token', users: USERS });
try {
  const engine = lab.engine('containerd');
  for (const { name, succeeds, record } of SCENARIOS) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    await engine.prune();
    const result = await record(lab, engine);
    if ((result.main?.code === 0) !== succeeds) {
      throw new Error(`The run ${name} should have ${succeeds ? 'succeeded' : 'failed'}:\n${result.log}`);
    }
    const stable = toStableText(lab.registry.host);
    await writeFile(join(FOLDER, `${name}.log`), `${stable(result.log).trim()}\n`);
    await writeFile(join(FOLDER, `${name}.md`), stable(result.summary));
    console.log(`${name}: ${(result.main?.seconds ?? 0).toFixed(1)} s`);
  }
} finally {
  await lab.close();
}
