// What a run shows: the log of the build, and annotations on the lines of the Dockerfile.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { ImageStore } from '../../../lab/engine/engine.js';
import type { ActionResult } from '../../../lab/runner/action-run.js';
import { expectSuccess, useLab } from '../../support/e2e.js';

const STORES: readonly ImageStore[] = ['containerd'];
const fixture = useLab({ stores: STORES });

const annotationsOf = ({ annotations }: ActionResult, level: string) =>
  annotations.filter((annotation) => annotation.level === level);

/** Builds a Dockerfile that begins with the ARG of the base image. @param lines from its second line on */
async function buildDockerfile(name: string, store: ImageStore, ...lines: readonly string[]) {
  const team = await fixture.team(`${name}-${store}`);
  await mkdir(join(team.service.directory, 'deploy'));
  const dockerfile = ['ARG BASE_IMAGE=scratch', ...lines, ''].join('\n');
  await writeFile(join(team.service.directory, 'deploy/app.Dockerfile'), dockerfile);
  await team.service.commit('Write a Dockerfile');
  const engine = fixture.lab().engine(store);
  return team.build(await team.push(), { engine, inputs: { file: 'deploy/app.Dockerfile' } });
}

describe.each(STORES)('on the %s store', (store) => {
  test('a failing heredoc RUN is annotated at its lines, with what it printed last', async () => {
    const result = await buildDockerfile(
      'heredoc',
      store,
      'FROM ${BASE_IMAGE} AS builder',
      'RUN <<END',
      'echo first',
      'echo the reason',
      'exit 3',
      'END',
      'FROM ${BASE_IMAGE} AS production',
      'COPY --from=builder /a /b',
    );
    expect(result.main?.code).toBe(1);
    const [error, ...others] = annotationsOf(result, 'error');
    expect(others).toEqual([]);
    expect(error?.properties).toMatchObject({ file: 'deploy/app.Dockerfile', line: '3', endLine: '7' });
    expect(error?.message).toMatch(
      /^The build failed at \[builder 2\/2\] RUN <<END \(echo first\.\.\.\) \(deploy\/app\.Dockerfile:3\): .*exit code: 3\nfirst\nthe reason$/,
    );
  });

  test('what is wrong with the Dockerfile is said once, at its line, though both passes see it', async () => {
    const result = await buildDockerfile(
      'checks',
      store,
      'FROM ${BASE_IMAGE} as builder',
      'RUN echo built > /app',
      'FROM ${BASE_IMAGE} AS production',
      'COPY --from=builder /app /app',
      'ENV SERVICE_PASSWORD=nothing',
    );
    expectSuccess(result);
    expect(result.log.match(/^docker buildx build/gm)).toHaveLength(2);
    expect(annotationsOf(result, 'warning')).toEqual([
      {
        level: 'warning',
        message: expect.stringMatching(/^FromAsCasing: .*docs\.docker\.com/),
        properties: { file: 'deploy/app.Dockerfile', line: '2', endLine: '2' },
      },
      {
        level: 'warning',
        message: expect.stringMatching(/^SecretsUsedInArgOrEnv: .*SERVICE_PASSWORD/),
        properties: { file: 'deploy/app.Dockerfile', line: '6', endLine: '6' },
      },
    ]);
  });

  test('the log has a line for each step, what RUN prints, and no noise', async () => {
    const engine = fixture.lab().engine(store);
    const team = await fixture.team(`log-${store}`);
    const event = await team.push();
    const cold = await team.build(event, { engine });
    expectSuccess(cold);
    for (const line of [
      /^\[builder 4\/6\] RUN \.\/install-dependencies dependencies\.lock vendor$/m,
      /^\[builder 4\/6\] \| installed router 4\.18\.2$/m,
      /^\[builder 4\/6\] done in \d+\.\d s$/m,
      /^exporting to image: \d+\.\d s/m,
    ]) {
      expect(cold.log.match(new RegExp(line, 'gm'))).toHaveLength(line.source.startsWith('^exporting') ? 2 : 1);
    }
    await engine.prune();
    const again = await team.build(event, { engine });
    expectSuccess(again);
    expect(again.log).toMatch(/^\[builder 4\/6\] RUN \.\/install-dependencies dependencies\.lock vendor \(cached/m);
    expect(again.log).not.toMatch(/^(?:#\d|\{"|.*(?:extracting|pulling) sha256)/m);
  });
});
