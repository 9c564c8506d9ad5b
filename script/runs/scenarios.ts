// The runs that docs/runs shows. The service is that of script/bench, big enough for times that people can see.
import { randomBytes } from 'node:crypto';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Engine } from '../../lab/engine/engine.js';
import type { Lab } from '../../lab/lab.js';
import type { ActionResult } from '../../lab/runner/action-run.js';
import { READER, type Team, formTeam } from '../../lab/services/team.js';

export interface Scenario {
  /** Of the run, and of its files in docs/runs. */
  readonly name: string;
  readonly succeeds: boolean;
  /** Runs the action, on an engine without images or build cache, and gives the run to record. */
  readonly record: (lab: Lab, engine: Engine) => Promise<ActionResult>;
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'cold',
    succeeds: true,
    record: (lab, engine) => withService(lab, 'cold', async (team) => team.build(await team.push(), { engine })),
  },
  afterMain('unchanged', true, ({ service }) => service.commit('Change nothing that is built')),
  afterMain('source-changed', true, ({ service }) => service.changeSource('Hello again')),
  afterMain('failed-build', false, async ({ service }) => {
    const lock = join(service.directory, 'dependencies.lock');
    await writeFile(lock, (await readFile(lock, 'utf8')).replace(/^tool-1 .*\n/, ''));
    await service.commit('Remove a dependency that is still used');
  }),
  afterMain('failed-test', false, async ({ service }) => {
    await writeFile(join(service.directory, 'src/check'), FAILING_CHECK);
    await service.commit('Test the greeting');
  }),
  {
    name: 'fork',
    succeeds: true,
    record: (lab, engine) =>
      withService(lab, 'fork', async (team) => {
        await buildMain(team, engine);
        await team.service.git('switch', '--quiet', '--create', 'better-greeting');
        await team.service.changeSource('Hello from a fork');
        const event = await team.pullRequest({ number: 7, head: 'better-greeting', fork: 'someone/fork' });
        // As GitHub hands them out: the token of a fork's run can only read.
        const inputs = { username: READER.name, password: READER.password };
        return team.build({ ...event, token: READER.password }, { engine, inputs });
      }),
  },
  {
    name: 'multi-platform',
    succeeds: true,
    record: (lab, engine) =>
      withTeam(lab, 'multi-platform', async (team) => {
        await needNoEmulation(team);
        return team.build(await team.push(), { engine, inputs: { platforms: PLATFORMS.join() } });
      }),
  },
  {
    name: 'index',
    succeeds: true,
    record: (lab, engine) =>
      withTeam(lab, 'index', async (team) => {
        await needNoEmulation(team);
        const event = await team.push();
        const parts: string[] = [];
        for (const platforms of PLATFORMS) {
          const { outputs, log } = await team.build(event, { engine, inputs: { platforms, 'part-of-index': 'true' } });
          if (outputs['pinned-image'] === undefined) throw new Error(`The part was not built:\n${log}`);
          parts.push(outputs['pinned-image']);
        }
        const inputs = {
          platforms: PLATFORMS.join(),
          'index-of': parts.join('\n'),
          mirrors: `${lab.registry.host}/octo/copies/app`,
        };
        return team.build(event, { engine, inputs });
      }),
  },
];

const PLATFORMS = ['linux/amd64', 'linux/arm64'];

const ASSET_BYTES = 60_000_000;

/** Without RUN steps no platform needs emulation. */
const WITHOUT_RUN = `FROM scratch AS builder
COPY src /src

FROM scratch AS production
COPY --from=builder /src /src
`;

async function needNoEmulation({ service }: Team): Promise<void> {
  await writeFile(join(service.directory, 'Dockerfile'), WITHOUT_RUN);
  // Nothing compresses it, so that writing the layers takes its time.
  await writeFile(join(service.directory, 'src/assets'), randomBytes(ASSET_BYTES));
  await service.commit('Need no emulation');
}

const FAILING_CHECK = `#!/bin/sh
# A team's tests, one of which finds a fault.
for number in 1 2 3 4 5 6 7 8; do echo "ok $number - the service answers /page-$number"; done
cat <<END
not ok 9 - the greeting is *friendly*
  ---
  expected: Hello, <name>!
  actual:   Hello from the sample service
  at:       greeting.test:12
  ...
ok 10 - the service stops
# 10 tests, 1 failed
END
exit 1
`;

/** The push of a commit that comes after the first build of main. */
function afterMain(name: string, succeeds: boolean, commit: (team: Team) => Promise<unknown>): Scenario {
  return {
    name,
    succeeds,
    record: (lab, engine) =>
      withService(lab, name, async (team) => {
        await buildMain(team, engine);
        await commit(team);
        return team.build(await team.push(), { engine });
      }),
  };
}

async function buildMain(team: Team, engine: Engine): Promise<void> {
  const result = await team.build(await team.push(), { engine });
  if (result.main?.code !== 0) throw new Error(`The run before the recorded one failed:\n${result.log}`);
  await engine.prune();
}

function withService(lab: Lab, name: string, record: (team: Team) => Promise<ActionResult>): Promise<ActionResult> {
  return withTeam(lab, name, async (team) => {
    const service = join(import.meta.dirname, '../benchmark/services/random');
    await cp(service, team.service.directory, { recursive: true });
    await team.service.commit('Add the service');
    return record(team);
  });
}

/** All are called `octo/app`: the runs are to be compared. */
async function withTeam(lab: Lab, name: string, record: (team: Team) => Promise<ActionResult>): Promise<ActionResult> {
  const team = await formTeam(lab, name, { githubRepository: `octo/${name}` });
  try {
    return await record(team);
  } finally {
    await team.close();
  }
}
