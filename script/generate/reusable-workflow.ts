// action.yml -> .github/workflows/build-image.yml, the reusable workflow around the action.
import { parse, stringify } from 'yaml';

/** Inputs of the action that a caller hands over as secrets: what it gives as an input cannot come from a secret. */
export const SECRETS: readonly string[] = ['password', 'mirror-logins', 'secrets', 'scan-token'];

/** Inputs of the action that the workflow has not, and why. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  'github-token': "it is the job's own, with the permissions below",
  logout: 'no later step of this job could use the login',
  'part-of-index': 'platform-runners makes jobs of that kind',
  'index-of': 'platform-runners makes a job of that kind',
  comment: 'it needs pull-requests: write, which then every caller would have to grant',
  'upload-sarif': 'it needs security-events: write, which then every caller would have to grant',
};

/** Outputs of the action that the workflow has not, and why. */
export const LEFT_OUT_OUTPUTS: Readonly<Record<string, string>> = {
  'sarif-file': 'it is a path on the machine of this job',
};

/** Inputs of the action that the job has which makes an index of parts: nothing is built there. */
export const OF_INDEX: readonly string[] = [
  'image',
  'username',
  'password',
  'mirrors',
  'mirror-logins',
  'push',
  'main-branch',
  'tag',
  'extra-tags',
];

/** As many platforms as the workflow can build on runners of their own: each has an output, since those of a matrix overwrite each other. */
export const MOST_PARTS = 10;

interface ActionFile {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: string }>>;
  readonly outputs: Readonly<Record<string, { readonly description: string }>>;
}

const expression = (text: string): string => `\${{ ${text} }}`;
const scalar = (value: string): string => stringify(value, { singleQuote: true, lineWidth: 0 }).trimEnd();
const indent = (depth: number, lines: readonly string[]): string =>
  lines.map((line) => `${' '.repeat(depth)}${line}`).join('\n');

export function toReusableWorkflow(actionYaml: string): string {
  const action = parse(actionYaml) as ActionFile;
  const names = Object.keys(action.inputs).filter((name) => !Object.hasOwn(LEFT_OUT, name));
  const plain = names.filter((name) => !SECRETS.includes(name));
  const secret = names.filter((name) => SECRETS.includes(name));
  const outputs = Object.keys(action.outputs).filter((name) => !Object.hasOwn(LEFT_OUT_OUTPUTS, name));

  const toInput = (name: string): string[] => {
    const { description, default: value } = action.inputs[name]!;
    // As a boolean it can be given without quotes, and by an expression.
    const type = value === 'true' || value === 'false' ? 'boolean' : 'string';
    return [
      `${name}:`,
      `  description: ${scalar(description)}`,
      `  type: ${type}`,
      `  default: ${type === 'boolean' ? value : scalar(value)}`,
    ];
  };
  const toValue = (name: string): string => {
    if (!SECRETS.includes(name)) return expression(`inputs.${name}`);
    // A secret has no default of its own.
    const [, fallback] = /^\$\{\{ (.+) \}\}$/.exec(action.inputs[name]!.default) ?? [];
    return expression(fallback === undefined ? `secrets.${name}` : `secrets.${name} || ${fallback}`);
  };

  const toWith = (passed: readonly string[], own: Readonly<Record<string, string>> = {}): string =>
    indent(10, [
      ...passed.filter((name) => !Object.hasOwn(own, name)).map((name) => `${name}: ${toValue(name)}`),
      ...Object.entries(own).map(([name, value]) => `${name}: ${value}`),
    ]);
  const ownOutputs = indent(
    6,
    outputs.map((name) => `${name}: ${expression(`steps.build.outputs.${name}`)}`),
  );
  const toOutput = (name: string): string => {
    const ofIndex = `jobs.index.outputs.${name}`;
    // Parts that were not pushed have no index.
    const ofParts = name === 'pushed' ? `(${ofIndex} || jobs.part.outputs.pushed)` : ofIndex;
    return expression(`inputs.platform-runners != '' && ${ofParts} || jobs.image.outputs.${name}`);
  };
  const parts = Array.from({ length: MOST_PARTS }, (_, index) => index);
  const runsOn = expression("startsWith(inputs.runs-on, '[') && fromJSON(inputs.runs-on) || inputs.runs-on");
  const group = ['github.workflow', 'github.ref', 'inputs.image', 'inputs.production-target'].map(expression).join(' ');
  const toConcurrency = (more = ''): string =>
    indent(4, ['concurrency:', `  group: two-pass-build ${group}${more}`, '  cancel-in-progress: false']);

  return `# Written by script/write-reusable-workflow from action.yml: change it there.
#
# The action as a job of its own: checkout, build, outputs. Inputs, secrets and outputs have the action's names and
# meanings. Only these are left out:
${indent(
  0,
  Object.entries({ ...LEFT_OUT, ...LEFT_OUT_OUTPUTS }).map(([name, why]) => `#   ${name}: ${why}`),
)}
#
# With platform-runners, each platform is built in a job of its own, and a last job makes one image of them.
#
# A called workflow cannot raise its caller's permissions, and GitHub does not start one that asks for more. The calling
# job must grant these three:
#
#   permissions:
#     contents: read
#     packages: write
#     pull-requests: read
name: Build image

on:
  workflow_call:
    inputs:
      runs-on:
        description: Label of the runner, or a JSON list of labels
        type: string
        default: ubuntu-latest
      platform-runners:
        description: 'Instead of platforms: a JSON list of objects with platform and runs-on, each built on a runner of its own; at most ${MOST_PARTS}'
        type: string
        default: ''
      timeout-minutes:
        description: Minutes after which the job is cancelled
        type: number
        default: 60
${indent(6, plain.flatMap(toInput))}
    secrets:
${indent(
  6,
  secret.flatMap((name) => [
    `${name}:`,
    `  description: ${scalar(action.inputs[name]!.description)}`,
    '  required: false',
  ]),
)}
    outputs:
${indent(
  6,
  outputs.flatMap((name) => [
    `${name}:`,
    `  description: ${scalar(action.outputs[name]!.description)}`,
    `  value: ${toOutput(name)}`,
  ]),
)}

permissions: {}

jobs:
  image:
    if: inputs.platform-runners == ''
    runs-on: ${runsOn}
    timeout-minutes: ${expression('inputs.timeout-minutes')}
    # One run at a time for each ref and image, and none is cancelled while it pushes. Of the runs that wait, GitHub keeps
    # the newest.
${toConcurrency()}
${PERMISSIONS}
    outputs:
${ownOutputs}
    steps:
${CHECKOUT}
      - id: build
        # "./" would be the caller's own checkout, so the action is named in full.
        ${USES}
        with:
${toWith(names)}

  part:
    name: part (${expression('matrix.platform')})
    if: inputs.platform-runners != ''
    strategy:
      # Each platform's layers are kept, whatever becomes of the others.
      fail-fast: false
      matrix:
        include: ${expression("fromJSON(inputs.platform-runners || '[]')")}
    runs-on: ${expression('matrix.runs-on')}
    timeout-minutes: ${expression('inputs.timeout-minutes')}
${toConcurrency(` ${expression('matrix.platform')}`)}
${PERMISSIONS}
    # Outputs of a matrix overwrite each other, unless they have other names; an empty one overwrites nothing.
    outputs:
      pushed: ${expression('steps.build.outputs.pushed')}
${indent(
  6,
  parts.map(
    (index) => `part-${index}: ${expression(`strategy.job-index == ${index} && steps.build.outputs.digest || ''`)}`,
  ),
)}
    steps:
${CHECKOUT}
      - id: build
        ${USES}
        with:
${toWith(names, { platforms: expression('matrix.platform'), 'part-of-index': 'true' })}

  index:
    needs: part
    # Parts of a fork are built, and not pushed.
    if: needs.part.outputs.pushed == 'true'
    runs-on: ${runsOn}
    timeout-minutes: ${expression('inputs.timeout-minutes')}
${toConcurrency(' index')}
${PERMISSIONS}
    outputs:
${ownOutputs}
    steps:
      - id: build
        ${USES}
        with:
${toWith(OF_INDEX, {
  // Compared with the parts: none may be missing.
  platforms: expression("join(fromJSON(inputs.platform-runners).*.platform, ',')"),
  'index-of': `|\n${indent(
    12,
    parts.map((index) => expression(`needs.part.outputs.part-${index}`)),
  )}`,
})}
`;
}

const PERMISSIONS = indent(4, ['permissions:', '  contents: read', '  packages: write', '  pull-requests: read']);
const CHECKOUT = indent(6, [
  '- uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1',
  '  with:',
  '    persist-credentials: false',
]);
const USES = 'uses: DFE-Digital/two-pass-build@v1 # zizmor: ignore[unpinned-uses] of the same release as this file';
