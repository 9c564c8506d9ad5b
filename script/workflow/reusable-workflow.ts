// action.yml -> .github/workflows/build-image.yml, the reusable workflow around the action.
import { parse, stringify } from 'yaml';

/** Inputs of the action that a caller hands over as secrets: what it gives as an input cannot come from a secret. */
export const SECRETS: readonly string[] = ['password', 'mirror-logins', 'secrets', 'scan-token'];

/** Inputs of the action that the workflow has not, and why. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  'github-token': "it is the job's own, with the permissions below",
  logout: 'no later step of this job could use the login',
  comment: 'it needs pull-requests: write, which then every caller would have to grant',
  'upload-sarif': 'it needs security-events: write, which then every caller would have to grant',
};

/** Outputs of the action that the workflow has not, and why. */
export const LEFT_OUT_OUTPUTS: Readonly<Record<string, string>> = {
  'sarif-file': 'it is a path on the machine of this job',
};

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

  return `# Written by script/write-reusable-workflow from action.yml: change it there.
#
# The action as a job of its own: checkout, build, outputs. Inputs, secrets and outputs have the action's names and
# meanings. Only these are left out:
${indent(
  0,
  Object.entries({ ...LEFT_OUT, ...LEFT_OUT_OUTPUTS }).map(([name, why]) => `#   ${name}: ${why}`),
)}
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
    `  value: ${expression(`jobs.image.outputs.${name}`)}`,
  ]),
)}

permissions: {}

jobs:
  image:
    runs-on: ${expression("startsWith(inputs.runs-on, '[') && fromJSON(inputs.runs-on) || inputs.runs-on")}
    timeout-minutes: ${expression('inputs.timeout-minutes')}
    # One run at a time for each ref and image, and none is cancelled while it pushes. Of the runs that wait, GitHub keeps
    # the newest.
    concurrency:
      group: two-pass-build ${expression('github.workflow')} ${expression('github.ref')} ${expression('inputs.image')} ${expression('inputs.production-target')}
      cancel-in-progress: false
    permissions:
      contents: read
      packages: write
      pull-requests: read
    outputs:
${indent(
  6,
  outputs.map((name) => `${name}: ${expression(`steps.build.outputs.${name}`)}`),
)}
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
      - id: build
        # "./" would be the caller's own checkout, so the action is named in full.
        uses: DFE-Digital/two-pass-build@v1 # zizmor: ignore[unpinned-uses] of the same release as this file
        with:
${indent(
  10,
  names.map((name) => `${name}: ${toValue(name)}`),
)}
`;
}
