// The text of the `with:` block -> one frozen, typed object. Defaults live in action.yml, not here.
import type { Digest } from '../image/digest.js';
import type { Platform } from '../image/platform.js';
import { type ImageName, OWN_PREFIXES, type Tag, parseImageName, parseTag } from '../image/reference.js';
import { InputError } from '../shared/errors.js';
import { quote } from '../shared/text.js';
import {
  BUILD_OPTIONS,
  type BuildFlag,
  type BuildOptionName,
  CHECK_ARGUMENT,
  forbidSecretArguments,
  listBuildArguments,
  listPlatforms,
  parseBuildOptions,
} from './build-options.js';
import { parseIndexOf, parsePart } from './index-inputs.js';
import { type Mirror, parseMirrors } from './mirror-inputs.js';
import { type ScanSettings, parseScan } from './scan-inputs.js';
import { type Credentials, parseCredentials } from './secrets/credentials.js';
import { type TokenScope, checkScanToken, sortLogin } from './secrets/github-token.js';
import { parseBoolean, parseList } from './syntax.js';

/** What becomes of violations of BuildKit's checks of the Dockerfile: shown, fail the run, or not looked for. */
const DOCKERFILE_CHECKS = ['warn', 'error', 'off'] as const;

/** Whose images main and git tags take layers from: those of the lineage, or only what main's own runs have written. */
const CACHE_TRUST = ['lineage', 'own'] as const;

/** `auto` pushes when the run may; `always` fails when it may not. */
type PushMode = 'auto' | 'always' | 'never';

export interface Inputs {
  readonly image: ImageName;
  /** Null: no login, only what the Docker config already has. */
  readonly credentials: Credentials | null;
  /** Further names of the image that is pushed. */
  readonly mirrors: readonly Mirror[];
  /** Whether the password is withheld: it is the workflow's token, and the registry is not GitHub's. */
  readonly withheldToken: boolean;
  readonly githubToken: string | null;
  /** The registry that accepts the workflow's token, from `getGitHubRegistry`. */
  readonly gitHubRegistry: string;
  readonly context: string;
  /** Null: `<context>/Dockerfile`. */
  readonly file: string | null;
  /** Stages that keep their layers; none: the Dockerfile decides. */
  readonly builderTargets: readonly string[];
  /** Null: the Dockerfile decides. */
  readonly productionTarget: string | null;
  /** Flags of `docker buildx build`, in a fixed order. */
  readonly flags: readonly BuildFlag[];
  readonly secretEnvironment: Readonly<Record<string, string>>;
  /** IDs of secrets that have no value in this run. */
  readonly secretsWithoutValue: readonly string[];
  readonly dockerfileChecks: (typeof DOCKERFILE_CHECKS)[number];
  readonly pull: boolean;
  /** Attributes of the attestation (`mode=max`, empty = defaults), or null for none. */
  readonly provenance: string | null;
  readonly sbom: string | null;
  readonly builder: string | null;
  readonly push: PushMode;
  readonly reuseCache: boolean;
  readonly cacheFrom: readonly string[];
  readonly trustCache: (typeof CACHE_TRUST)[number];
  readonly mainBranch: string | null;
  readonly tag: Tag | null;
  /** The one platform of an image that is to be part of an index; null for an image of its own. */
  readonly part: Platform | null;
  /** The parts of the index that this run makes; empty: the run builds an image. */
  readonly indexOf: readonly Digest[];
  /** Platforms as they were asked for; none: the builder's own. */
  readonly platforms: readonly string[];
  readonly extraTags: readonly Tag[];
  /** What else the image under a moving tag may have been built from, as the message says it. */
  readonly movedFrom: string | null;
  /** Whether a release may be the image that the main branch has built of its commit. */
  readonly promote: boolean;
  readonly dryRun: boolean;
  readonly logout: boolean;
  /** Whether a run of a pull request comments on it. */
  readonly comment: boolean;
  /** Whether the run says what would make it faster. */
  readonly advice: boolean;
  /** A script that must succeed before anything is published; null for none. */
  readonly verify: string | null;
  /** Null: nothing is scanned. */
  readonly scan: ScanSettings | null;
  /** Warnings on items that were left out. */
  readonly warnings: readonly string[];
}

const OTHER_INPUTS = [
  'image',
  'username',
  'password',
  'mirrors',
  'mirror-logins',
  'github-token',
  'context',
  'file',
  'builder-target',
  'production-target',
  'dockerfile-checks',
  'pull',
  'provenance',
  'sbom',
  'builder',
  'push',
  'reuse-cache',
  'cache-from',
  'trust-cache',
  'main-branch',
  'tag',
  'extra-tags',
  'moved-from',
  'promote',
  'part-of-index',
  'index-of',
  'dry-run',
  'logout',
  'comment',
  'advice',
  'verify',
  'scan',
  'scan-severity',
  'scan-token',
  'scan-args',
  'scan-only-fixed',
  'scan-fail',
  'upload-sarif',
] as const;

export type InputName = BuildOptionName | (typeof OTHER_INPUTS)[number];

/** Every input that is read; the contract test compares it with action.yml. */
export const INPUT_NAMES: readonly string[] = [...OTHER_INPUTS, ...Object.keys(BUILD_OPTIONS)].sort();

/**
 * @param readRaw the text of an input as it was given, untrimmed; empty when it was not
 * @param gitHubRegistry by `getGitHubRegistry`
 * @throws InputError with what is wrong, the value (never a secret), and what to change
 */
export function parseInputs(readRaw: ReadInput, gitHubRegistry: string): Inputs {
  const read = (name: InputName): string => readRaw(name).trim();
  const options = parseBuildOptions(readRaw);
  const image = parseImageName(readRaw('image'));
  const { warnings, ...logins } = parseLogins(readRaw, image, gitHubRegistry, options);
  const targets = parseTargets(read);
  const checks = parseChecks(readRaw);
  const { flags, secretEnvironment, secretsWithoutValue } = options;
  const reuseCache = parseBoolean('reuse-cache', read('reuse-cache'));
  const index = parseIndex(readRaw, image, listPlatforms(flags), checks);
  return Object.freeze({
    image,
    ...logins,
    gitHubRegistry,
    context: parseContext(read('context')),
    file: parseFile(read('file')),
    ...targets,
    flags,
    secretEnvironment,
    secretsWithoutValue,
    dockerfileChecks: parseDockerfileChecks(read('dockerfile-checks'), flags),
    // Without the cache, base images are pulled again too: otherwise the weekly rebuild would keep old ones.
    pull: parseBoolean('pull', read('pull')) || !reuseCache,
    provenance: parseAttestation('provenance', read('provenance')),
    sbom: parseAttestation('sbom', read('sbom')),
    builder: parseBuilder(read('builder')),
    push: parsePushMode(read('push')),
    reuseCache,
    cacheFrom: parseList('cache-from', readRaw('cache-from'), { separator: 'line' }),
    trustCache: parseTrust(read('trust-cache')),
    mainBranch: optional(read('main-branch')),
    ...parseTags(readRaw),
    ...index,
    promote: parsePromote(readRaw, index),
    movedFrom: optional(read('moved-from')),
    dryRun: parseBoolean('dry-run', read('dry-run')),
    logout: parseBoolean('logout', read('logout')),
    comment: parseBoolean('comment', read('comment')),
    advice: parseBoolean('advice', read('advice')),
    ...checks,
    warnings: [...options.warnings, ...warnings],
  });
}

type ReadInput = (name: InputName) => string;

/** Whom the run logs in as, and where; no secret of these may stand in a build argument. */
function parseLogins(
  readRaw: ReadInput,
  image: ImageName,
  gitHubRegistry: string,
  { flags, secretEnvironment }: Pick<Inputs, 'flags' | 'secretEnvironment'>,
): Pick<Inputs, 'credentials' | 'withheldToken' | 'mirrors' | 'githubToken' | 'warnings'> {
  const given = parseCredentials(readRaw('username').trim(), readRaw('password'));
  const githubToken = optional(readRaw('github-token').trim());
  const tokenScope: TokenScope = { githubToken, gitHubRegistry };
  const { mirrors, warnings } = parseMirrors(readRaw, image, tokenScope);
  const scanToken = optional(readRaw('scan-token').trim());
  forbidSecretArguments(
    flags,
    knownSecrets({ credentials: given, mirrors, githubToken, secretEnvironment, scanToken }),
  );
  checkScanToken(scanToken, tokenScope);
  const { credentials, withheld } = sortLogin(given, image.registry, tokenScope);
  return { credentials, withheldToken: withheld, mirrors, githubToken, warnings };
}

function parseTargets(read: ReadInput): Pick<Inputs, 'builderTargets' | 'productionTarget'> {
  const builders = parseList('builder-target', read('builder-target'), { separator: 'item' });
  const production = optional(read('production-target'));
  return {
    builderTargets: builders.map((target, index) =>
      parseTarget(builders.length > 1 ? `builder-target: item ${index + 1}` : 'builder-target', target),
    ),
    productionTarget: production === null ? null : parseTarget('production-target', production),
  };
}

/** What the image must pass before it is published. */
function parseChecks(readRaw: ReadInput): Pick<Inputs, 'verify' | 'scan'> {
  const scan = parseScan(readRaw, {
    onlyFixed: parseBoolean('scan-only-fixed', readRaw('scan-only-fixed').trim()),
    fail: parseBoolean('scan-fail', readRaw('scan-fail').trim()),
    uploadSarif: parseBoolean('upload-sarif', readRaw('upload-sarif').trim()),
  });
  return { verify: optional(readRaw('verify').trim()) === null ? null : readRaw('verify'), scan };
}

/** Whether the image is a part of an index, or is made of parts. */
function parseIndex(
  readRaw: ReadInput,
  image: ImageName,
  platforms: readonly string[],
  { verify, scan }: Pick<Inputs, 'verify' | 'scan'>,
): Pick<Inputs, 'part' | 'indexOf' | 'platforms'> {
  const part = parseBoolean('part-of-index', readRaw('part-of-index').trim()) ? parsePart(platforms) : null;
  const indexOf = parseIndexOf(readRaw('index-of'), image);
  if (indexOf.length > 0) {
    if (part !== null) throw new InputError('part-of-index and index-of are both given: a part has no parts.');
    if (verify !== null || scan !== null)
      throw new InputError('verify, scan: index-of builds nothing to check. Check each part where it is built.');
  }
  return { part, indexOf, platforms };
}

/** An index is promoted whole, not by its parts: they have tags of their own, and no version's. */
function parsePromote(readRaw: ReadInput, { part, indexOf }: Pick<Inputs, 'part' | 'indexOf'>): boolean {
  const promote = parseBoolean('promote', readRaw('promote').trim());
  if (!promote || (part === null && indexOf.length === 0)) return promote;
  throw new InputError(
    `promote and ${part === null ? 'index-of' : 'part-of-index'} are both given (the reusable workflow's platform-runners gives the second). Promote in one run with all platforms: the index that the main branch has is promoted whole.`,
  );
}

function parseTags(readRaw: ReadInput): Pick<Inputs, 'tag' | 'extraTags'> {
  const tag = optional(readRaw('tag').trim());
  return {
    tag: tag === null ? null : parseOwnTag(tag, 'tag'),
    extraTags: parseList('extra-tags', readRaw('extra-tags'), { separator: 'item' }).map((item, index) =>
      parseOwnTag(item, `extra-tags: item ${index + 1},`),
    ),
  };
}

/** Every value that must never be seen: secret -> the input it came in by. */
export function knownSecrets({
  credentials,
  mirrors,
  githubToken,
  secretEnvironment,
  scanToken,
}: Pick<Inputs, 'credentials' | 'mirrors' | 'githubToken' | 'secretEnvironment'> & {
  readonly scanToken: string | null;
}): Map<string, string> {
  const secrets = new Map<string, string>(
    Object.values(secretEnvironment).map((value) => [value, 'the input secrets']),
  );
  for (const { credentials: login } of mirrors) {
    if (login !== null) secrets.set(login.password, 'the input mirror-logins');
  }
  if (scanToken !== null) secrets.set(scanToken, 'the input scan-token');
  if (githubToken !== null) secrets.set(githubToken, 'the input github-token');
  if (credentials !== null) secrets.set(credentials.password, 'the input password');
  return secrets;
}

function parsePushMode(text: string): PushMode {
  if (text.toLowerCase() === 'auto') return 'auto';
  if (/^(?:true|True|TRUE)$/.test(text)) return 'always';
  if (/^(?:false|False|FALSE)$/.test(text)) return 'never';
  throw new InputError(`push is ${quote(text)}. Use auto, true or false.`);
}

function parseTrust(text: string): Inputs['trustCache'] {
  const trust = CACHE_TRUST.find((one) => one === text.toLowerCase());
  if (trust === undefined) throw new InputError(`trust-cache is ${quote(text)}. Use lineage or own.`);
  return trust;
}

/** @throws InputError also when the checks are switched off, and a build argument says which of them count */
function parseDockerfileChecks(text: string, flags: Inputs['flags']): Inputs['dockerfileChecks'] {
  const mode = DOCKERFILE_CHECKS.find((one) => one === text.toLowerCase());
  if (mode === undefined) throw new InputError(`dockerfile-checks is ${quote(text)}. Use warn, error or off.`);
  if (mode === 'off' && listBuildArguments(flags).has(CHECK_ARGUMENT))
    throw new InputError(
      `dockerfile-checks is off, and build-args has ${CHECK_ARGUMENT}, which says what is checked. Remove one of the two.`,
    );
  return mode;
}

function parseTarget(input: string, text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(text)) {
    throw new InputError(
      `${input} is ${quote(text)}, which cannot be the name of a stage. Give the NAME of a line "FROM … AS NAME".`,
    );
  }
  return text;
}

function parseContext(text: string): string {
  if (text.includes('{{')) {
    throw new InputError(
      `context ${quote(text)}: templates are not supported. Check the repository out first and give a path in it.`,
    );
  }
  if (text.startsWith('-'))
    throw new InputError(`context ${quote(text)} looks like an option. Give a path or a Git URL.`);
  return text === '' ? '.' : text;
}

function parseFile(text: string): string | null {
  if (text === '-') throw new InputError('file "-" is standard input, and there is none here. Give a path.');
  return optional(text);
}

/** Refuses a value that begins with `-`: Buildx would take it for an option. */
function parseBuilder(text: string): string | null {
  if (text.startsWith('-')) {
    throw new InputError(
      `builder ${quote(text)} looks like an option. Give the name of a Buildx builder ("docker buildx ls" lists them).`,
    );
  }
  return optional(text);
}

/** Refuses tags of builder images, caches, marks and review images, which only this action writes. */
function parseOwnTag(text: string, what: string): Tag {
  if ([OWN_PREFIXES.builder, OWN_PREFIXES.cache].some((prefix) => text.startsWith(prefix))) {
    throw new InputError(`${what} ${quote(text)} starts like the tags of cache images. Choose another name.`);
  }
  if (text.startsWith(OWN_PREFIXES.promoted))
    throw new InputError(
      `${what} ${quote(text)} starts like the marks beside promoted images, which only a promotion writes. Choose another name.`,
    );
  if (text.startsWith(OWN_PREFIXES.review))
    throw new InputError(
      `${what} ${quote(text)} starts like the tags of pull requests, which the clean-up removes. Choose another name.`,
    );
  return parseTag(text, what);
}

/** Boolean or attributes, as in docker/build-push-action. */
function parseAttestation(input: 'provenance' | 'sbom', text: string): string | null {
  if (/^(?:false|)$/i.test(text)) return null;
  if (/^true$/i.test(text)) return '';
  if (text.split(',').every((field) => /^\s*"?[a-z][a-z0-9-]*=/i.test(field))) return text;
  throw new InputError(
    `${input} is ${quote(text)}. Use true, false, or attributes such as ${input === 'sbom' ? 'generator=IMAGE' : 'mode=max'}.`,
  );
}

function optional(text: string): string | null {
  return text === '' ? null : text;
}
