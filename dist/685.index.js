export const id = 685;
export const ids = [685];
export const modules = {

/***/ 8685:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  commentOnPullRequest: () => (/* binding */ commentOnPullRequest)
});

// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/adapters/github/run-api.js + 1 modules
var run_api = __webpack_require__(6230);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/image/reference.js
var reference = __webpack_require__(6294);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/inputs/secrets/secret-text.js
var secret_text = __webpack_require__(4797);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/shared/markdown.js
var markdown = __webpack_require__(3426);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/report/log-lines.js
var log_lines = __webpack_require__(7468);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/report/summary.js + 1 modules
var summary = __webpack_require__(6433);
;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/report/comment.js





/** Far below the 65536 characters that GitHub takes. */
function toComment(result, { run, runUrl, secrets }) {
    const { plan, digest, error, bytes, builders, production } = hideSecrets(result, secrets);
    const lines = [toMarker(plan.image.name, run), `### Image \`${plan.image.name}\``, ''];
    if (error !== null)
        lines.push(`**Failed.** ${(0,markdown/* escapeMarkdown */.FV)((0,markdown/* shorten */.ml)(error.message))}`, '');
    if (digest !== null)
        lines.push('```text', (0,reference/* pinnedReference */.ct)(plan.image, plan.tags.unique, digest), '```', '');
    if (error === null && digest === null)
        lines.push(`Not pushed: ${(0,markdown/* escapeMarkdown */.FV)((0,markdown/* shorten */.ml)(plan.push.reason))}.`, '');
    const size = (0,summary/* describeBytes */.nI)(bytes);
    const items = [...(size === '' ? [] : [size]), ...(0,log_lines/* toPassLines */.S)({ plan, builders, production })];
    if (items.length > 0)
        lines.push(...items.map((item) => `- ${item}`), '');
    lines.push(`${(0,summary/* toCommitLine */.tv)(plan)}${runUrl === null ? '' : `, [log of the run](${runUrl})`}`);
    return `${lines.join('\n')}\n`;
}
/** Called before texts are shortened or escaped: half a secret would no longer be recognised. */
function hideSecrets(result, secrets) {
    // The same texts that the runner masks; longest first, since one may contain another.
    const hidden = secrets.flatMap(secret_text/* listMasks */.Uq).sort((one, other) => other.length - one.length);
    const hide = (text) => hidden.reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
    const hideIn = (pass) => ({
        ...pass,
        steps: pass.steps.map((step) => ({ ...step, name: hide(step.name) })),
    });
    const { plan, builders, production, error } = result;
    return {
        ...result,
        plan: { ...plan, push: { ...plan.push, reason: hide(plan.push.reason) } },
        builders: builders.map(hideIn),
        production: production && hideIn(production),
        error: error === null ? null : { message: hide(error.message), output: [] },
    };
}
/** The first line of the comment, which GitHub does not show. An image name cannot contain `-->`. */
function toMarker(imageName, { id, attempt }) {
    return `<!-- two-pass-build:${imageName} --><!-- run=${id} attempt=${attempt} -->`;
}
/** Only comments by the token's owner count: anybody can write the marker, and the token can change any comment. */
function chooseComment(comments, { author, imageName, run }) {
    const own = comments.flatMap((comment) => {
        const written = comment.author === author ? readMarker(comment.body, imageName) : null;
        return written === null ? [] : [{ id: comment.id, written }];
    });
    if (own.some(({ written }) => isLater(written, run)))
        return { kind: 'leave' };
    const [first] = own;
    return first === undefined ? { kind: 'create' } : { kind: 'update', id: first.id };
}
function isLater(one, other) {
    return one.id === other.id ? one.attempt > other.attempt : one.id > other.id;
}
/** Only at the beginning of a comment: a bot that quotes the comment has the marker further down. */
function readMarker(body, imageName) {
    const [, name, id, attempt] = /^<!-- two-pass-build:(\S+) --><!-- run=(\d{1,15}) attempt=(\d{1,15}) -->/.exec(body) ?? [];
    return name === imageName ? { id: Number(id), attempt: Number(attempt) } : null;
}

// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/shared/text.js
var shared_text = __webpack_require__(748);
;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/run/comment.js
// Writes the one comment on a pull request that describes its image. A comment that fails is a warning: the build stands.



/** Writes the comment, or brings it up to date. A fork's run, or one of no pull request, asks GitHub nothing. */
async function commentOnPullRequest(request) {
    const { runner, inputs, trigger, result, warn } = request;
    const { event, built } = result.plan;
    // A part gets no comment: the run that makes the index of the parts writes it.
    if (inputs.part !== null || trigger.kind !== 'pull-request' || trigger.fork)
        return;
    const isOfHead = event.kind === 'branch' && event.branch === trigger.headBranch;
    if (event.kind !== 'pull-request' && !isOfHead) {
        runner.log.notice(`Pull request #${trigger.number} gets no comment on this image: ${built.commit} is built, which is not its head.`);
        return;
    }
    try {
        await writeComment(request, trigger.number);
    }
    catch (error) {
        const reason = (0,shared_text/* errorMessage */.gJ)(error);
        const advice = (0,run_api/* isRefusal */.v)(error) ? ' The job may need "permissions: pull-requests: write".' : '';
        warn(`Pull request #${trigger.number} has no up-to-date comment on this image: ${reason}.${advice}`);
    }
}
/** @throws Error when it cannot be written */
async function writeComment({ runner, github, result, secrets }, pull) {
    const { runNumber: run, runUrl, log } = runner;
    if (run === null)
        throw new Error('GITHUB_RUN_ID is missing, so nobody could tell which run is the later one');
    const [author, { comments, complete }] = await Promise.all([github.readTokenOwner(), github.readComments(pull)]);
    const decision = chooseComment(comments, { author, imageName: result.plan.image.name, run });
    const text = toComment(result, { run, runUrl, secrets });
    switch (decision.kind) {
        case 'update':
            await github.updateComment(decision.id, text);
            return;
        case 'create':
            // The comment may be among those that were not read; a second one with every run would be worse than none.
            if (!complete)
                throw new Error(`it is not among the first ${comments.length} comments, and no more were read`);
            await github.createComment(pull, text);
            return;
        case 'leave':
            log.notice(`A later run has commented on pull request #${pull} already, so its comment stays as it is.`);
    }
}


/***/ })

};
