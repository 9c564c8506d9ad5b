// The example workflows, and those that documents show, use what there is.
import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly uses?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly secrets?: Readonly<Record<string, unknown>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
  readonly 'timeout-minutes'?: number;
}
interface Workflow {
  readonly permissions: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}
interface Interface {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly secrets?: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
}

const ACTION = 'DFE-Digital/two-pass-build@v1';
const CLEANUP = 'DFE-Digital/two-pass-build/cleanup@v1';
const REUSABLE = 'DFE-Digital/two-pass-build/.github/workflows/build-image.yml@v1';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const action = parse(read('action.yml')) as Interface;
const cleanup = parse(read('cleanup/action.yml')) as Interface;
const reusable = parse(read('.github/workflows/build-image.yml')) as {
  readonly on: { readonly workflow_call: Interface };
  readonly jobs: Readonly<Record<string, Job>>;
};
const { workflow_call: called } = reusable.on;
const files = readdirSync(new URL('examples/workflows/', root)).sort();
const examples = files.map((file): [string, string] => [file, read(`examples/workflows/${file}`)]);

const unknown = (names: readonly string[], known: Readonly<Record<string, unknown>>): string[] =>
  names.filter((name) => !Object.hasOwn(known, name));

describe.each(examples)('%s', (_, text) => {
  const { permissions, jobs } = parse(text) as Workflow;
  const steps = Object.values(jobs).flatMap((job) => job.steps ?? []);

  test('uses only inputs and outputs that there are', () => {
    const builds = steps.filter(({ uses }) => uses === ACTION);
    const calls = Object.entries(jobs).filter(([, { uses }]) => uses === REUSABLE);
    const cleanups = steps.filter(({ uses }) => uses === CLEANUP);
    expect(builds.length + calls.length + cleanups.length).toBeGreaterThan(0);
    for (const step of cleanups) expect(unknown(Object.keys(step.with ?? {}), cleanup.inputs)).toEqual([]);
    for (const step of builds) expect(unknown(Object.keys(step.with ?? {}), action.inputs)).toEqual([]);
    const ids = builds.flatMap(({ id }) => (id === undefined ? [] : [id]));
    const used = [...text.matchAll(/steps\.([\w-]+)\.outputs\.([\w-]+)/g)].filter(([, id = '']) => ids.includes(id));
    expect(
      unknown(
        used.map(([, , name = '']) => name),
        action.outputs,
      ),
    ).toEqual([]);
    for (const [id, job] of calls) {
      expect(unknown(Object.keys(job.with ?? {}), called.inputs)).toEqual([]);
      expect(unknown(Object.keys(job.secrets ?? {}), called.secrets ?? {})).toEqual([]);
      const outputs = [...text.matchAll(new RegExp(`needs\\.${id}\\.outputs\\.([\\w-]+)`, 'g'))];
      expect(
        unknown(
          outputs.map(([, name = '']) => name),
          called.outputs,
        ),
      ).toEqual([]);
      expect(job.permissions).toMatchObject(reusable.jobs.image!.permissions!);
      const signing = { attestations: 'write', 'id-token': 'write' };
      if (job.with?.attest === true) expect(job.permissions).toMatchObject(signing);
      else for (const permission of Object.keys(signing)) expect(job.permissions).not.toHaveProperty(permission);
    }
  });

  test('grants nothing by default, ends by itself, and leaves no token in the checkout', () => {
    expect(permissions).toEqual({});
    for (const job of Object.values(jobs)) {
      expect(job.permissions).toBeDefined();
      if (job.uses === undefined) expect(job['timeout-minutes']).toBeGreaterThan(0);
    }
    for (const step of steps.filter(({ uses }) => uses?.startsWith('actions/checkout@') === true))
      expect(step.with).toMatchObject({ 'persist-credentials': false });
  });

  test('grants what its inputs need', () => {
    for (const job of Object.values(jobs)) {
      for (const step of (job.steps ?? []).filter(({ uses }) => uses === ACTION)) {
        const { image, comment = false, 'upload-sarif': upload = false } = step.with ?? {};
        const needed = {
          contents: 'read',
          ...(image === undefined || (typeof image === 'string' && image.startsWith('ghcr.io/'))
            ? { packages: 'write' }
            : {}),
          ...(comment === true ? { 'pull-requests': 'write' } : {}),
          ...(upload === true ? { 'security-events': 'write' } : {}),
        };
        expect(job.permissions).toMatchObject(needed);
      }
    }
  });
});

test.each(['deploy-kubectl.yml', 'deploy-terraform.yml'])(
  '%s verifies what it deploys, before anything else',
  (file) => {
    const { jobs } = parse(read(`examples/workflows/${file}`)) as Workflow;
    const [first] = (jobs.deploy?.steps ?? []) as readonly { readonly run?: string }[];
    expect(first?.run).toContain('gh attestation verify "oci://$IMAGE" --repo "$GITHUB_REPOSITORY"');
    expect(first?.run).toContain(`--signer-workflow ${REUSABLE.split('@')[0]!}`);
    expect(jobs.image).toMatchObject({ uses: REUSABLE, with: { attest: true } });
    expect(jobs.deploy?.permissions).toMatchObject({ attestations: 'read', packages: 'read' });
  },
);

test('the list of examples names each file', () =>
  expect([...read('examples/README.md').matchAll(/\]\(workflows\/([^)]+)\)/g)].map(([, file]) => file).sort()).toEqual(
    files,
  ));

test.each(['docs/checks.md', 'docs/migrating.md', 'docs/troubleshooting.md'])(
  '%s uses only inputs and outputs that there are',
  (file) => {
    const text = read(file);
    const used = [...text.matchAll(/uses: DFE-Digital\/two-pass-build@v1\n( *)with:\n((?:\1 {2}.*\n)+)/g)].flatMap(
      ([, indent = '', block = '']) =>
        [...block.matchAll(new RegExp(`^${indent} {2}([\\w-]+):`, 'gm'))].map(([, name = '']) => name),
    );
    expect(used.length).toBeGreaterThan(0);
    expect(unknown(used, action.inputs)).toEqual([]);
    const outputs = [...text.matchAll(/steps\.build\.outputs\.([\w-]+)/g)].map(([, name = '']) => name);
    expect(unknown(outputs, action.outputs)).toEqual([]);
  },
);

test('the clean-up of several images names each that the matrix builds', () => {
  const matrix = [...read('examples/workflows/several-services.yml').matchAll(/- service: (\w+)/g)].map(
    ([, name]) => name,
  );
  const cleaned = [
    ...read('examples/workflows/clean-up-several-images.yml').matchAll(
      /ghcr\.io\/\$\{\{ github\.repository \}\}\/(\w+)/g,
    ),
  ].map(([, name]) => name);
  expect(matrix).toHaveLength(3);
  expect(cleaned).toEqual(matrix);
});
