// Who may push: every kind of event, with every token it can have, in every mode of the input push. What came of it is
// read from the requests that the registry got, from its tags, and from the engine.
import { beforeEach, expect, test } from '@jest/globals';
import type { RunnerEvent } from '../../../src/plan/event/event.js';
import { REPOSITORY, SHA, mergeGroup, on, pullRequest, push } from '../../support/world/events.js';
import { type SmallWorld, useSmallWorld } from '../../support/world/small-world.js';

const openWorld = useSmallWorld();
let world: SmallWorld;
beforeEach(() => {
  world = openWorld();
  world.registry.users = [WRITER, READER];
  world.checkedOut = { commit: SHA, branch: null };
});

const WRITER = { name: 'octo', password: 'writers-password', writes: true };
const READER = { name: 'reader', password: 'readers-password', writes: false };
const DEPENDABOT = 'dependabot[bot]';
const FORK = 'mallory/app';

/** What the run does with `push: auto`; the other two modes follow from it. */
type Outcome = 'pushes' | 'fork' | 'denied';

interface Row {
  readonly title: string;
  readonly event: RunnerEvent;
  readonly token: typeof WRITER;
  readonly outcome: Outcome;
  readonly actor?: string;
}

const onMain = (name: string): RunnerEvent => on(name, 'refs/heads/main');
const dependabot = pullRequest({ head: 'dependabot/npm/left-pad' });
const ROWS: readonly Row[] = [
  { title: 'a push to a branch', event: push('main', SHA), token: WRITER, outcome: 'pushes' },
  { title: 'a push with a read-only token', event: push('main', SHA), token: READER, outcome: 'denied' },
  { title: 'a pull request of the same repository', event: pullRequest(), token: WRITER, outcome: 'pushes' },
  { title: 'a pull request of a fork', event: pullRequest({ fork: FORK }), token: READER, outcome: 'fork' },
  {
    title: 'a pull request of a fork from its main, whose token may write',
    event: pullRequest({ fork: FORK, head: 'main' }),
    token: WRITER,
    outcome: 'fork',
  },
  {
    title: 'pull_request_target of a fork',
    event: pullRequest({ fork: FORK, name: 'pull_request_target' }),
    token: WRITER,
    outcome: 'fork',
  },
  { title: 'Dependabot', event: dependabot, token: READER, outcome: 'denied', actor: DEPENDABOT },
  { title: 'Dependabot with a raised token', event: dependabot, token: WRITER, outcome: 'pushes', actor: DEPENDABOT },
  { title: 'schedule', event: onMain('schedule'), token: WRITER, outcome: 'pushes' },
  { title: 'merge_group', event: mergeGroup(), token: WRITER, outcome: 'pushes' },
  { title: 'workflow_dispatch', event: onMain('workflow_dispatch'), token: WRITER, outcome: 'pushes' },
];
const CELLS = ROWS.flatMap((row) => (['auto', 'true', 'false'] as const).map((mode) => ({ ...row, mode })));

test.each(CELLS)('$title, push: $mode', async ({ event, token, outcome, actor = 'somebody', mode }) => {
  const inputs = { username: token.name, password: token.password, push: mode };
  const { error, outputs, notices, summary } = await world.run(event, inputs, { actor });
  const writes = world.registry.requests.filter((request) => !/^(?:GET|HEAD) /.test(request));
  const tags = world.registry.tags(REPOSITORY);

  if (outcome === 'pushes' && mode !== 'false') {
    expect(error).toBeNull();
    expect(outputs.pushed).toBe('true');
    // The one upload that the preflight has opened and cancelled.
    expect(writes.filter((request) => request.startsWith('DELETE'))).toHaveLength(1);
    expect(outputs.digest).toBe(world.registry.manifest(REPOSITORY, outputs.tag ?? '')?.digest);
    const written = outputs.tags?.split('\n').map((name) => name.slice(name.lastIndexOf(':') + 1));
    expect(written?.sort()).toEqual(tags);
    return;
  }
  expect(tags).toEqual([]);
  // The preflight alone may write, and is refused; forks and push: false do not even ask.
  expect([...new Set(writes)]).toEqual(outcome === 'denied' && mode !== 'false' ? ['POST blobs/uploads/'] : []);
  if (outcome !== 'pushes' && mode === 'true') {
    expect(error?.name).toBe('InputError');
    expect(error?.message).toMatch(
      outcome === 'fork' ? /^push is true, but .*mallory\/app.*push: auto/ : /^push is true, but .*write_package/,
    );
    expect(world.engine.builds).toEqual([]);
    return;
  }
  expect(error).toBeNull();
  expect(outputs.pushed).toBe('false');
  for (const name of ['digest', 'pinned-image', 'tags', 'builder-image', 'builder-digest'])
    expect(outputs).not.toHaveProperty(name);
  const because =
    mode === 'false' && outcome !== 'fork'
      ? /the input push is false/
      : { fork: /is from mallory\/app/, denied: /write_package/, pushes: /never/ }[outcome];
  expect(notices.filter((notice) => notice.startsWith('Nothing was pushed'))).toEqual([expect.stringMatching(because)]);
  expect(summary).toContain('**Not pushed:**');
  expect([...world.engine.images.keys()]).toEqual([outputs.image]);
});

test('a registry that everybody may read and nobody write gets no upload of a fork', async () => {
  world.registry.users = null;
  world.registry.writable = false;
  await world.succeed(pullRequest({ fork: FORK }));
  expect(world.registry.requests.filter((request) => !/^(?:GET|HEAD) /.test(request))).toEqual([]);
});
