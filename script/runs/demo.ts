// The main job, to look at: a sample service is built in two passes and pushed to a local registry, then once more,
// unchanged, on a fresh engine.
import { openLab } from '../../lab/lab.js';
import type { ActionResult } from '../../lab/runner/action-run.js';
import { USERS, formTeam } from '../../lab/services/team.js';

function show(title: string, text: string): void {
  console.log(`\n──── ${title} ────\n${text.trim()}`);
}

function countCached(log: string): { cached: number; steps: number } {
  const [, cached = '0', steps = '0'] = /^Builder: (\d+) of (\d+) steps cached/m.exec(log) ?? [];
  return { cached: Number(cached), steps: Number(steps) };
}

function check(result: ActionResult, what: string): void {
  if (result.main?.code !== 0) throw new Error(`${what} failed; its log is above.`);
}

const lab = await openLab({ stores: ['containerd'], auth: 'token', users: USERS });
try {
  const engine = lab.engine('containerd');
  const team = await formTeam(lab, 'demo-service');
  try {
    const event = await team.push();

    const first = await team.build(event, { engine });
    show('First run: push to main, nothing in the registry yet', first.log);
    check(first, 'The first run');

    await engine.prune();
    const second = await team.build(event, { engine });
    show('Second run: the same commit on a fresh engine, with the registry as its only cache', second.log);
    check(second, 'The second run');

    show(
      'Outputs of the second run',
      Object.entries(second.outputs)
        .map(([name, value]) => `${name}=${value}`)
        .join('\n'),
    );
    show('Job summary of the second run', second.summary);

    const served = await lab.registry.manifest(team.repository, second.outputs.tag ?? '');
    const tags = await lab.registry.tags(team.repository);
    const { cached, steps } = countCached(second.log);
    const seconds = (result: ActionResult): string => (result.main?.seconds ?? 0).toFixed(1);
    show(
      'Result',
      [
        `Tags in the registry:  ${tags.join(', ')}`,
        `Digest it serves:      ${served.digest}`,
        `Digest as output:      ${second.outputs.digest ?? ''}`,
        `First run:             ${seconds(first)} s`,
        `Second run:            ${seconds(second)} s, builder pass ${cached} of ${steps} steps cached`,
      ].join('\n'),
    );
    if (served.digest !== second.outputs.digest) throw new Error('The output digest is not what the registry serves.');
    if (steps === 0 || cached !== steps)
      throw new Error('The second run did not take every builder step from the cache.');
  } finally {
    await team.close();
  }
} finally {
  await lab.close();
}
