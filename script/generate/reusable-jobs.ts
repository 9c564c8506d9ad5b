// The jobs of the reusable workflow as text: one for the whole image; or one for each platform, and then one for the index
// of these parts; and one that signs where the image comes from. Pure.
import { expression, indent } from './yaml-text.js';

/** As many platforms as the workflow can build on runners of their own: each has an output, since those of a matrix overwrite each other. */
export const MOST_PARTS = 10;

/** What the jobs pass on. */
export interface Passed {
  /** Of each input of the action. */
  readonly values: Readonly<Record<string, string>>;
  /** Names of the action's outputs. */
  readonly outputs: readonly string[];
  /** Lines of a step that name the action. */
  readonly uses: readonly string[];
}

const PARTS = Array.from({ length: MOST_PARTS }, (_, index) => index);
const PLATFORM = expression('matrix.platform');
const RUNS_ON = `runs-on: ${expression("startsWith(inputs.runs-on, '[') && fromJSON(inputs.runs-on) || inputs.runs-on")}`;
const TIMEOUT = `timeout-minutes: ${expression('inputs.timeout-minutes')}`;
const PERMISSIONS = indent(4, ['permissions:', '  contents: read', '  packages: write', '  pull-requests: read']);
const CHECKOUT = indent(6, [
  '- uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1',
  '  with:',
  '    persist-credentials: false',
]);

export function toImageJob(passed: Passed): string {
  return `  image:
    if: inputs.platform-runners == ''
    ${RUNS_ON}
    ${TIMEOUT}
    # One run at a time for each ref and image, and none is cancelled while it pushes. Of the runs that wait, GitHub keeps
    # the newest.
${toConcurrency()}
${PERMISSIONS}
    outputs:
${toOutputs(passed.outputs)}
    steps:
${CHECKOUT}
      - id: build
${indent(8, passed.uses)}
        with:
${toWith(passed.values)}
`;
}

export function toPartJob({ values, uses }: Passed): string {
  return `  part:
    name: part (${PLATFORM})
    if: inputs.platform-runners != ''
    strategy:
      # Each platform's layers are kept, whatever becomes of the others.
      fail-fast: false
      matrix:
        include: ${expression("fromJSON(inputs.platform-runners || '[]')")}
    runs-on: ${expression('matrix.runs-on')}
    ${TIMEOUT}
${toConcurrency(` ${PLATFORM}`)}
${PERMISSIONS}
    # Outputs of a matrix overwrite each other, unless they have other names; an empty one overwrites nothing.
    outputs:
      pushed: ${expression('steps.build.outputs.pushed')}
${indent(
  6,
  PARTS.map(
    (index) => `part-${index}: ${expression(`strategy.job-index == ${index} && steps.build.outputs.digest || ''`)}`,
  ),
)}
    steps:
${CHECKOUT}
      - id: build
${indent(8, uses)}
        with:
${toWith(values, { platforms: PLATFORM, 'part-of-index': 'true' })}
`;
}

/** @param inputs names of those that making an index takes */
export function toIndexJob({ values, outputs, uses }: Passed, inputs: readonly string[]): string {
  const parts = PARTS.map((index) => expression(`needs.part.outputs.part-${index}`));
  return `  index:
    needs: part
    # Parts of a fork are built, and not pushed.
    if: needs.part.outputs.pushed == 'true'
    ${RUNS_ON}
    ${TIMEOUT}
${toConcurrency(' index')}
${PERMISSIONS}
    outputs:
${toOutputs(outputs)}
    steps:
      - id: build
${indent(8, uses)}
        with:
${toWith(Object.fromEntries(inputs.map((name) => [name, values[name]!])), {
  // Compared with the parts: none may be missing.
  platforms: expression("join(fromJSON(inputs.platform-runners).*.platform, ',')"),
  'index-of': `|\n${indent(12, parts)}`,
})}
`;
}

/**
 * Signs, in a job of its own, that this workflow has built the digest: no step of a build, and nothing that it runs, comes
 * near the token that signs.
 *
 * It asks for no permissions, so that it has the calling job's. A job that asks for more than the calling job grants keeps
 * the whole run from starting, also where its condition would skip it, and most callers grant no `id-token: write`.
 * https://docs.github.com/actions/reference/workflows-and-actions/reusing-workflow-configurations
 */
export function toAttestJob(): string {
  const of = (name: string): string =>
    `inputs.platform-runners != '' && needs.index.outputs.${name} || needs.image.outputs.${name}`;
  const image = expression(`fromJSON(${of('plan')}).image`);
  const ofJob = (job: string): string => `needs.${job}.result == 'success' && needs.${job}.outputs.pushed == 'true'`;
  // The expression is read also where the job was skipped, and has no plan.
  const promoted = "fromJSON(needs.image.outputs.plan || '{}').promoted";
  return `  attest:
    needs: [image, index]
    # One of the two has built the image; the other was skipped. A promoted image was built, and signed, by another run.
    if: >-
      !cancelled() && inputs.attest && !${promoted} &&
      (${ofJob('image')} || ${ofJob('index')})
    # No permissions here: it has the calling job's. GitHub starts no run of a caller that grants less than a job asks for.
    ${RUNS_ON}
    ${TIMEOUT}
    steps:
      - name: Log in to the registry
        id: login
        shell: bash
        env:
          IMAGE: ${image}
          USERNAME: ${expression('inputs.username')}
          PASSWORD: ${expression('secrets.password')}
          TOKEN: ${expression('github.token')}
        run: |
          registry=\${IMAGE%%/*}
          # The workflow's token goes to GitHub's own registry and to no other.
          own=ghcr.io
          [[ $GITHUB_SERVER_URL == https://github.com ]] || own=containers.\${GITHUB_SERVER_URL#https://}
          [[ $registry != "$own" ]] || PASSWORD=\${PASSWORD:-$TOKEN}
          if [[ -n $PASSWORD ]]; then
            printf '%s' "$PASSWORD" | docker login "$registry" --username "$USERNAME" --password-stdin
            echo "registry=$registry" >>"$GITHUB_OUTPUT"
          fi
      - uses: actions/attest@1e69f48acb82d1966a394da916b4c1698aa569d6 # v4.2.2
        with:
          subject-name: ${image}
          subject-digest: ${expression(of('digest'))}
          push-to-registry: true
          create-storage-record: ${expression('inputs.attest-storage-record')}
      - name: Log out
        if: always() && steps.login.outputs.registry != ''
        shell: bash
        env:
          REGISTRY: ${expression('steps.login.outputs.registry')}
        run: docker logout "$REGISTRY"
`;
}

/** @param own inputs that this job sets itself: they come last */
function toWith(values: Passed['values'], own: Readonly<Record<string, string>> = {}): string {
  const given = Object.entries(values).filter(([name]) => !Object.hasOwn(own, name));
  return indent(
    10,
    [...given, ...Object.entries(own)].map(([name, value]) => `${name}: ${value}`),
  );
}

function toOutputs(names: readonly string[]): string {
  return indent(
    6,
    names.map((name) => `${name}: ${expression(`steps.build.outputs.${name}`)}`),
  );
}

/** @param job what sets the job's group apart from that of the whole image */
function toConcurrency(job = ''): string {
  const group = ['github.workflow', 'github.ref', 'inputs.image', 'inputs.production-target'].map(expression).join(' ');
  return indent(4, ['concurrency:', `  group: two-pass-build ${group}${job}`, '  cancel-in-progress: false']);
}
