export const id = 860;
export const ids = [860];
export const modules = {

/***/ 860:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  adviseOnFinished: () => (/* binding */ adviseOnFinished)
});

// EXTERNAL MODULE: external "node:fs/promises"
var promises_ = __webpack_require__(1455);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(6760);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/build/find-git-credentials.js + 1 modules
var find_git_credentials = __webpack_require__(8911);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/build/pure/context/local-paths.js
var local_paths = __webpack_require__(5555);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/build/read-dockerfile.js
var read_dockerfile = __webpack_require__(8975);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/cache/pure/cache-miss.js
var cache_miss = __webpack_require__(4590);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/build/pure/dockerfile.js
var pure_dockerfile = __webpack_require__(191);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/build/pure/dockerfile-values.js
var dockerfile_values = __webpack_require__(9390);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/adapters/progress/stretches.js
var stretches = __webpack_require__(5929);
;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/advice/pure/observed.js



/** Instructions that make a step. */
const STEPS = ['ADD', 'COPY', 'RUN', 'WORKDIR'];
function observeBuild(dockerfile, { steps, work }, others) {
    const worked = new Set(work.filter(({ kind, failed }) => kind === 'run' && failed !== true).map(({ name }) => name));
    const told = dockerfile.stages.map((stage) => {
        const label = (0,pure_dockerfile/* getStageLabel */.b4)(dockerfile, stage);
        return observeStage(stage, steps.filter((step) => step.stage === label), worked);
    });
    // BuildKit makes one step of those that are the same in several stages, and names it after one of them.
    const shared = new Map();
    for (const { chain, own, image } of toChains(dockerfile, told))
        for (const one of own)
            if (one.names.length > 0)
                shared.set(getKey(image, chain, one), one);
    const whole = toChains(dockerfile, told).map(({ chain, own, image }) => own.map((one) => {
        const same = one.kind === 'step' && one.names.length === 0 ? shared.get(getKey(image, chain, one)) : undefined;
        // Its seconds count where it is named.
        return same === undefined ? one : { ...one, cached: same.cached, ran: same.ran };
    }));
    return { stages: toChains(dockerfile, whole), work, ...others };
}
function toChains(dockerfile, instructions) {
    const known = new Map();
    for (const [index, stage] of dockerfile.stages.entries()) {
        const own = instructions[index] ?? [];
        const base = (0,pure_dockerfile/* findBaseStage */.b0)(dockerfile, stage);
        const before = base === undefined ? undefined : known.get(base);
        const image = before?.image ?? stage.uses[0] ?? '';
        known.set(stage, { stage, own, chain: [...(before?.chain ?? []), ...own], image });
    }
    return [...known.values()];
}
/** Equal for instructions that are one step: arguments and environment matter to RUN alone. */
function getKey(image, chain, instruction) {
    const before = chain.slice(0, chain.indexOf(instruction) + 1);
    const lastRun = before.findLastIndex(({ keyword }) => keyword === 'RUN');
    const counts = before.filter(({ kind }, index) => kind === 'step' || index < lastRun);
    return JSON.stringify([image, ...counts.map(({ text }) => text)]);
}
/** `[linux/amd64 builder 3/6] RUN …` -> 3, 6 and RUN. */
const STEP_NAME = /^\[(?:[^\]]*\s)?(\d+)\/(\d+)\] (?:LINK )?(\w+)/;
function observeStage({ instructions, lines }, told, worked) {
    const parts = instructions.map((text) => (0,pure_dockerfile/* readFlags */.uW)(text));
    const makesStep = parts.map(({ keyword }) => STEPS.includes(keyword.toUpperCase()));
    const count = makesStep.filter(Boolean).length;
    const byPlace = new Map();
    for (const step of told) {
        const [, number = '', all = '', keyword = ''] = STEP_NAME.exec(step.name) ?? [];
        // The image of FROM counts as a step; a stage, or scratch, does not.
        const place = Number(number) - (Number(all) - count) - 1;
        const index = nth(makesStep, place);
        if (index === -1 || parts[index]?.keyword.toUpperCase() !== keyword)
            return [];
        byPlace.set(index, [...(byPlace.get(index) ?? []), step]);
    }
    return instructions.map((text, index) => {
        const { keyword = '', flags = [], rest = [] } = parts[index] ?? {};
        const own = byPlace.get(index) ?? [];
        return {
            ...{ text, line: lines[index] ?? 0, keyword: keyword.toUpperCase(), flags, rest },
            kind: own.length > 0 || makesStep[index] === true ? 'step' : 'other',
            cached: own.length > 0 && own.every(({ cached }) => cached),
            ran: own.some(({ name, cached, error }) => !cached && error === null && worked.has(name)),
            names: own.map(({ name }) => name),
            output: own.flatMap(({ output }) => output),
        };
    });
}
/** Index of the true value of that number, counted from 0; -1 when there is none. */
function nth(values, number) {
    const indexes = values.flatMap((value, index) => (value ? [index] : []));
    return indexes[number] ?? -1;
}
/** Whether every RUN below an instruction runs again for each commit, since an argument is another one. */
function declaresChanging({ changesOften }, { keyword, text }) {
    return keyword === 'ARG' && (0,dockerfile_values/* listArguments */.DQ)(text).some(changesOften);
}
/**
 * Seconds in which these were running and nothing else of the build was at work: by so much, and perhaps more, the build
 * is shorter without them.
 */
function measureAlone({ work }, instructions) {
    const names = new Set(instructions.flatMap((one) => one.names));
    const counted = work.filter(({ kind }) => kind !== 'prepare' && kind !== 'wait');
    return (0,stretches/* toSeconds */.fP)(counted) - (0,stretches/* toSeconds */.fP)(counted.filter(({ name, kind }) => kind !== 'run' || !names.has(name)));
}
/** Compressed bytes of the layer that a RUN or COPY has made; null when no known image has it. */
function findLayerBytes({ layers }, { keyword, rest }) {
    const command = plain(rest.join(' '));
    // BuildKit writes `RUN /bin/sh -c COMMAND # buildkit`, with `|2 NAME=VALUE …` before the shell where there are arguments.
    const layer = layers.find(({ createdBy }) => {
        const text = plain(createdBy);
        return text.startsWith(`${keyword} `) && text.endsWith(` ${command} # buildkit`);
    });
    return layer?.size ?? null;
}
/** Of several together, as far as their layers are known; null when none is. */
function sumLayerBytes(build, instructions) {
    const known = instructions.map((one) => findLayerBytes(build, one)).filter((size) => size !== null);
    return known.length === 0 ? null : known.reduce((sum, size) => sum + size, 0);
}
function plain(text) {
    return text.replace(/\s+/g, ' ').trim();
}

// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/shared/text.js
var shared_text = __webpack_require__(748);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/shared/markdown.js
var markdown = __webpack_require__(3426);
;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/advice/pure/advice.js
// What would have made a build faster, as far as the build itself has shown it: the rules put together, and their lines.


/** Less is not worth a change. */
const LEAST_SECONDS = 2;
const LEAST_BYTES = 5_000_000;
/** More would not be read. */
const MOST_LINES = 3;
/** @returns lines of Markdown, those that save most first; none where nothing worth a change was seen */
function toLines(found) {
    const seconds = (advice) => (advice.seconds >= LEAST_SECONDS ? advice.seconds : 0);
    return found
        .filter((advice) => advice.seconds >= LEAST_SECONDS || (advice.bytes ?? 0) >= LEAST_BYTES)
        .sort((one, other) => seconds(other) - seconds(one) || (other.bytes ?? 0) - (one.bytes ?? 0))
        .slice(0, MOST_LINES)
        .map((advice) => `**${describeSaving(advice)}** ${advice.text}`);
}
function describeSaving({ seconds, bytes }) {
    const parts = [
        ...(seconds >= 0.1 ? [(0,shared_text/* formatSeconds */.Xo)(seconds)] : []),
        ...(bytes !== null && bytes >= 100_000 ? [(0,shared_text/* formatMegabytes */.VP)(bytes)] : []),
    ];
    return parts.join(' and ');
}
/** `` `RUN npm ci` (line 4)``; the mounts of a RUN would leave no room for its command. */
function showInstruction({ keyword, text, rest, line }) {
    return `${(0,markdown/* toInlineCode */.mI)(keyword === 'RUN' ? `RUN ${rest.join(' ')}` : text)} (line ${line})`;
}
/** `a, b and c` */
function listWords(words) {
    const last = words.at(-1) ?? '';
    return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}

// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/shared/json.js
var json = __webpack_require__(2405);
;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/advice/pure/cause.js
// Why a step ran again, where the progress proves it: the first step of its stage that did not come from the cache.



/**
 * Finds the COPY or ADD that made a step run again: all before it came from the cache.
 * @returns null where something else did, or where nothing proves that the base image is what it was
 */
function findCause(build, stage, step) {
    const before = stage.chain.slice(0, stage.chain.indexOf(step));
    const index = before.findIndex(({ kind, cached }) => kind === 'step' && !cached);
    const copy = before[index];
    if (copy === undefined || !copy.ran || !isCopy(copy))
        return null;
    // Above the COPY the step would run again all the same.
    if (before.slice(0, index).some((one) => declaresChanging(build, one)))
        return null;
    const sameBase = build.stages.filter(({ image }) => image === stage.image).flatMap(({ own }) => own);
    if (!sameBase.some(restsOnBase))
        return null;
    return { copy, between: before.slice(index + 1) };
}
/** What was found behind the same COPY, together: moving it is one change of the Dockerfile. */
function groupByCopy(found) {
    const copies = new Set(found.map(({ copy }) => copy));
    return [...copies].map((copy) => ({ copy, group: found.filter((one) => one.copy === copy) }));
}
/** A step of the cache whose key has its base image in it. */
function restsOnBase({ cached, flags }) {
    return cached && !flags.some((flag) => flag === '--link' || flag.startsWith('--link='));
}
function isCopy({ keyword }) {
    return keyword === 'COPY' || keyword === 'ADD';
}
/** @returns null for what is no COPY or ADD, and for heredocs and variables */
function parseCopy(instruction) {
    const { flags, rest } = instruction;
    const paths = rest[0]?.startsWith('[') === true ? (0,json/* parseStringList */.jB)(rest.join(' ')) : rest.map(pure_dockerfile/* withoutQuotes */.Yg);
    const destination = paths?.at(-1);
    if (!isCopy(instruction) || !paths || paths.length < 2 || destination === undefined)
        return null;
    if (paths.some((path) => /[$<]|:\/\//.test(path) || path.startsWith('git@')))
        return null;
    const from = flags.find((flag) => flag.startsWith('--from='))?.slice('--from='.length) ?? null;
    return { sources: paths.slice(0, -1), destination, from };
}

;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/advice/pure/commands.js
// The commands of a RUN, and what they need. What is not known for certain is not told: then there is no advice.

/** Programs that neither change what a package manager finds nor need what it has installed here. */
const LANGUAGE_TOOLS = [
    'bundle',
    'cargo',
    'composer',
    'dotnet',
    'go',
    'gradle',
    'gulp',
    'mvn',
    'node',
    'npm',
    'npx',
    'php',
    'pip',
    'pip3',
    'pnpm',
    'poetry',
    'pytest',
    'python',
    'python3',
    'rails',
    'rake',
    'tsc',
    'uv',
    'webpack',
    'yarn',
];
/**
 * The commands of a RUN that are run one after the other.
 * @returns null for anything else: pipes, substitutions outside of quotes, heredocs, files of the context that are mounted
 */
function parseCommands({ keyword, flags, rest }) {
    if (keyword !== 'RUN' || flags.some(isForeignMount) || rest.length === 0)
        return null;
    const text = rest.join(' ');
    if (text.startsWith('[')) {
        const words = (0,json/* parseStringList */.jB)(text);
        return words === null ? null : [words];
    }
    const commands = [[]];
    for (const [token] of text.matchAll(/&&|;|[|&<>()`]|(?:[^\s"'\\|&;<>()`]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+|["'\\]/g)) {
        if (token === '&&' || token === ';')
            commands.push([]);
        else if (/^[|&<>()`"'\\]$/.test(token))
            return null;
        else
            commands.at(-1)?.push(unquote(token));
    }
    return commands.map(withoutAssignments).filter((command) => command.length > 0);
}
/** `bind` is the type of a mount that names none. */
function isForeignMount(flag) {
    return flag.startsWith('--mount=') && !/[=,]type=(?:cache|secret|ssh|tmpfs)(?:,|$)/.test(flag);
}
function unquote(token) {
    return token.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g, (_, double, single) => double ?? single ?? '');
}
/** `NODE_ENV=production npm ci` -> `npm ci` */
function withoutAssignments(command) {
    const start = command.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
    return start === -1 ? [] : command.slice(start);
}
/** The words that are no options. `values`: options that a value follows. */
function listArguments([, ...words], values = []) {
    return words.filter((word, index) => !word.startsWith('-') && !values.includes(words[index - 1] ?? ''));
}
/** Package names with versions; neither files nor variables. */
function arePackages(words) {
    return (words.length > 0 &&
        words.every((word) => /^@?[A-Za-z0-9][\w.+:@/~=<>!-]*$/.test(word) && !/\.(?:deb|apk|rpm|tgz|whl|gem|txt)$/.test(word)));
}
/** Whether a command installs packages that it names, and so needs nothing that a COPY brings. */
function namesPackages(command) {
    const [program = ''] = command;
    const [verb = '', ...packages] = listArguments(command, [
        '-t',
        '--virtual',
        '-o',
        '--target-release',
        '--repository',
        '-X',
    ]);
    switch (program) {
        case 'apt':
        case 'apt-get':
        case 'apk':
        case 'dnf':
        case 'microdnf':
        case 'yum':
            if (['update', 'upgrade', 'dist-upgrade'].includes(verb))
                return packages.length === 0;
            return ['install', 'add'].includes(verb) && arePackages(packages);
        case 'npm':
            return ['install', 'i'].includes(verb) && isGlobal(command) && arePackages(packages);
        case 'gem':
            return verb === 'install' && arePackages(packages);
        default:
            return false;
    }
}
function isGlobal(command) {
    return command.includes('-g') || command.includes('--global');
}
/** Whether a command only tidies up behind a package manager, or makes no difference to what follows. */
function isTidying(command) {
    const [program = '', verb = ''] = command;
    switch (program) {
        case 'set':
        case 'true':
        case ':':
            return true;
        case 'apt-get':
        case 'apt':
        case 'yum':
        case 'dnf':
        case 'microdnf':
            return ['clean', 'autoclean', 'autoremove'].includes(listArguments(command)[0] ?? '');
        case 'npm':
        case 'yarn':
            return verb === 'cache';
        case 'bundle':
            return verb === 'config';
        case 'corepack':
            return verb === 'enable';
        case 'rm':
            return listArguments(command).every((path) => /^\/(?:var\/lib\/apt|var\/cache|tmp|root\/\.(?:npm|cache))\//.test(`${path}/`));
        default:
            return false;
    }
}
/** Whether a command makes users or empty folders: the work of a moment. */
function isSetup([program = '']) {
    return ['addgroup', 'adduser', 'groupadd', 'mkdir', 'touch', 'useradd', 'usermod'].includes(program);
}
/** Whether a package manager of the system works as well before a command as behind it. */
function leavesSystem(command) {
    const [program = ''] = command;
    const isTool = LANGUAGE_TOOLS.includes(program.replace(/^(?:\.\/)?bin\//, ''));
    return isTool || namesPackages(command) || isTidying(command) || isSetup(command);
}

;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/advice/pure/folders.js
// Paths inside the image: the working directory of an instruction, and where a COPY copies to.




/** Stands for the working directory of the base image, which the Dockerfile does not tell. */
const OF_BASE_IMAGE = '/<working directory of the base image>';
/** @returns null where a variable is in it */
function getWorkingDirectory({ chain }, instruction) {
    const before = chain.slice(0, chain.indexOf(instruction)).filter(({ keyword }) => keyword === 'WORKDIR');
    const paths = before.map(({ rest }) => (0,pure_dockerfile/* withoutQuotes */.Yg)(rest.join(' ')));
    return paths.some((path) => path.includes('$')) ? null : external_node_path_.posix.resolve(OF_BASE_IMAGE, ...paths);
}
/** @returns null where a variable is in it */
function getDestination(stage, copy) {
    const paths = parseCopy(copy);
    const folder = getWorkingDirectory(stage, copy);
    return paths === null || folder === null ? null : external_node_path_.posix.resolve(folder, paths.destination);
}
const OF_THE_SYSTEM = ['/bin', '/etc', '/lib', '/root', '/sbin', '/usr', '/var'];
/** Whether a package manager of the system may find what is copied. A service under /usr/src or /var/www is none of it. */
function isOfSystem(path) {
    if (['/usr/src', '/usr/share/nginx', '/var/www'].some((folder) => (0,local_paths/* isInside */.FK)(folder, path)))
        return false;
    return path === '/' || OF_THE_SYSTEM.some((folder) => (0,local_paths/* isInside */.FK)(folder, path));
}

;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/advice/pure/installers.js
// Commands that install the dependencies that manifests list: which files they read, and whether they read no others.


/** @returns null for any other command */
function parseInstall(command) {
    const [program = ''] = command;
    switch (program) {
        case 'npm':
        case 'pnpm':
        case 'yarn':
            return parseNode(command);
        case 'pip':
        case 'pip3':
            return parsePip(command.slice(1));
        case 'python':
        case 'python3':
            return command[1] === '-m' && command[2] === 'pip' ? parsePip(command.slice(3)) : null;
        case 'bundle':
            return ['install', undefined].includes(listArguments(command, ['--jobs', '-j', '--retry'])[0]) ? BUNDLER : null;
        case 'go':
            return command[1] === 'mod' && command[2] === 'download' && command.length === 3 ? GO : null;
        default:
            return null;
    }
}
const NODE_VERBS = {
    npm: ['ci', 'install', 'i'],
    pnpm: ['install', 'i'],
    yarn: ['install', undefined],
};
const NODE_LOCKS = {
    npm: ['package-lock.json', 'npm-shrinkwrap.json'],
    pnpm: ['pnpm-lock.yaml'],
    yarn: ['yarn.lock', '.yarnrc'],
};
function parseNode(command) {
    const [program = ''] = command;
    const [verb, ...packages] = listArguments(command);
    const elsewhere = command.some((word) => /^(?:-g|-C|--global|--prefix|--dir|--cwd|--workspace)\b/.test(word));
    if (NODE_VERBS[program]?.includes(verb) !== true || packages.length > 0 || elsewhere)
        return null;
    const withScripts = !command.includes('--ignore-scripts');
    return {
        needed: ['package.json'],
        optional: [...(NODE_LOCKS[program] ?? []), '.npmrc', 'pnpm-workspace.yaml', '.yarnrc.yml'],
        isEnough: (manifests) => 
        // Yarn 2 and workspaces read further folders.
        !manifests.has('pnpm-workspace.yaml') && !manifests.has('.yarnrc.yml') && isPlainPackage(manifests, withScripts),
    };
}
/** Scripts of the package itself, and what it depends on by path, may need any of its files. */
function isPlainPackage(manifests, withScripts) {
    const content = (0,json/* parseObject */.lj)(manifests.get('package.json') ?? '');
    if (content === null || content.workspaces !== undefined || content.patchedDependencies !== undefined)
        return false;
    const scripts = [
        'preinstall',
        'install',
        'postinstall',
        'preprepare',
        'prepare',
        'postprepare',
        'prepublish',
        'dependencies',
    ];
    if (withScripts && scripts.some((name) => (0,json.at)(content, 'scripts', name) !== undefined))
        return false;
    const groups = ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides', 'resolutions', 'pnpm'];
    return !groups.some((name) => (0,json/* isRecord */.u4)(content[name]) &&
        /"(?:file:|link:|portal:|patch:|workspace:|\.{1,2}\/|\/)/.test(JSON.stringify(content[name])));
}
function parsePip(words) {
    if (words[0] !== 'install')
        return null;
    const files = [];
    const packages = words.slice(1).filter((word, index, rest) => {
        const before = rest[index - 1] ?? '';
        if (before === '-r' || before === '--requirement')
            files.push(word);
        return (!word.startsWith('-') &&
            !/^(?:-r|--requirement|--index-url|-i|--extra-index-url|--target|-t|--prefix)$/.test(before));
    });
    const known = files.every((file) => /^[\w.-]+(?:\/[\w.-]+)*$/.test(file) && !file.startsWith('..'));
    const others = words.some((word) => /^(?:-e|-c|--editable|--constraint|--find-links|-f)\b/.test(word));
    if (files.length === 0 || packages.length > 0 || !known || others)
        return null;
    return {
        needed: files,
        optional: [],
        isEnough: (manifests) => files.every((file) => !/^[ \t]*(?:-[a-z]|--(?!hash\b|no-binary\b|only-binary\b)|\.|\/|file:)|@\s*(?:file:|\.)/m.test(manifests.get(file) ?? '-')),
    };
}
const BUNDLER = {
    needed: ['Gemfile'],
    optional: ['Gemfile.lock', '.ruby-version'],
    isEnough: (manifests) => {
        const text = manifests.get('Gemfile') ?? '';
        const readsFile = /\bfile:/.test(text.replace(/file:\s*["']\.ruby-version["']/g, ''));
        return (!readsFile &&
            !/\bpath\b|\bgemspec\b|eval_gemfile|require|\bFile\b|\bDir\b/.test(text.replace(/require:\s*\S+/g, '')));
    },
};
const GO = {
    needed: ['go.mod'],
    optional: ['go.sum', 'go.work'],
    isEnough: (manifests) => !manifests.has('go.work') && !/=>\s*[./]/.test(manifests.get('go.mod') ?? '=> .'),
};
/** Whether every source of a COPY is such a file: then only another list of dependencies makes it copy again. */
function areManifests(sources) {
    return sources.every((source) => source.length <= LONGEST_PATH && MANIFEST.test(source.replace(/^\.\//, '')));
}
/** Longer ones would take the expression long. */
const LONGEST_PATH = 300;
const MANIFEST = /^(?:[\w.-]+\/)*(?:package(?:-lock)?\*?(?:\.json)?|npm-shrinkwrap\.json|yarn\.lock|\.yarnrc|pnpm-lock\.yaml|\.npmrc\*?|[\w.-]*requirements[\w.*-]*|Gemfile(?:\.lock|\*)?|\.ruby-version|\.tool-versions|\.node-version|\.nvmrc|go\.(?:mod|sum)|pyproject\.toml|poetry\.lock|uv\.lock|Pipfile(?:\.lock)?|composer\.(?:json|lock))$/;

;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/advice/pure/rules/early-copy.js
// Dependencies that are installed again since a COPY before them brings more than their manifests.









/** Paths in the build context that the rule wants to read. */
function listWantedManifests(build) {
    return findLateInstalls(build).flatMap(({ installs, folder }) => listPaths(installs, folder));
}
/** @param files by path in the build context; a path that is missing is no file */
function adviseOnEarlyCopy(build, files) {
    const late = findLateInstalls(build).filter((one) => isEnough(one, files));
    return groupByCopy(late).map(({ copy, group }) => toAdvice(build, copy, group, files));
}
function toAdvice(build, copy, group, files) {
    const steps = group.map(({ step }) => step);
    const names = new Set(group.flatMap(({ installs, folder }) => listPaths(installs, folder).filter((path) => files.has(path))));
    const manifests = listWords([...names].map(markdown/* toInlineCode */.mI));
    return {
        seconds: measureAlone(build, steps),
        bytes: sumLayerBytes(build, steps),
        text: `in each run that leaves ${manifests} as ${names.size === 1 ? 'it is' : 'they are'}: ` +
            `${listWords(steps.map(showInstruction))} ran again for ${showInstruction(copy)}, which copies more. ` +
            `Copy ${names.size === 1 ? 'that file' : 'these files'} first, install, and copy the rest below.`,
    };
}
function findLateInstalls(build) {
    return build.stages.flatMap((stage) => stage.own.filter(({ ran }) => ran).flatMap((step) => toLateInstall(build, stage, step) ?? []));
}
function toLateInstall(build, stage, step) {
    const installs = parseInstalls(step);
    const cause = installs === null ? null : findCause(build, stage, step);
    if (installs === null || !cause?.between.every(mayStandBetween))
        return null;
    const copied = parseCopy(cause.copy);
    if (copied?.from !== null || areManifests(copied.sources))
        return null;
    const folder = findFolder(stage, step, cause);
    return folder === null ? null : { stage, step, copy: cause.copy, installs, folder };
}
/** @returns null for a RUN that does anything else too */
function parseInstalls(step) {
    const commands = parseCommands(step) ?? [];
    const installs = commands.map(parseInstall);
    const others = commands.filter((_, index) => installs[index] === null);
    const found = installs.filter((install) => install !== null);
    return found.length > 0 && others.every((one) => isTidying(one) || namesPackages(one)) ? found : null;
}
/** Whether an instruction can stay where it is, or move along, when the installation goes up. */
function mayStandBetween(instruction) {
    if (instruction.kind === 'other')
        return !['USER', 'SHELL', 'ONBUILD'].includes(instruction.keyword);
    if (isCopy(instruction))
        return parseCopy(instruction)?.from === null;
    const commands = instruction.keyword === 'RUN' ? parseCommands(instruction) : [];
    return commands?.every((one) => isTidying(one) || namesPackages(one) || parseInstall(one) !== null) === true;
}
/** The folder of the context whose files the COPY brings to the working directory of the step; null where that is not certain. */
function findFolder(stage, step, { copy }) {
    const sources = parseCopy(copy)?.sources ?? [];
    const [destination, folder] = [getDestination(stage, copy), getWorkingDirectory(stage, step)];
    if (destination === null || folder === null)
        return null;
    const manifest = sources.find((one) => areManifests([one]));
    if (manifest !== undefined)
        return destination === folder ? (0,local_paths/* toContextPath */.U7)(external_node_path_.posix.dirname(manifest)) : null;
    const [source = ''] = sources;
    if (sources.length !== 1 || /[*?[]/.test(source) || !(0,local_paths/* isInside */.FK)(destination, folder))
        return null;
    return (0,local_paths/* toContextPath */.U7)(external_node_path_.posix.join(source, external_node_path_.posix.relative(destination, folder)));
}
function listPaths(installs, folder) {
    return installs.flatMap(({ needed, optional }) => [...needed, ...optional]).map((name) => external_node_path_.posix.join(folder, name));
}
function isEnough({ installs, folder }, files) {
    return installs.every(({ needed, optional, isEnough: enough }) => {
        const known = [...needed, ...optional].flatMap((name) => {
            const text = files.get(external_node_path_.posix.join(folder, name));
            return text === undefined ? [] : [[name, text]];
        });
        const manifests = new Map(known);
        return needed.every((name) => manifests.has(name)) && enough(manifests);
    });
}

;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/advice/pure/rules/late-steps.js
// Steps behind a COPY that need nothing of what it copies: packages of the system, and the pruning of dependencies.







/** One advice for all packages that are installed behind the same COPY. */
function adviseOnLatePackages(build) {
    const late = build.stages.flatMap((stage) => stage.own.flatMap((step) => {
        const cause = step.ran && isForPackages(step) ? findCause(build, stage, step) : null;
        return cause !== null && leavesPackages(stage, cause) ? [{ step, copy: cause.copy }] : [];
    }));
    return groupByCopy(late).map(({ copy, group }) => {
        const steps = group.map(({ step }) => step);
        const [it, needs] = steps.length === 1 ? ['it', 'needs'] : ['them', 'need'];
        return {
            seconds: measureAlone(build, steps),
            bytes: sumLayerBytes(build, steps),
            text: `in each run with other files for ${showInstruction(copy)}: ` +
                `${listWords(steps.map(showInstruction))} ${needs} none of them and ran again. Put ${it} above that line.`,
        };
    });
}
function isForPackages(step) {
    const commands = parseCommands(step) ?? [];
    const known = commands.every((one) => namesPackages(one) || isTidying(one) || isSetup(one));
    return known && commands.some(namesPackages);
}
/** Whether package managers find the same above the COPY. */
function leavesPackages(stage, { copy, between }) {
    return [copy, ...between].every((instruction) => {
        const { kind, keyword } = instruction;
        if (kind === 'other')
            return !['USER', 'SHELL', 'ONBUILD', 'ENV'].includes(keyword);
        if (keyword === 'WORKDIR')
            return true;
        if (keyword === 'RUN')
            return parseCommands(instruction)?.every(leavesSystem) === true;
        const destination = getDestination(stage, instruction);
        return destination !== null && !isOfSystem(destination);
    });
}
/** Only where the dependencies themselves came from the cache: then a stage of their own would have, too. */
function adviseOnPruning(build) {
    return build.stages.flatMap((stage) => stage.own.flatMap((step) => {
        const commands = step.ran ? (parseCommands(step) ?? []) : [];
        const prune = commands.find(isPruning);
        const cause = prune === undefined ? null : findCause(build, stage, step);
        const install = cause === null ? undefined : findInstall(stage, cause.copy);
        if (prune === undefined || cause === null || install === undefined)
            return [];
        const own = measureAlone(build, [step]);
        const seconds = commands.every((one) => isPruning(one) || isTidying(one)) ? own : readSeconds(step, commands);
        const folder = getWorkingDirectory(stage, step);
        const copies = folder === null ? [] : listCopies(build, stage, external_node_path_.posix.join(folder, 'node_modules'));
        return {
            seconds: Math.min(own, seconds),
            bytes: sumLayerBytes(build, copies),
            text: `in each run with other files for ${showInstruction(cause.copy)}: \`${prune.join(' ')}\` (line ${step.line}) ran again, ` +
                `although what ${showInstruction(install)} installs is the same. Give production's dependencies a stage of their own, ` +
                `with ${prune[0] === 'npm' ? '`npm ci --omit=dev`' : '`pnpm install --prod --frozen-lockfile`'} behind a COPY of the manifests, and copy them from there.`,
        };
    }));
}
function isPruning([program = '', verb, ...options]) {
    const known = ['--omit=dev', '--production', '--prod', '--no-audit', '--no-fund', '--ignore-scripts'];
    return ['npm', 'pnpm'].includes(program) && verb === 'prune' && options.every((option) => known.includes(option));
}
function findInstall({ chain }, copy) {
    const before = chain.slice(0, chain.indexOf(copy)).filter(({ cached }) => cached);
    return before.find((one) => parseCommands(one)?.some(([program = '', verb = '']) => /^p?npm$/.test(program) && /^(?:ci|i|install)$/.test(verb)));
}
/** npm ends with the time that it took: `removed 5 packages, and audited 12 packages in 3s`. */
const TIME_OF_NPM = /^(?:up to date|(?:added|removed|changed) \d+ packages?)\b.* in (\d+)(ms|s|m)$/;
/** What npm itself says of a pruning among other commands; nothing where it is not the only one that says so. */
function readSeconds({ output }, commands) {
    const others = commands.filter((one) => !isPruning(one) && one[0] === 'npm' && /^(?:ci|i|install|update|audit|dedupe)$/.test(one[1] ?? ''));
    const told = output.flatMap((line) => {
        const [, count, unit = ''] = TIME_OF_NPM.exec(line) ?? [];
        return count === undefined ? [] : [Number(count) * ({ ms: 0.001, s: 1 }[unit] ?? 60)];
    });
    return others.length === 0 && told.length === 1 ? (told[0] ?? 0) : 0;
}
/** The COPY instructions that ran and copied just this folder, or what is in it, from the stage. */
function listCopies(build, { stage }, folder) {
    const name = stage.name?.toLowerCase() ?? '';
    return build.stages
        .flatMap(({ own }) => own)
        .filter((one) => {
        const copied = one.ran && isCopy(one) ? parseCopy(one) : null;
        return (copied?.from?.toLowerCase() === name &&
            copied.sources.every((source) => (0,local_paths/* isInside */.FK)(folder, external_node_path_.posix.resolve('/', source))));
    });
}

;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/advice/pure/rules/no-cache.js
// Runs of every push that leave the cache aside: what they ran again, and the cache would have had.





function adviseOnNoCache(build, { noCache, noCacheStages, frequent }) {
    const filtered = noCacheStages.map((name) => name.toLowerCase());
    const isFiltered = ({ stage, chain }) => build.stages.some((other) => filtered.includes(other.stage.name?.toLowerCase() ?? '') &&
        (other.stage === stage || (other.own.length > 0 && other.own.every((one) => chain.includes(one)))));
    const stages = build.stages.filter((stage) => noCache || isFiltered(stage));
    const steps = frequent ? [...new Set(stages.flatMap((stage) => listSteady(build, stage)))] : [];
    if (steps.length === 0)
        return [];
    const input = noCache ? 'reuse-cache: false' : `no-cache-filters: ${noCacheStages.join(', ')}`;
    const lines = steps.map(({ line }) => `${line}`);
    return [
        {
            seconds: measureAlone(build, steps),
            bytes: null,
            text: `in each run whose base images and manifests are what they were: ${(0,markdown/* toInlineCode */.mI)(input)} ran ` +
                `${lines.length === 1 ? 'line' : 'lines'} ${listWords(lines)} of the Dockerfile, which the cache would have had. ` +
                'Set it in a scheduled workflow only.',
        },
    ];
}
/** The RUN steps that ran above all that other commits change: files of the context, other stages, arguments. */
function listSteady(build, { chain }) {
    const end = chain.findIndex((one) => declaresChanging(build, one) || (isCopy(one) && !bringsManifests(one)));
    const above = end === -1 ? chain : chain.slice(0, end);
    return above.filter(({ keyword, ran }) => keyword === 'RUN' && ran);
}
function bringsManifests(copy) {
    const copied = parseCopy(copy);
    return copied?.from === null && areManifests(copied.sources);
}

;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/advice/pure/rules/owner-change.js
// A RUN that changes owner or mode of files which a COPY has brought: each of them is copied into one more layer.








function adviseOnOwnerChanges(build) {
    return build.stages.flatMap((stage) => stage.own.flatMap((step) => owner_change_toAdvice(build, stage, step) ?? []));
}
function owner_change_toAdvice(build, stage, step) {
    const commands = step.ran ? (parseCommands(step) ?? []) : [];
    const changes = commands.map(parseChange);
    const others = commands.filter((one, index) => changes[index] === null && !isSetup(one) && !isTidying(one));
    const [change, ...further] = changes.filter((one) => one !== null);
    if (change === undefined || further.length > 0 || others.length > 0)
        return null;
    const copies = findCopies(stage, step, change);
    if (copies === null)
        return null;
    const option = (0,markdown/* toInlineCode */.mI)(`${change.option}${change.value}`);
    return {
        seconds: measureAlone(build, [step]),
        bytes: findLayerBytes(build, step),
        text: `in each run that copies again: ${showInstruction(step)} writes the same files into a layer of its own. Give ${listWords(copies.map(showInstruction))} the option ${option} instead${commands.some(isSetup) ? ', and make the user above' : ''}.`,
    };
}
/** Only modes in digits: COPY has no others in every BuildKit. */
function parseChange(command) {
    const [program = ''] = command;
    const [value = '', ...paths] = listArguments(command);
    if (paths.length === 0 || [value, ...paths].some((word) => /[$*?[]/.test(word)))
        return null;
    if (program === 'chown')
        return { option: '--chown=', value, paths };
    return program === 'chmod' && /^[0-7]{3,4}$/.test(value) ? { option: '--chmod=', value, paths } : null;
}
/**
 * The COPY instructions that have brought what is changed.
 * @returns null where something else may have, or where a COPY brings other files too
 */
function findCopies(stage, step, { paths, option }) {
    const folder = getWorkingDirectory(stage, step);
    if (folder === null)
        return null;
    const changed = paths.map((path) => external_node_path_.posix.resolve(folder, path));
    const before = stage.own.slice(0, stage.own.indexOf(step));
    const made = before.filter(({ kind, keyword }) => kind === 'step' && keyword !== 'WORKDIR');
    const copies = made.filter((one) => {
        const destination = isCopy(one) ? getDestination(stage, one) : null;
        return destination !== null && changed.some((path) => (0,local_paths/* isInside */.FK)(path, destination));
    });
    const isHarmless = (one) => one.keyword === 'RUN'
        ? parseCommands(one)?.every((command) => isSetup(command) || isTidying(command) || namesPackages(command)) ===
            true
        : isElsewhere(stage, one, changed);
    const others = made.filter((one) => !copies.includes(one));
    const has = copies.some(({ flags }) => flags.some((flag) => flag.startsWith(option)));
    return copies.length === 0 || has || !others.every(isHarmless) ? null : copies;
}
function isElsewhere(stage, copy, changed) {
    const destination = getDestination(stage, copy);
    return destination !== null && !changed.some((path) => (0,local_paths/* isInside */.FK)(path, destination) || (0,local_paths/* isInside */.FK)(destination, path));
}

;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/advice/pure/rules/whole-tree.js
// Production that copies a whole tree, with dependencies in it that were not installed again.









function adviseOnWholeTrees(build) {
    return build.stages.flatMap(({ own }) => own.flatMap((copy) => whole_tree_toAdvice(build, copy) ?? []));
}
function whole_tree_toAdvice(build, copy) {
    const copied = copy.ran && isCopy(copy) ? parseCopy(copy) : null;
    const from = copied?.from?.toLowerCase();
    const stage = build.stages.findLast((one) => from !== undefined && one.stage.name?.toLowerCase() === from);
    const install = stage === undefined ? undefined : stage.chain.find((one) => one.cached && installsApart(one));
    if (copied === null || stage === undefined || install === undefined)
        return null;
    const folder = getWorkingDirectory(stage, install);
    const tree = copied.sources.find((source) => folder !== null && (0,local_paths/* isInside */.FK)(external_node_path_.posix.resolve('/', source), folder));
    const [bytes, whole] = [findLayerBytes(build, install), findLayerBytes(build, copy)];
    // A smaller layer has not got them all.
    if (folder === null || tree === undefined || bytes === null || whole === null || whole < bytes)
        return null;
    const later = stage.chain.slice(stage.chain.indexOf(install) + 1).filter(({ keyword }) => keyword === 'RUN');
    if (!later.every(keepsDependencies))
        return null;
    return {
        seconds: 0,
        bytes,
        text: `in each run that leaves the dependencies as they are: ${showInstruction(copy)} wrote them again, although ` +
            `${showInstruction(install)} came from the cache. Copy ${(0,markdown/* toInlineCode */.mI)(external_node_path_.posix.join(folder, 'node_modules'))} in a line of its own, ` +
            `and below it only what the build has made, not all of ${(0,markdown/* toInlineCode */.mI)(tree)}.`,
    };
}
/** With npm's downloads in a cache mount, the layer has the packages and nothing else. */
function installsApart(step) {
    const commands = parseCommands(step) ?? [];
    const mounts = step.flags.some((flag) => flag.startsWith('--mount=') && flag.includes('type=cache'));
    return mounts && commands.some(installsNode) && commands.every((one) => installsNode(one) || isTidying(one));
}
function installsNode(command) {
    return ['npm', 'pnpm', 'yarn'].includes(command[0] ?? '') && parseInstall(command) !== null;
}
function keepsDependencies(step) {
    const commands = parseCommands(step);
    return commands?.every((one) => leavesSystem(one) && !one.includes('prune') && !installsNode(one)) === true;
}

;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/advice/pure/rules/all-rules.js
// All rules together. Each tells only of what the build has shown; what is not certain gives no advice.






/**
 * @param manifests of those that `listWantedManifests` names, the files that there are
 * @returns at most three lines of Markdown
 */
function adviseOnBuild(build, manifests, habit) {
    const found = [
        ...adviseOnEarlyCopy(build, manifests),
        ...adviseOnLatePackages(build),
        ...adviseOnPruning(build),
        ...adviseOnOwnerChanges(build),
        ...adviseOnNoCache(build, habit),
        ...adviseOnWholeTrees(build),
    ];
    return toLines(found);
}

;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/advice/advise.js
// Looks at a finished build for what would have made it faster. Reads manifests of the build context, and nothing else.









/** More than any Dockerfile has that people write: bounds the time of rules that compare stages and instructions. */
const [MOST_STAGES, MOST_INSTRUCTIONS] = [100, 1000];
/** @returns at most three lines of Markdown */
async function adviseOnFinished(finished) {
    const { inputs, workspace, trigger, dockerfile, sha, progress, images } = finished;
    const { flags, reuseCache } = inputs;
    const count = dockerfile.stages.reduce((sum, { instructions }) => sum + instructions.length, 0);
    if (dockerfile.stages.length > MOST_STAGES || count > MOST_INSTRUCTIONS)
        return [];
    const build = observeBuild(dockerfile, progress, {
        layers: images.flatMap(({ layers }) => layers),
        changesOften: (name) => (0,cache_miss/* changesOften */.K)(name, flags, sha),
    });
    const manifests = await readManifests((0,read_dockerfile/* findContextFolder */.$)(inputs, workspace), listWantedManifests(build));
    return adviseOnBuild(build, manifests, {
        noCache: !reuseCache,
        noCacheStages: flags.filter(({ input }) => input === 'no-cache-filters').map(({ value }) => value),
        frequent: isFrequent(trigger),
    });
}
/** Of a git tag there is one build, which may well do without a cache. */
function isFrequent({ kind, name }) {
    return kind === 'pull-request' || kind === 'merge-group' || (kind === 'branch' && name === 'push');
}
/** @returns those of the files that are there; symbolic links that leave the context are passed over */
async function readManifests(folder, paths) {
    if (folder === null)
        return new Map();
    const root = await (0,promises_.realpath)(folder);
    const found = paths.map(async (path) => {
        const real = await (0,promises_.realpath)((0,external_node_path_.join)(root, path)).catch(() => null);
        const text = real === null || !(0,local_paths/* isInside */.FK)(root, real) ? null : await (0,find_git_credentials/* readSmallFile */.EW)(real);
        return text === null ? [] : [[path, text]];
    });
    return new Map((await Promise.all(found)).flat());
}


/***/ })

};
