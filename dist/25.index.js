export const id = 25;
export const ids = [25];
export const modules = {

/***/ 5025:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  explainCopyOfGit: () => (/* binding */ explainCopyOfGit)
});

// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(6760);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/build/find-git-credentials.js + 1 modules
var find_git_credentials = __webpack_require__(8911);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/build/pure/dockerfile.js
var pure_dockerfile = __webpack_require__(191);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/build/pure/context/dockerignore.js
var dockerignore = __webpack_require__(579);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/build/pure/context/local-paths.js
var local_paths = __webpack_require__(5555);
;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/build/pure/context/copied-git.js
// The step that copies the context's `.git` with everything else, and so comes from no cache. Pure.



/** Files of `.git` that git writes anew with each checkout. */
const CHANGING = ['.git/index', '.git/logs/HEAD', '.git/FETCH_HEAD'];
/** @param text of the .dockerignore; empty for none */
function sendsGit(text) {
    return CHANGING.some((path) => !(0,dockerignore/* isLeftOut */.W)(text, path));
}
/**
 * The first step that ran and copies the root of the context, where nothing before it had to run. It says nothing of a
 * Dockerfile that names `.git` as a source: such a build needs it.
 * @param steps each after those that it builds on
 */
function findCopyOfGit(dockerfile, steps) {
    if (dockerfile === null || dockerfile.customSyntax || namesGit(dockerfile))
        return null;
    const missed = steps.filter(({ cached }) => !cached);
    const found = missed.find((step, index) => {
        const shown = (0,pure_dockerfile/* findShown */.Ts)(dockerfile, step);
        if (shown === null || !copiesGit(shown.instruction))
            return false;
        const own = stagesOf(dockerfile, shown.stage);
        return !missed.slice(0, index).some((other) => own.has((0,pure_dockerfile/* findShown */.Ts)(dockerfile, other)?.stage ?? null));
    });
    return found ?? null;
}
/** The stage and all that it is made of. */
function stagesOf(dockerfile, stage) {
    return (0,pure_dockerfile/* stagesInside */.Uk)(dockerfile, stage.name ?? String(dockerfile.stages.indexOf(stage)));
}
function copiesGit(instruction) {
    const { sources, excluded } = readCopy(instruction);
    const reads = sources.some((source) => source === '.' || (0,dockerignore/* isLeftOut */.W)(source, '.git'));
    return reads && sendsGit(excluded.join('\n'));
}
function namesGit({ stages }) {
    return stages.some(({ instructions }) => instructions.some((instruction) => {
        const { sources, mounts } = readCopy(instruction);
        return [...sources, ...mounts].some((source) => source.startsWith('.git/') || source === '.git');
    }));
}
/** What COPY, ADD and RUN --mount=type=bind read of the context, as paths in it; `.` is its root. */
function readCopy(instruction) {
    const { keyword, flags, words } = (0,pure_dockerfile/* readInstruction */.dx)(instruction);
    const valuesOf = (flag) => flags.filter((one) => one.startsWith(`${flag}=`)).map((one) => one.slice(flag.length + 1));
    const mounts = valuesOf('--mount')
        .filter((mount) => !/(?:^|,)from=/.test(mount))
        .flatMap((mount) => /(?:^|,)(?:source|src)=([^,]+)/.exec(mount)?.[1] ?? []);
    const reads = /^(?:COPY|ADD)$/i.test(keyword) && valuesOf('--from').length === 0;
    // The last word is where they go to. A heredoc is written in the Dockerfile, and an address is fetched.
    const given = reads ? words.slice(0, -1).filter((word) => !/^<<|:\/\/|^git@/.test(word)) : [];
    return { sources: given.map(local_paths/* toContextPath */.U7), excluded: valuesOf('--exclude'), mounts: mounts.map(local_paths/* toContextPath */.U7) };
}

// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/build/read-dockerfile.js
var read_dockerfile = __webpack_require__(8975);
;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/advice/copy-of-git.js
// Looks for a step that copies `.git` of the build context and so never comes from the cache. Loaded only where a step ran.





/**
 * @param steps of a build that had a cache source, each after those that it builds on
 * @returns a hint where one of them has run since it copies `.git` of the context; null where none has
 */
async function explainCopyOfGit(inputs, workspace, dockerfile, steps) {
    const step = findCopyOfGit(dockerfile, steps);
    const [context] = (0,local_paths/* listContextFolders */.jD)(inputs, workspace);
    if (step === null || context === undefined || (0,read_dockerfile/* findContextFolder */.$)(inputs, workspace) === null)
        return null;
    if (!(await (0,find_git_credentials/* isFolder */.lQ)((0,external_node_path_.join)(context.folder, '.git'))))
        return null;
    const { path, text, exists } = await (0,find_git_credentials/* readFirst */.vv)(context.ignoreFiles);
    if (!sendsGit(text))
        return null;
    const file = (0,external_node_path_.relative)(workspace, path);
    return (`${step.name} runs in every run, also where nothing has changed: it copies .git too, which git writes anew with each checkout. ` +
        `${exists ? `Add the line ".git" at the end of ${file}` : `Write the line ".git" into a file ${file}`}, unless the build needs it.`);
}


/***/ })

};
