import { describe, expect, test } from '@jest/globals';
import { type PassProgress, isExportFailure } from '../../src/progress/build-step.js';
import { plainProgressOf } from './fixtures.js';

/** Standard error of `docker buildx build --progress=plain`, shortened. */
const HEAD = `#0 building with "default" instance using docker driver

#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 512B done
#1 DONE 0.0s

#2 [internal] load metadata for docker.io/library/node:22
#2 DONE 0.6s

#3 importing cache manifest from ghcr.io/owner/app:builder-main
#3 inferred cache manifest type: application/vnd.oci.image.manifest.v1+json done
#3 DONE 0.2s
`;

const MIXED = `${HEAD}
#4 [builder 1/4] FROM docker.io/library/node:22@sha256:abc
#4 CACHED

#5 [builder 2/4] WORKDIR /app
#5 CACHED

#6 [builder 3/4] COPY package.json ./
#6 DONE 0.1s

#7 [builder 4/4] RUN npm ci
#7 0.512 CACHED
#7 1.024 ERROR: this is only the output of a command
#7 1.100 DONE 9.9s
#7 ...

#8 [production 2/3] COPY --from=builder /app /app
#8 DONE 0.3s

#7 [builder 4/4] RUN npm ci
#7 12.31 added 5 packages
#7 DONE 12.4s

#9 exporting to image
#9 exporting layers 0.5s done
#9 pushing layers 1.0s done
#9 DONE 1.6s
`;

const FAILED_RUN = `${HEAD}
#5 [builder 2/3] COPY . .
#5 CACHED

#6 [builder 3/3] RUN npm test
#6 0.411 1 failing
#6 ERROR: process "/bin/sh -c npm test" did not complete successfully: exit code: 1
------
 > [builder 3/3] RUN npm test:
0.411 1 failing
------
Dockerfile:12
--------------------
  12 | >>> RUN npm test
--------------------
ERROR: failed to build: failed to solve: process "/bin/sh -c npm test" did not complete successfully: exit code: 1
`;

const FAILED_PUSH = `${HEAD}
#5 [builder 2/2] RUN true
#5 DONE 0.2s

#6 exporting to image
#6 exporting layers done
#6 pushing layers 0.3s done
#6 ERROR: failed to push ghcr.io/owner/app:builder-main: denied: permission_denied: write_package
------
 > exporting to image:
------
ERROR: failed to build: failed to solve: failed to push ghcr.io/owner/app:builder-main: denied
`;

const TWO_PLATFORMS = `${HEAD}
#5 [linux/amd64 builder 1/2] FROM docker.io/library/node:22@sha256:abc
#5 CACHED

#6 [linux/arm64 builder 2/2] RUN make
#6 ERROR: context canceled

#7 [linux/amd64 builder 2/2] RUN make
#7 ERROR: process "/bin/sh -c make" did not complete successfully: exit code: 2
`;

const ofLines = (text: string): PassProgress => plainProgressOf(text.split('\n'));

describe('plain progress', () => {
  test('steps are those of the Dockerfile without FROM; output of commands is not taken for progress', () => {
    const { steps, failed } = ofLines(MIXED);
    expect(failed).toBeNull();
    expect(steps).toEqual([
      { name: '[builder 2/4] WORKDIR /app', stage: 'builder', cached: true, seconds: 0, error: null, output: [] },
      {
        name: '[builder 3/4] COPY package.json ./',
        stage: 'builder',
        cached: false,
        seconds: 0.1,
        error: null,
        output: [],
      },
      {
        name: '[builder 4/4] RUN npm ci',
        stage: 'builder',
        cached: false,
        seconds: 12.4,
        error: null,
        output: ['CACHED', 'ERROR: this is only the output of a command', 'DONE 9.9s', 'added 5 packages'],
      },
      {
        name: '[production 2/3] COPY --from=builder /app /app',
        stage: 'production',
        cached: false,
        seconds: 0.3,
        error: null,
        output: [],
      },
    ]);
  });

  test('a step that fails is the failure, and no export failure', () => {
    const progress = ofLines(FAILED_RUN);
    expect(progress.failed).toEqual({
      name: '[builder 3/3] RUN npm test',
      stage: 'builder',
      cached: false,
      seconds: 0,
      error: 'process "/bin/sh -c npm test" did not complete successfully: exit code: 1',
      output: ['1 failing'],
    });
    expect(progress.steps.map(({ cached }) => cached)).toEqual([true, false]);
    expect(isExportFailure(progress)).toBe(false);
  });

  test('a push that fails is an export failure', () => {
    const progress = ofLines(FAILED_PUSH);
    expect(progress.failed?.error).toMatch(/^failed to push .*write_package$/);
    expect(progress.steps).toHaveLength(1);
    expect(isExportFailure(progress)).toBe(true);
  });

  test('of several platforms the one that failed counts, not the one that was cancelled for it', () => {
    const progress = ofLines(TWO_PLATFORMS);
    expect(progress.failed?.name).toBe('[linux/amd64 builder 2/2] RUN make');
    expect(progress.steps).toHaveLength(2);
  });

  test.each([
    ['a stage without a name', '[2/3] RUN x', 1],
    ['a stage with a number', '[stage-1 2/3] COPY a b', 1],
    ['a base image', '[1/3] FROM node', 0],
    ['a step whose text begins like FROM', '[2/3] FROMAGE x', 1],
    ['the login', '[auth] owner/app:pull,push token for ghcr.io', 0],
    ['the context', '[internal] load build context', 0],
    ['an export', 'exporting to image', 0],
  ])('%s: %j', (_, name, count) => expect(plainProgressOf([`#1 ${name}`, '#1 DONE 0.0s']).steps).toHaveLength(count));

  test.each([
    ['exporting to image', true],
    ['exporting cache to registry', true],
    ['pushing ghcr.io/owner/app:builder-main', true],
    ['merging manifest list ghcr.io/owner/app:builder-main', true],
    ['[internal] load metadata for docker.io/library/node:22', false],
    ['[builder 2/3] RUN exporting', false],
  ])('a failure of %j is one of the export: %s', (name, expected) =>
    expect(isExportFailure(plainProgressOf([`#1 ${name}`, '#1 ERROR: no']))).toBe(expected),
  );

  const LAYER = `sha256:${'a'.repeat(64)}`;

  test.each([
    ['the line CACHED', ['CACHED'], true],
    ['a layer that is pulled', [`${LAYER} 1.05MB / 3.2MB`, 'DONE 1.2s'], true],
    ['a layer that overlay2 pulls', [`pulling ${LAYER} 0.5s done`, 'DONE 1.2s'], true],
    ['a pull without an end yet', [`pulling ${LAYER} `], true],
    ['a command that prints such a line', [`0.512 pulling ${LAYER} done`, 'DONE 1.2s'], false],
    ['something else that is pulled', ['pulling the rug', `pulling ${LAYER.slice(0, -1)} done`, 'DONE 1.2s'], false],
    ['nothing but its end', ['DONE 1.2s'], false],
  ])('whether a step came from the cache: %s', (_, lines, cached) =>
    expect(plainProgressOf(['#1 [builder 2/4] RUN x', ...lines.map((line) => `#1 ${line}`)]).steps).toMatchObject([
      { cached },
    ]),
  );

  test.each([
    ['[builder 2/4] RUN x', 'builder'],
    ['[linux/amd64 builder 2/5] RUN x', 'builder'],
    ['[linux/arm64->amd64 builder 2/5] RUN x', 'builder'],
    ['[builder  2/12] RUN x', 'builder'],
    ['[stage-1 2/4] RUN x', 'stage-1'],
    ['[2/4] RUN x', ''],
    ['[ 2/12] RUN x', ''],
    ['[2/4] RUN echo [builder 3/4]', ''],
    ['[Builder 2/4] RUN x', 'builder'],
  ])('the stage of %j is %j', (name, stage) =>
    expect(plainProgressOf([`#1 ${name}`, '#1 DONE 0.0s']).steps).toMatchObject([{ name, stage }]),
  );

  test('what is no step has no stage', () =>
    expect(plainProgressOf(['#1 exporting to image', '#1 ERROR: failed to push']).failed).toMatchObject({
      stage: '',
    }));

  test('nothing at all is no failure', () => {
    expect(plainProgressOf([])).toEqual({ steps: [], failed: null, errors: [], warnings: [], work: [] });
    expect(isExportFailure(ofLines('ERROR: failed to build: no builder "x" found'))).toBe(false);
  });
});
