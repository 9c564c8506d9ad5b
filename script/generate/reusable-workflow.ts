// action.yml -> the reusable workflow around the action: .github/workflows/build-image.yml, and build-image-ghes.yml for
// servers that do not know `$/`; and build/action.yml, which `$/build` names. Pure.
import { parse } from 'yaml';
import { MOST_PARTS, type Passed, toAttestJob, toImageJob, toIndexJob, toPartJob } from './reusable-jobs.js';
import { expression, indent, toScalar } from './yaml-text.js';

/** Inputs of the action that are secrets of the workflow: GitHub lets no caller put a secret into an input. */
export const SECRETS: readonly string[] = ['password', 'mirror-logins', 'secrets', 'scan-token'];

/** Inputs of the action that the workflow does not have, and why. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  'github-token': "it is the job's own, with the permissions below",
  logout: 'no later step of this job could use the login',
  'part-of-index': 'platform-runners makes jobs of that kind',
  'index-of': 'platform-runners makes a job of that kind',
  comment: 'it needs pull-requests: write, which then every caller would have to grant',
  'upload-sarif': 'it needs security-events: write, which then every caller would have to grant',
};

/** Outputs of the action that the workflow does not have, and why. */
export const LEFT_OUT_OUTPUTS: Readonly<Record<string, string>> = {
  'sarif-file': 'it is a path on the machine of this job',
};

/** Inputs of the action for the job that makes an index of parts: nothing is built there. */
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
  'moved-from',
];

interface ActionFile {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: string }>>;
  readonly outputs: Readonly<Record<string, { readonly description: string }>>;
}

/** Where the workflow runs: GitHub Enterprise Server does not know `$/`. */
export type Place = 'github.com' | 'ghes';

/** `$/folder` is that folder of the repository and commit that the workflow file itself comes from: github.com/actions/runner, pull 4457. */
const USES: Readonly<Record<Place, readonly string[]>> = {
  'github.com': [
    '# Of the same commit as this file, so that a commit pin of the caller pins the action too.',
    'uses: $/build',
  ],
  ghes: [
    `# "./" would be the caller's own checkout, so the action is named in full.`,
    'uses: DFE-Digital/two-pass-build@v1 # zizmor: ignore[unpinned-uses] of the same release as this file',
  ],
};

/** @returns the text of the workflow */
export function toReusableWorkflow(actionYaml: string, place: Place): string {
  const action = parse(actionYaml) as ActionFile;
  const inputs = listNames(action.inputs, LEFT_OUT);
  const passed: Passed = {
    values: Object.fromEntries(inputs.map((name) => [name, toValue(name, action.inputs[name]!.default)])),
    outputs: listNames(action.outputs, LEFT_OUT_OUTPUTS),
    uses: USES[place],
  };
  return [
    toHead(place),
    toCall(action, place),
    // Each job says what it needs, but for the one that attests.
    ...(place === 'ghes' ? ['permissions: {}\n'] : []),
    'jobs:',
    toImageJob(passed),
    toPartJob(passed),
    toIndexJob(passed, OF_INDEX),
    ...(place === 'ghes' ? [] : [toAttestJob()]),
  ].join('\n');
}

/**
 * `$/` needs a folder, and `uses: owner/two-pass-build@v1` the file at the top: one action, under two paths.
 * @returns the text of build/action.yml, which differs only in the paths of the bundles
 */
export function toBuildAction(actionYaml: string): string {
  const moved = actionYaml.replace(/^ {2}(main|post): dist\//gm, '  $1: ../dist/');
  return `# Written by script/write-reusable-workflow from ../action.yml: change it there.\n${moved}`;
}

function listNames(all: Readonly<Record<string, unknown>>, left: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(all).filter((name) => !Object.hasOwn(left, name));
}

/** What the action's input gets in a job: the workflow's input or secret of that name. */
function toValue(name: string, fallback: string): string {
  if (!SECRETS.includes(name)) return expression(`inputs.${name}`);
  // A secret has no default of its own.
  const [, term] = /^\$\{\{ (.+) \}\}$/.exec(fallback) ?? [];
  return expression(term === undefined ? `secrets.${name}` : `secrets.${name} || ${term}`);
}

function toHead(place: Place): string {
  const left = Object.entries({ ...LEFT_OUT, ...LEFT_OUT_OUTPUTS }).map(([name, why]) => `#   ${name}: ${why}`);
  return `# Written by script/write-reusable-workflow from action.yml: change it there.
#
# The action as a job of its own: checkout, build, outputs. Inputs, secrets and outputs have the action's names and
# meanings. Only these are left out:
${left.join('\n')}
#
${WHERE[place]}
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
${place === 'ghes' ? '' : `${ATTEST_PERMISSIONS}\n`}name: Build image
`;
}

const WHERE: Readonly<Record<Place, string>> = {
  'github.com': `# For github.com and runners of version 2.336 or newer, which know "$/". On GitHub Enterprise Server call
# build-image-ghes.yml instead.`,
  ghes: `# For GitHub Enterprise Server, which does not know "$/": the action is named in full, as @v1. To pin it by commit,
# change that line in your copy. On github.com call build-image.yml.`,
};

const ATTEST_PERMISSIONS = `#
# and, with attest: true, these two; with attest-storage-record: true also artifact-metadata: write.
#
#     attestations: write
#     id-token: write`;

/** GitHub Enterprise Server has no attestations. */
const ATTEST_INPUTS = indent(6, [
  'attest:',
  `  description: ${toScalar('Sign where the pushed digest comes from, for gh attestation verify; the calling job must grant id-token: write and attestations: write')}`,
  '  type: boolean',
  '  default: false',
  'attest-storage-record:',
  `  description: ${toScalar('With attest: also record in the organisation where the image is kept; the calling job must grant artifact-metadata: write')}`,
  '  type: boolean',
  '  default: false',
]);

/** How others call the workflow: its inputs, secrets and outputs. */
function toCall(action: ActionFile, place: Place): string {
  const inputs = listNames(action.inputs, LEFT_OUT);
  return `on:
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
${place === 'ghes' ? '' : `${ATTEST_INPUTS}\n`}${indent(
    6,
    inputs.filter((name) => !SECRETS.includes(name)).flatMap((name) => toInput(name, action.inputs[name]!)),
  )}
    secrets:
${indent(
  6,
  inputs
    .filter((name) => SECRETS.includes(name))
    .flatMap((name) => [
      `${name}:`,
      `  description: ${toScalar(action.inputs[name]!.description)}`,
      '  required: false',
    ]),
)}
    outputs:
${indent(
  6,
  listNames(action.outputs, LEFT_OUT_OUTPUTS).flatMap((name) => [
    `${name}:`,
    `  description: ${toScalar(action.outputs[name]!.description)}`,
    `  value: ${toOutput(name)}`,
  ]),
)}
`;
}

function toInput(name: string, input: ActionFile['inputs'][string]): readonly string[] {
  // As a boolean it can be given without quotes, and by an expression.
  const isBoolean = input.default === 'true' || input.default === 'false';
  return [
    `${name}:`,
    `  description: ${toScalar(input.description)}`,
    `  type: ${isBoolean ? 'boolean' : 'string'}`,
    `  default: ${isBoolean ? input.default : toScalar(input.default)}`,
  ];
}

/** An output comes from the job that ran: the one for the whole image, or the one that makes an index of parts. */
function toOutput(name: string): string {
  const ofIndex = `jobs.index.outputs.${name}`;
  // Parts that were not pushed have no index.
  const ofParts = name === 'pushed' ? `(${ofIndex} || jobs.part.outputs.pushed)` : ofIndex;
  return expression(`inputs.platform-runners != '' && ${ofParts} || jobs.image.outputs.${name}`);
}
