// One variant: the action's bundle, started as the runner starts it, `main` and then `post`.
import { runAction } from '../../../lab/runner/action-run.js';
import { WRITER } from '../../../lab/services/team.js';
import type { Place, VariantRun, What } from '../place.js';

/** Runs the bundle on the change's event. */
export async function runBundle(place: Place, { change, image }: What): Promise<VariantRun> {
  const { lab, team, engine } = place;
  const { secretFiles, network } = place.service;
  const buildArgs = place.service.buildArgs(place.commits.get(change.commit)!);
  const event =
    change.pullRequest === undefined
      ? await team.push(change.branch)
      : await team.pullRequest({ number: change.pullRequest, head: change.branch });
  const startedAt = Date.now();
  const result = await runAction({
    action: place.action,
    node: lab.tools.node24,
    run: event,
    workspace: team.service.directory,
    inputs: {
      image,
      username: WRITER.name,
      'build-args': toLines(buildArgs),
      'secret-files': toLines(secretFiles),
      ...(network !== '' && { network }),
    },
    env: { ...engine.env, PATH: place.path },
  });
  const phases = [result.main, result.post];
  return {
    code: phases.find((phase) => phase?.code !== 0)?.code ?? 0,
    seconds: phases.reduce((sum, phase) => sum + (phase?.seconds ?? 0), 0),
    log: result.log,
    startedAt,
    // Of a pull request's commit it is not the commit alone.
    tag: result.outputs.tag ?? '',
  };
}

function toLines(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
}
