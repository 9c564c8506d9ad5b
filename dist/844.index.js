export const id = 844;
export const ids = [844];
export const modules = {

/***/ 1844:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  explainFailure: () => (/* binding */ explainFailure),
  salvage: () => (/* binding */ salvage)
});

// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/adapters/docker/buildx.js + 8 modules
var buildx = __webpack_require__(6010);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/plan/denial/denial.js
var denial_denial = __webpack_require__(8130);
;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/build/explain-failure.js
// Explains a build that failed because a registry refused it: adds the cause and what to change to Buildx's message.


/**
 * @param readable whether an image of the run's own name could be read
 * @returns the same error when it is no refusal by a registry
 */
function explainPassFailure(error, caller, image, readable) {
    if (!(error instanceof buildx/* PassFailedError */.lq) || error.progress.failed === null)
        return error;
    const { failed } = error.progress;
    const answer = (0,denial_denial/* parseDenial */.Pu)(failed.error ?? '');
    if (answer === null)
        return error;
    const base = (0,denial_denial/* parseBaseImage */.yR)(failed.name);
    // The login of the inputs is for the image's registry only. Logins that the engine has for others are not known here.
    const login = base?.registry === image.registry ? caller : { ...caller, login: 'none', username: null };
    const denial = base !== null
        ? { ...login, action: 'read', image: base, answer, readable: false }
        : error.exportOnly
            ? { ...caller, action: 'write', image, answer, readable }
            : null;
    if (denial === null)
        return error;
    const { cause, change } = (0,denial_denial/* explainDenial */.LI)(denial);
    return new Error(`${error.message.replace(/\.$/, '')}: ${cause}. ${change}.`, { cause: error });
}

// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/build/keep-builder.js
var keep_builder = __webpack_require__(1219);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/build/pure/builder-decision.js
var builder_decision = __webpack_require__(7129);
;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/run/pure/salvage-decision.js
// What a failed run still keeps for the next one. Pure.
/** The builder image is only cache, so that of a failed run is worth keeping too: the next run starts from it. */
function decideSalvage({ stage, failedAfterBuilder, ...run }) {
    const nothing = { builderImage: false, layers: 'none' };
    if (run.cancelled)
        return nothing;
    switch (stage) {
        case 'build':
            return failedAfterBuilder ? { builderImage: run.writesBuilder && run.builderIsNew, layers: 'builder' } : nothing;
        case 'check':
            return { builderImage: run.writesBuilder && run.builderIsNew, layers: 'all' };
        case 'other':
            return nothing;
    }
}

;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/run/salvage.js
// After a failure: keeps layers that were built, and explains a registry's refusal.





/** Keeps what `decideSalvage` says. Never throws, so that the run reports its own failure and not one of this. */
async function salvage({ world }, found, error, warn) {
    const { job, layers } = found;
    if (job === undefined)
        return;
    const cancelled = world.signal.aborted;
    const decisions = job.plan.builders.map((builder) => ({
        builder,
        ...decideSalvage({ ...getFailedRun(job, found, error, builder), cancelled }),
    }));
    const written = [];
    for (const { builder, builderImage } of decisions) {
        const built = builderImage ? await (0,keep_builder/* buildBuilder */.G)({ ...job, builder, warn }).catch(() => null) : null;
        const digest = built?.digest ?? null;
        if (digest !== null && builder.tag !== null)
            written.push([builder.tag, digest]);
    }
    if (written.length > 0 && job.plan.trust.kind === 'recorded') {
        const { recordBuilders } = await __webpack_require__.e(/* import() */ 655).then(__webpack_require__.bind(__webpack_require__, 6655));
        await recordBuilders({ world, plan: job.plan, images: found.survey?.state.images ?? [], warn }, written);
    }
    const run = decideSalvage({ stage: getStage(job, found), ...NO_BUILDER, cancelled });
    const built = decisions.filter((one) => one.layers === 'builder').map(({ builder }) => builder);
    if (run.layers === 'all')
        await layers?.save(job, 'all');
    else if (built.length > 0)
        await layers?.save(job, built);
}
const NO_BUILDER = { failedAfterBuilder: false, writesBuilder: false, builderIsNew: false };
/** @returns the error as it is where no registry has refused anything */
function explainFailure({ job, survey }, error) {
    if (job === undefined)
        return error;
    const readable = survey !== undefined && survey.state.images.length > 0;
    return explainPassFailure(error, job.caller, job.plan.image, readable);
}
function getFailedRun(job, found, error, builder) {
    const stages = (0,builder_decision/* stageLabels */.m3)(builder.target, job.dockerfile);
    const progress = error instanceof buildx/* PassFailedError */.lq ? error.progress : found.built?.progress;
    const failed = error instanceof buildx/* PassFailedError */.lq ? error.progress.failed : null;
    const own = (progress?.steps ?? []).filter(({ stage }) => stages.has(stage));
    const ran = own.some((step) => !step.cached);
    // When a step fails, BuildKit stops those that run beside it.
    const stopped = own.some((step) => step.error !== null);
    const tags = found.survey?.state.images.map(({ tag }) => tag) ?? [];
    return {
        stage: getStage(job, found),
        failedAfterBuilder: failed !== null && failed.stage !== '' && !stages.has(failed.stage) && !stopped,
        writesBuilder: builder.output === 'registry',
        builderIsNew: ran || builder.tag === null || !tags.includes(builder.tag),
    };
}
function getStage({ candidate }, { built, checked }) {
    if (built === undefined)
        return 'build';
    return candidate !== null && (checked?.image ?? null) === null ? 'check' : 'other';
}


/***/ })

};
