// What people read when a build is slow or red: the job summary of real runs.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { READER } from '../../../lab/services/team.js';
import { expectFailure, expectSuccess, useLab } from '../../support/e2e.js';

const fixture = useLab({ stores: ['containerd'] });
const engine = () => fixture.lab().engine('containerd');

test('of a failed RUN has its step, its line and what it printed, and the log tells the failure once', async () => {
  const team = await fixture.team('red');
  const dockerfile = join(team.service.directory, 'Dockerfile');
  const text = await readFile(dockerfile, 'utf8');
  await writeFile(dockerfile, text.replace('RUN ./src/build', "RUN printf 'not ok\\n```\\n' && false && ./src/build"));
  await team.service.commit('Break the build');
  const result = await team.build(await team.push(), { engine: engine() });
  expectFailure(result, /^The build failed at \[builder 6\/6\] RUN printf /);
  expect(result.summary).toMatch(/^\*\*Failed\.\*\* .*builder 6\/6.*\(Dockerfile:9\\\)/m);
  expect(result.summary).toContain('\n````text\nnot ok\n```\n````\n');
  expect(result.log.match(/^ERROR: failed to build/gm)).toHaveLength(1);
});

test('names the first step that the cache had not, and why', async () => {
  const team = await fixture.team('slow');
  expectSuccess(await team.build(await team.push(), { engine: engine() }));
  await engine().prune();
  await team.service.changeSource('Another greeting');
  const result = await team.build(await team.push(), { engine: engine() });
  expectSuccess(result);
  expect(result.summary).toContain(
    '- First step not cached: `[builder 5/6] COPY src src` (a file that it copies changed)\n',
  );
});

test('of a fork says why nothing was pushed, and where the image is', async () => {
  const team = await fixture.team('forked');
  const event = await team.pullRequest({ number: 7, head: 'better', fork: 'someone/fork' });
  const inputs = { username: READER.name, password: READER.password };
  const result = await team.build(event, { engine: engine(), inputs });
  expectSuccess(result);
  expect(result.summary).toContain('**Not pushed:** runs for the code of a fork never push');
  expect(result.summary).toContain(`have the image as \`${result.outputs.image}\`.`);
  expect((await engine().docker(['image', 'inspect', result.outputs.image!])).code).toBe(0);
});
