// What action.yml says of each input. Written by script/write-action-inputs.
import type { InputName } from './inputs.js';

export interface ActionInput {
  readonly description: string;
  /** As in action.yml: it may be an expression of a workflow. */
  readonly default: string;
}

export const ACTION_INPUTS: Readonly<Record<InputName, ActionInput>> = {
  image: {
    description: 'Image name (registry and repository, no tag); upper case is lowered',
    default: 'ghcr.io/${{ github.repository }}',
  },
  username: { description: 'User name for the registry login', default: '${{ github.repository_owner }}' },
  password: {
    description:
      "Password or token for the registry login; empty = no login, only what the Docker config already has; the workflow's token goes to GitHub's registry only",
    default: '${{ github.token }}',
  },
  mirrors: {
    description:
      'Further image names, comma or line separated; each gets a copy of the pushed image with the same tags',
    default: '',
  },
  'mirror-logins': {
    description:
      "Logins for the registries of mirrors, REGISTRY=USERNAME:PASSWORD, one a line; without one, that of the Docker config counts, or the image's own in its registry",
    default: '',
  },
  'github-token': {
    description: 'Token for the GitHub API (commit time, branch head); never used for the registry',
    default: '${{ github.token }}',
  },
  context: { description: 'Build context, a path or a Git URL', default: '.' },
  file: { description: 'Path of the Dockerfile; empty = Dockerfile in the context', default: '' },
  'builder-target': {
    description:
      'Stages that keep their layers for later runs, comma or line separated; empty = builder where the Dockerfile has that stage, else none',
    default: '',
  },
  'production-target': {
    description: 'Stage of the image; empty = production, else the last stage where it has no name or is the only one',
    default: '',
  },
  'build-args': { description: 'Build arguments, NAME=VALUE, one a line', default: '' },
  secrets: { description: 'Secrets for the build, ID=VALUE, one a line', default: '' },
  'secret-envs': {
    description: 'Secrets for the build from environment variables, ID=ENVIRONMENT_VARIABLE, comma or line separated',
    default: '',
  },
  'secret-files': { description: 'Secrets for the build from files, ID=PATH, one a line', default: '' },
  ssh: { description: 'SSH agent sockets or keys for the build, comma or line separated', default: '' },
  'build-contexts': { description: 'Additional build contexts, NAME=PATH, one a line', default: '' },
  labels: {
    description: "Labels of the production image, NAME=VALUE, one a line; they win over the action's own",
    default: '',
  },
  annotations: { description: 'Annotations of the production image, NAME=VALUE, one a line', default: '' },
  platforms: { description: 'Target platforms, comma or line separated', default: '' },
  network: { description: 'Network mode of RUN steps', default: '' },
  'add-hosts': { description: 'Additional hosts, HOST:IP, comma or line separated', default: '' },
  allow: { description: 'Entitlements for the build, comma or line separated', default: '' },
  'shm-size': { description: 'Size of /dev/shm, such as 2g', default: '' },
  ulimit: { description: 'Ulimits, NAME=SOFT:HARD, one a line', default: '' },
  'no-cache-filters': { description: 'Stages that are built without cache, comma or line separated', default: '' },
  pull: { description: 'Pull base images again even where the engine has them', default: 'false' },
  'dockerfile-checks': {
    description:
      "What BuildKit's checks of the Dockerfile find: warn = warnings on its lines; error = the run fails before anything is built; off = not looked for",
    default: 'warn',
  },
  provenance: {
    description: 'Provenance attestation of the production image (true, false, or attributes such as mode=max)',
    default: '',
  },
  sbom: {
    description: 'SBOM attestation of the production image (true, false, or attributes such as generator=image)',
    default: '',
  },
  builder: { description: 'Buildx builder; empty = the current one', default: '' },
  push: { description: 'auto = push when the run may; true = fail when it may not; false = never', default: 'auto' },
  'reuse-cache': {
    description: 'false = no cache in, every step runs again, base images are pulled again (the weekly rebuild)',
    default: 'true',
  },
  'cache-from': { description: 'Extra cache sources for both passes, one a line', default: '' },
  'trust-cache': {
    description:
      'lineage = main and git tags take layers from main and the branch of the merged pull request, by tag; own = only what runs of main have written, by the digests that these have recorded in the Actions cache',
    default: 'lineage',
  },
  'main-branch': {
    description: "Branch whose images other branches start from; empty = the repository's default branch",
    default: '',
  },
  tag: { description: 'Own unique tag instead of the one from the workflow context', default: '' },
  'extra-tags': { description: 'Further tags of the production image, comma or line separated', default: '' },
  'moved-from': {
    description:
      "What the branch's images were built from until now, as the message says it, where Dockerfile, context or stage have moved on purpose",
    default: '',
  },
  promote: {
    description:
      'true = on a git tag, a release or a workflow_dispatch, the image that a push to the main branch has built of this commit gets the tags, and nothing is built; without such an image it is built as usual',
    default: 'false',
  },
  'part-of-index': {
    description:
      'true = the image is one platform of an image that another run puts together; its tags end with the platform, and no others are written',
    default: 'false',
  },
  'index-of': {
    description:
      'Digests or pinned images of such parts, comma or line separated; nothing is built, and an index of them gets the tags',
    default: '',
  },
  'dry-run': {
    description: 'true = print the plan and set the outputs that are known; touch neither Docker nor the registry',
    default: 'false',
  },
  logout: {
    description:
      "true = the login is private to this step and gone after it; false = log in to the user's Docker config and stay logged in for later steps",
    default: 'true',
  },
  comment: {
    description:
      "true = one comment on the pull request tells of its image and is kept up to date; never from a fork's run",
    default: 'false',
  },
  advice: {
    description:
      'true = the summary says what would have made the build faster, in at most three lines, and a notice what another runner label saves',
    default: 'true',
  },
  verify: {
    description:
      'Shell script that checks the production image (IMAGE, IMAGE_ID, BUILDER_IMAGE) before anything is published',
    default: '',
  },
  scan: {
    description: 'Scanner for the production image before anything is published: snyk, grype or trivy; empty = none',
    default: '',
  },
  'scan-severity': {
    description: 'low, medium, high or critical: findings at it or worse fail the run',
    default: 'high',
  },
  'scan-token': { description: 'Token of Snyk, for scan: snyk', default: '' },
  'scan-args': { description: 'Further options of the scanner, --NAME or --NAME=VALUE, one a line', default: '' },
  'scan-only-fixed': {
    description:
      'true = only findings that have a fix count; the others are counted in the summary and do not fail the run',
    default: 'false',
  },
  'scan-fail': {
    description: 'false = findings are told and do not fail the run; a scan that could not be done always does',
    default: 'true',
  },
  'upload-sarif': {
    description: "true = the scanner's report goes to GitHub code scanning; needs permissions: security-events: write",
    default: 'false',
  },
};
