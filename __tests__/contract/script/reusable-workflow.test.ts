// The reusable workflow passes on all of action.yml.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { MOST_PARTS } from '../../../script/generate/reusable-jobs.js';
import {
  LEFT_OUT,
  LEFT_OUT_OUTPUTS,
  OF_INDEX,
  SECRETS,
  toBuildAction,
  toReusableWorkflow,
} from '../../../script/generate/reusable-workflow.js';

interface Parameter {
  readonly description: string;
  readonly type?: string;
  readonly default?: string | boolean | number;
  readonly value?: string;
}
type Parameters = Readonly<Record<string, Parameter>>;

interface Step {
  readonly uses?: string;
  readonly with: Readonly<Record<string, string | boolean>>;
}

interface Job {
  readonly if: string;
  readonly needs?: string;
  readonly permissions?: unknown;
  readonly concurrency: { readonly group: string; readonly 'cancel-in-progress': boolean };
  readonly outputs: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: {
    readonly workflow_call: { readonly inputs: Parameters; readonly secrets: Parameters; readonly outputs: Parameters };
  };
  readonly permissions?: unknown;
  readonly jobs: { readonly image: Job; readonly part: Job; readonly index: Job; readonly attest: Job };
}

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const action = parse(read('action.yml')) as { readonly inputs: Parameters; readonly outputs: Parameters };
const text = read('.github/workflows/build-image.yml');
const workflow = parse(text) as Workflow;
const { inputs, secrets, outputs } = workflow.on.workflow_call;
const job = workflow.jobs.image;
const [checkout, build] = job.steps;

const { part, index } = workflow.jobs;

const ATTEST_INPUTS = ['attest', 'attest-storage-record'];
const OWN_INPUTS = ['runs-on', 'platform-runners', 'timeout-minutes', ...ATTEST_INPUTS];
const without = (names: readonly string[], left: Readonly<Record<string, string>>): string[] =>
  names.filter((name) => !Object.hasOwn(left, name));

describe('the reusable workflow', () => {
  test('is what script/write-reusable-workflow makes of action.yml', () =>
    expect(text).toBe(toReusableWorkflow(read('action.yml'), 'github.com')));

  test('has each input of action.yml as input or as secret, but for those that are left out', () =>
    expect([...Object.keys(inputs), ...Object.keys(secrets)].sort()).toEqual(
      [...OWN_INPUTS, ...without(Object.keys(action.inputs), LEFT_OUT)].sort(),
    ));

  test('has as secrets what is one, and nothing else', () =>
    expect(Object.keys(secrets).sort()).toEqual(
      SECRETS.filter((name) => Object.hasOwn(action.inputs, name)).toSorted(),
    ));

  test('takes over descriptions and defaults', () => {
    for (const [name, input] of Object.entries(inputs)) {
      if (OWN_INPUTS.includes(name)) continue;
      const { description, default: value } = action.inputs[name]!;
      expect([name, input.description, String(input.default)]).toEqual([name, description, value]);
      expect(input.type).toBe(value === 'true' || value === 'false' ? 'boolean' : 'string');
    }
  });

  test('passes each on under its own name', () => {
    const expected = without(Object.keys(action.inputs), LEFT_OUT).map((name) => [
      name,
      Object.hasOwn(inputs, name)
        ? `\${{ inputs.${name} }}`
        : name === 'password'
          ? '${{ secrets.password || github.token }}'
          : `\${{ secrets.${name} }}`,
    ]);
    expect(Object.entries(build!.with)).toEqual(expected);
  });

  test('hands back each output under its own name, but for those that are left out', () => {
    const names = without(Object.keys(action.outputs), LEFT_OUT_OUTPUTS);
    expect(Object.entries(outputs).map(([name, { value }]) => [name, value])).toEqual(
      names.map((name) => [
        name,
        name === 'pushed'
          ? "${{ inputs.platform-runners != '' && (jobs.index.outputs.pushed || jobs.part.outputs.pushed) || jobs.image.outputs.pushed }}"
          : `\${{ inputs.platform-runners != '' && jobs.index.outputs.${name} || jobs.image.outputs.${name} }}`,
      ]),
    );
    for (const { outputs: own } of [job, index])
      expect(Object.entries(own)).toEqual(names.map((name) => [name, `\${{ steps.build.outputs.${name} }}`]));
  });

  test('asks for the least permissions, and says which the caller must grant', () => {
    for (const { permissions } of [job, part, index])
      expect(permissions).toEqual({ contents: 'read', packages: 'write', 'pull-requests': 'read' });
    for (const [name, level] of Object.entries(job.permissions as Record<string, string>))
      expect(text).toContain(`#     ${name}: ${level}\n`);
  });

  test('never cancels a run that may be pushing, and leaves no token in the checkout', () => {
    for (const { concurrency } of [job, part, index]) expect(concurrency['cancel-in-progress']).toBe(false);
    const groups = [job, part, index].map(({ concurrency }) => concurrency.group);
    expect(new Set(groups).size).toBe(3);
    for (const { with: given } of [checkout!, part.steps[0]!]) expect(given['persist-credentials']).toBe(false);
  });

  test('builds on one runner, or each platform on its own and then an index of them', () => {
    expect([job.if, part.if]).toEqual(["inputs.platform-runners == ''", "inputs.platform-runners != ''"]);
    expect([index.needs, index.if]).toEqual(['part', "needs.part.outputs.pushed == 'true'"]);
    const [, partStep] = part.steps;
    const [indexStep] = index.steps;
    expect([partStep!.uses, indexStep!.uses]).toEqual([build!.uses, build!.uses]);
    // A part is built as the whole image is, for its platform.
    expect(partStep!.with).toEqual({ ...build!.with, platforms: '${{ matrix.platform }}', 'part-of-index': true });
    const { platforms, 'index-of': parts, ...passed } = indexStep!.with;
    expect(passed).toEqual(Object.fromEntries(OF_INDEX.map((name) => [name, build!.with[name]])));
    expect(platforms).toContain('platform-runners');
    const names = Object.keys(part.outputs).filter((name) => name !== 'pushed');
    expect(names).toHaveLength(MOST_PARTS);
    expect(String(parts).trim().split('\n')).toEqual(names.map((name) => `\${{ needs.part.outputs.${name} }}`));
    // Each leg of the matrix sets one of them.
    for (const [place, name] of names.entries())
      expect(part.outputs[name]).toContain(`strategy.job-index == ${place} &&`);
  });

  test('signs the pushed digest in a job of its own, only when asked', () => {
    const { attest } = workflow.jobs;
    for (const name of ATTEST_INPUTS) expect(inputs[name]).toMatchObject({ type: 'boolean', default: false });
    expect(attest.needs).toEqual(['image', 'index']);
    // A promoted image is what another run has built, and signed.
    const promoted = "fromJSON(needs.image.outputs.plan || '{}').promoted";
    expect(attest.if).toMatch(/^!cancelled\(\) && inputs\.attest && !fromJSON\(.*\)$/);
    expect(attest.if).toContain(`inputs.attest && !${promoted} && (`);
    for (const one of ['image', 'index'])
      expect(attest.if).toContain(`needs.${one}.result == 'success' && needs.${one}.outputs.pushed == 'true'`);
    const of = (name: string) =>
      `inputs.platform-runners != '' && needs.index.outputs.${name} || needs.image.outputs.${name}`;
    const signing = attest.steps.filter(({ uses }) => uses?.startsWith('actions/attest@'));
    expect(signing.map((step) => step.with)).toEqual([
      {
        'subject-name': `\${{ fromJSON(${of('plan')}).image }}`,
        'subject-digest': `\${{ ${of('digest')} }}`,
        'push-to-registry': true,
        'create-storage-record': '${{ inputs.attest-storage-record }}',
      },
    ]);
    // The newest release that an example pins, too.
    expect(read('examples/workflows/attest.yml')).toContain(`uses: ${signing[0]!.uses!} #`);
  });

  test('asks nobody for the permissions to sign: who wants it grants them, and the job inherits', () => {
    // Whatever a job asks for, each caller would have to grant, also where the job is skipped.
    expect(workflow.permissions).toBeUndefined();
    expect(workflow.jobs.attest.permissions).toBeUndefined();
    expect(JSON.stringify(workflow)).not.toMatch(/"(?:id-token|attestations)":/);
    for (const permission of ['attestations: write', 'id-token: write'])
      expect(text).toContain(`#     ${permission}\n`);
    // What builds has no part in it.
    for (const { permissions } of [job, part, index]) expect(permissions).not.toHaveProperty('id-token');
  });

  test('names nothing but a commit: the action of its own, and actions of others by theirs', () => {
    const used = [...text.matchAll(/^ *(?:- )?uses: (\S+)/gm)].map(([, uses = '']) => uses);
    expect(used.filter((uses) => uses === '$/build')).toHaveLength(3);
    for (const uses of used) expect(uses).toMatch(/^(?:\$\/build|[\w-]+\/[\w-]+@[0-9a-f]{40})$/);
    // A bare "$/" is refused by GitHub, and "./" would be the caller's checkout.
    expect(text).not.toMatch(/uses: (?:\$\/\s|\.\/)/);
  });
});

describe('the reusable workflow for GitHub Enterprise Server, which does not know "$/"', () => {
  const enterprise = read('.github/workflows/build-image-ghes.yml');

  test('is what script/write-reusable-workflow makes of action.yml', () =>
    expect(enterprise).toBe(toReusableWorkflow(read('action.yml'), 'ghes')));

  test('has no attestations, and grants its jobs nothing by default', () => {
    const { on, permissions, jobs } = parse(enterprise) as Workflow;
    expect(Object.keys(on.workflow_call.inputs).filter((name) => ATTEST_INPUTS.includes(name))).toEqual([]);
    expect([permissions, Object.keys(jobs)]).toEqual([{}, ['image', 'part', 'index']]);
  });

  test('names the action in full, with the major version of package.json, and builds the same', () => {
    const { version } = JSON.parse(read('package.json')) as { readonly version: string };
    const named = `DFE-Digital/two-pass-build@v${version.split('.')[0] ?? ''}`;
    expect(enterprise).not.toContain('uses: $/');
    const { jobs } = JSON.parse(JSON.stringify(parse(enterprise)).replaceAll(named, '$/build')) as Workflow;
    const { image, part: ofParts, index: ofIndex } = workflow.jobs;
    expect(jobs).toEqual({ image, part: ofParts, index: ofIndex });
  });
});

describe('build/action.yml', () => {
  const moved = read('build/action.yml');

  test('is what script/write-reusable-workflow makes of action.yml', () =>
    expect(moved).toBe(toBuildAction(read('action.yml'))));

  test('differs from action.yml in the paths of its bundles alone, which lead to the same files', () => {
    const { runs, ...rest } = parse(moved) as { readonly runs: Record<string, string> };
    const { runs: original, ...expected } = parse(read('action.yml')) as { readonly runs: Record<string, string> };
    expect(rest).toEqual(expected);
    for (const phase of ['main', 'post'])
      expect(new URL(runs[phase]!, 'file:///repository/build/').pathname).toBe(`/repository/${original[phase]!}`);
    expect({ ...runs, main: '', post: '' }).toEqual({ ...original, main: '', post: '' });
  });

  test('would not lose the paths of another order or name', () =>
    expect(toBuildAction('runs:\n  post: dist/other.js\n  main: dist/a.js\n')).toMatch(
      /post: \.\.\/dist\/other\.js\n {2}main: \.\.\/dist\/a\.js/,
    ));
});
