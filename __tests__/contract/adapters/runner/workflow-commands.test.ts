// Whatever a build, a Dockerfile, a registry or an event has in its texts, the runner takes no command from it.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type ActionResult, runAction } from '../../../../lab/runner/action-run.js';
import { readRunnerLog } from '../../../../lab/runner/workflow-commands.js';
import { ACTION } from '../../../../lab/services/team.js';
import { findTools } from '../../../../lab/tools.js';
import { HEALTHY, type Scenario, writeFakeDocker } from '../../../support/fake-docker.js';
import { sampleOf } from '../../../support/nightly.js';

const SHA = '0123456789abcdef0123456789abcdef01234567';
const COMMANDS = [
  '::set-output name=digest::evil',
  '  ::add-path::/evil',
  '::stop-commands::x',
  '::error::evil',
  '::add-mask::main',
  '::warning file=a::evil',
  '##[group]evil',
  'x ##[error]evil',
  'x ##[set-output name=tag;]evil',
  '##[add-mask]main',
  '::00000000-0000-4000-8000-000000000000::',
  'progress\r::error::evil',
  'progress\r##[warning]evil',
];

interface Hostile {
  readonly scenario: Scenario;
  readonly dockerfile?: string;
  readonly fork?: string;
  readonly branch?: string;
}

async function run({ scenario, dockerfile, fork, branch = 'x' }: Hostile): Promise<ActionResult> {
  const directory = await mkdtemp(join(tmpdir(), 'tpb-commands-'));
  try {
    const workspace = join(directory, 'workspace');
    await mkdir(workspace);
    await writeFile(
      join(workspace, 'Dockerfile'),
      dockerfile ?? 'FROM scratch AS builder\nCOPY . .\nFROM scratch AS production\nCOPY --from=builder / /\n',
    );
    const docker = await writeFakeDocker(directory, scenario);
    const { node24 } = await findTools();
    return await runAction({
      action: ACTION,
      node: node24,
      workspace,
      run: {
        name: 'pull_request',
        ref: 'refs/pull/1/merge',
        sha: SHA,
        repository: 'octo/app',
        payload: {
          pull_request: {
            number: 1,
            head: { ref: branch, sha: SHA, repo: { full_name: fork ?? 'octo/app' } },
            base: { ref: branch },
          },
          repository: { default_branch: 'main' },
        },
      },
      inputs: { image: '127.0.0.1:1/octo/app', password: '', push: 'false' },
      env: { PATH: `${docker.bin}:${process.env.PATH ?? ''}`, DOCKER_CONFIG: join(directory, 'config') },
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Of all that the runner obeyed, nothing came from a foreign text. */
function expectNothingObeyed(result: ActionResult): void {
  expect(result.main?.masks).toEqual([]);
  for (const { message } of result.annotations) expect(message.startsWith('evil')).toBe(false);
  const outside = result.rawLog.replace(/^::stop-commands::(\S+)\n[^]*?^::\1::$/gm, '');
  const obeyed = outside.split(/\r\n|\n|\r/).filter((line) => readRunnerLog(line, []).log !== line);
  for (const line of obeyed) expect(line).toMatch(/^::(?:group|endgroup|warning|notice|error)\b[^:]*::(?!evil)/);
}

const hostileStatus = (error: string): string =>
  `${JSON.stringify({
    vertexes: [
      {
        digest: 'sha256:1',
        name: `[builder 2/2] RUN ${COMMANDS.join(' ')}`,
        started: '2026-01-01T00:00:00Z',
        completed: '2026-01-01T00:00:01Z',
        error,
      },
    ],
    logs: [{ vertex: 'sha256:1', data: Buffer.from(COMMANDS.join('\n')).toString('base64') }],
  })}\n${COMMANDS.join('\n')}\n`;

test('what steps are called and print is shown between stop-commands, under a new token each time', async () => {
  const scenario = { ...HEALTHY, 'buildx build': { stderr: hostileStatus('') } };
  const results = [await run({ scenario }), await run({ scenario })];
  for (const result of results) {
    expect(result.main?.code).toBe(0);
    expectNothingObeyed(result);
    expect(result.log).toContain('::set-output name=digest::evil');
    expect(result.outputs.digest ?? '').toBe('');
  }
  const tokens = results.flatMap(({ rawLog }) =>
    [...rawLog.matchAll(/^::stop-commands::([0-9a-f-]{36})$/gm)].map(([, token]) => token),
  );
  expect(tokens.length).toBeGreaterThanOrEqual(2);
  expect(new Set(tokens).size).toBe(tokens.length);
  for (const { rawLog } of results)
    for (const [, token = ''] of rawLog.matchAll(/^::stop-commands::([0-9a-f-]{36})$/gm))
      expect(rawLog.split('\n').filter((line) => line.includes(token))).toEqual([
        `::stop-commands::${token}`,
        `::${token}::`,
      ]);
});

test('a failure that quotes a step is one annotation', async () => {
  const scenario = { ...HEALTHY, 'buildx build': { code: 1, stderr: hostileStatus(COMMANDS.join('\n')) } };
  const result = await run({ scenario });
  expect(result.main?.code).toBe(1);
  expectNothingObeyed(result);
  expect(result.annotations.filter(({ level }) => level === 'error')).toHaveLength(1);
  // A file, in which the runner looks for no commands; as Markdown it is in a block.
  expect(result.summary.split('```')[0]).not.toContain('\n::');
});

// By day one of each form.
const QUOTED = sampleOf(COMMANDS, (text) => /output name=digest|group|^x ##\[error|\r::/.test(text));
test.each(QUOTED)('a branch, a fork and what docker says may quote %j', async (text) => {
  const quoting = await run({ scenario: HEALTHY, branch: text, fork: `x/${text}` });
  if (quoting.main?.code !== 0) throw new Error(quoting.log);
  expectNothingObeyed(quoting);
  const inspect = { code: 1, stderr: `ERROR: ${text}` };
  const refused = await run({ scenario: { ...HEALTHY, 'buildx inspect': inspect }, branch: `a\n${text}` });
  expectNothingObeyed(refused);
  expect(refused.main?.code).toBe(1);
});
