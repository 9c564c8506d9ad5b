export const id = 411;
export const ids = [411,656];
export const modules = {

/***/ 8656:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   GH: () => (/* binding */ pushImage),
/* harmony export */   XE: () => (/* binding */ readImageId),
/* harmony export */   ZP: () => (/* binding */ pullImage),
/* harmony export */   aH: () => (/* binding */ removeImage),
/* harmony export */   lE: () => (/* binding */ saveImage),
/* harmony export */   px: () => (/* binding */ readImageSize),
/* harmony export */   readPushedDigest: () => (/* binding */ readPushedDigest),
/* harmony export */   yt: () => (/* binding */ loadImage)
/* harmony export */ });
/* harmony import */ var _image_digest_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(6599);
/* harmony import */ var _image_reference_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(6294);
/* harmony import */ var _shared_text_js__WEBPACK_IMPORTED_MODULE_5__ = __webpack_require__(748);
/* harmony import */ var _buildx_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(6010);
/* harmony import */ var _limits_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(4875);
/* harmony import */ var _pass_failure_js__WEBPACK_IMPORTED_MODULE_6__ = __webpack_require__(1005);
/* harmony import */ var _stall_watch_js__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(2875);
// Commands on an image of the local engine: ID, size, push, save, load, remove.







/** Size in bytes, uncompressed, as the engine counts it. @throws Error when there is no such image */
async function readImageSize(engine, reference) {
    const size = Number(await docker(engine, ['image', 'inspect', '--format', '{{.Size}}', reference]));
    if (!Number.isSafeInteger(size))
        throw new Error(`the engine does not tell the size of ${reference}`);
    return size;
}
/** Its ID: the digest of its manifest or index on the containerd store, of its config on others. @throws Error when there is no such image */
async function readImageId(engine, reference) {
    return docker(engine, ['image', 'inspect', '--format', '{{.Id}}', reference]);
}
/**
 * Digest of what the engine itself has pushed under the name; Buildx looks the tag up instead, and so may name what somebody
 * has put there since.
 * @param hint which one to take where the image was pushed in several forms
 * @returns null when the engine does not tell
 */
async function readPushedDigest(engine, image, reference, hint) {
    const list = await docker(engine, ['image', 'inspect', '--format', '{{json .RepoDigests}}', reference]).catch(() => '');
    const digests = [...list.matchAll(/"([^"@]+)@(sha256:[0-9a-f]{64})"/g)]
        .filter(([, name = '']) => (0,_image_reference_js__WEBPACK_IMPORTED_MODULE_1__/* .isSameImage */ .m_)((0,_image_reference_js__WEBPACK_IMPORTED_MODULE_1__/* .parseImageName */ ["if"])(name), image))
        .map(([, , digest]) => digest)
        .filter(_image_digest_js__WEBPACK_IMPORTED_MODULE_0__/* .isDigest */ .Bc);
    return digests.length === 1 ? (digests[0] ?? null) : (digests.find((digest) => digest === hint) ?? null);
}
/**
 * Pushes the image as it is.
 * @param stallLimit milliseconds that the push may be silent
 * @returns the digest that the docker client prints, or null when it prints none
 * @throws PassFailedError when it cannot be pushed; CancelledError on a signal
 */
async function pushImage(engine, reference, { signal, stallLimit }) {
    const stall = (0,_stall_watch_js__WEBPACK_IMPORTED_MODULE_4__/* .watchForStall */ .d)(signal, stallLimit, () => [], Date.now());
    const timer = setInterval(() => stall.check(Date.now()), LOOK_EVERY_MS);
    const onLine = () => {
        stall.heard(Date.now());
    };
    const { code, stdout, stderr } = await call(engine, ['push', reference], {
        signal: stall.signal,
        onLine,
        limit: 'none',
    })
        .catch((error) => {
        if (stall.stalled === null)
            throw error;
        return { code: 1, stdout: '', stderr: `i/o timeout: no sign of life for ${stallLimit / 1000} s` };
    })
        .finally(() => {
        clearInterval(timer);
    });
    if (code === 0) {
        const digest = /\bdigest: (sha256:[0-9a-f]{64})\b/.exec(stdout)?.[1];
        return (0,_image_digest_js__WEBPACK_IMPORTED_MODULE_0__/* .isDigest */ .Bc)(digest) ? digest : null;
    }
    const reason = (0,_shared_text_js__WEBPACK_IMPORTED_MODULE_5__/* .getLastLine */ .Tl)(stderr) || (0,_shared_text_js__WEBPACK_IMPORTED_MODULE_5__/* .getLastLine */ .Tl)(stdout) || `docker push ended with exit code ${code}`;
    const failed = { ...NO_STEP, name: `pushing ${reference}`, error: reason };
    const progress = { steps: [], failed, errors: [`${failed.name}: ${reason}`], warnings: [], work: [] };
    const { transient } = (0,_pass_failure_js__WEBPACK_IMPORTED_MODULE_6__/* .classifyFailure */ .X)([`ERROR: failed to push ${reference}: ${reason}`]);
    const message = `The checked image could not be pushed: ${reason}`;
    throw new _buildx_js__WEBPACK_IMPORTED_MODULE_2__/* .PassFailedError */ .lq(message, progress, { cacheFault: false, transient }, null);
}
const LOOK_EVERY_MS = 5000;
const NO_STEP = { stage: '', cached: false, seconds: 0, output: [] };
/**
 * Pulls an image; the engine takes its own platform of several.
 * @throws Error when it cannot be pulled, with the last line that docker printed; CancelledError on a signal
 */
async function pullImage(engine, reference) {
    await docker(engine, ['pull', '--quiet', reference], _limits_js__WEBPACK_IMPORTED_MODULE_3__/* .FILE_LIMIT */ .h1);
}
/** Writes the image to a file. @throws Error when that fails */
async function saveImage(engine, reference, file) {
    await docker(engine, ['image', 'save', '--output', file, reference], _limits_js__WEBPACK_IMPORTED_MODULE_3__/* .FILE_LIMIT */ .h1);
}
/**
 * Loads an image file that must have exactly this reference: another one could replace a base image in the engine.
 * @throws Error when it cannot be loaded, or has other references, which are removed again
 */
async function loadImage(engine, file, reference) {
    const printed = await docker(engine, ['image', 'load', '--input', file], _limits_js__WEBPACK_IMPORTED_MODULE_3__/* .FILE_LIMIT */ .h1);
    const loaded = [...printed.matchAll(/^Loaded image(?: ID)?: (.+)$/gm)].map(([, name = '']) => name);
    if (loaded.length === 1 && loaded[0] === reference)
        return;
    for (const name of loaded)
        await removeImage(engine, name);
    throw new Error(`it holds ${loaded.join(', ') || 'nothing'} instead of ${reference}`);
}
/** Does nothing when there is no such image. @throws Error when the engine refuses */
async function removeImage(engine, reference) {
    // Without the run's signal: the image is removed after a cancelled run too.
    const { code, stderr } = await call(engine, ['image', 'rm', reference], { signal: null, limit: _limits_js__WEBPACK_IMPORTED_MODULE_3__/* .ANSWER_LIMIT */ .TA });
    if (code !== 0 && !/no such image/i.test(stderr))
        throw new Error((0,_shared_text_js__WEBPACK_IMPORTED_MODULE_5__/* .getLastLine */ .Tl)(stderr));
}
async function docker(engine, args, limit = _limits_js__WEBPACK_IMPORTED_MODULE_3__/* .ANSWER_LIMIT */ .TA) {
    const { code, stdout, stderr } = await call(engine, args, { signal: engine.signal, limit });
    if (code !== 0)
        throw new Error((0,_shared_text_js__WEBPACK_IMPORTED_MODULE_5__/* .getLastLine */ .Tl)(stderr) || `docker ${args.join(' ')} ended with exit code ${code}`);
    return stdout.trim();
}
function call({ run, env, builder }, args, options) {
    return run('docker', [...(builder === null ? [] : ['--context', builder]), ...args], { env, ...options });
}


/***/ }),

/***/ 9411:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  restoreLayers: () => (/* binding */ restoreLayers)
});

// EXTERNAL MODULE: external "node:fs/promises"
var promises_ = __webpack_require__(1455);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(6760);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/adapters/docker/local-image.js
var local_image = __webpack_require__(8656);
// EXTERNAL MODULE: external "node:fs"
var external_node_fs_ = __webpack_require__(3024);
// EXTERNAL MODULE: external "node:stream/promises"
var external_node_stream_promises_ = __webpack_require__(6466);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/image/digest.js
var digest = __webpack_require__(6599);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/image/manifest.js
var manifest = __webpack_require__(5486);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/image/media-types.js
var media_types = __webpack_require__(1335);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/shared/json.js
var json = __webpack_require__(2405);
;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/adapters/docker/oci-layout.js
// Checks an OCI layout on disk, the form of BuildKit's local cache.
// https://github.com/opencontainers/image-spec/blob/main/image-layout.md








/**
 * Reads every blob that can be reached from the layout's index.
 * @throws Error when a blob is missing or does not match its digest
 */
async function checkLayout(folder) {
    const left = listDescriptors(await (0,promises_.readFile)((0,external_node_path_.join)(folder, 'index.json'), 'utf8'));
    if (left.length === 0)
        throw new Error('its index names nothing');
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
        const file = (0,external_node_path_.join)(folder, 'blobs', ...next.digest.split(':'));
        const hash = (0,digest/* startHash */.LC)(next.digest);
        await (0,external_node_stream_promises_.pipeline)((0,external_node_fs_.createReadStream)(file), hash);
        if (!(0,digest/* isHashOf */._S)(hash, next.digest))
            throw new Error(`what it has as ${next.digest} is something else`);
        if ((0,media_types/* isManifestType */.Q3)(next.mediaType))
            left.push(...listDescriptors(await (0,promises_.readFile)(file, 'utf8')));
    }
}
/** The descriptors in an index or manifest. @throws Error when it is neither */
function listDescriptors(text) {
    const document = (0,json/* parseObject */.lj)(text);
    if (document === null)
        throw new Error('a manifest in it is none');
    const { manifests, config, layers } = (0,manifest/* readDescriptors */.DT)(document);
    return [...(manifests ?? []), ...layers, ...(config === null ? [] : [config])].flatMap((descriptor) => descriptor.digest === null ? [] : [{ ...descriptor, digest: descriptor.digest }]);
}

// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/build/build-request.js
var build_request = __webpack_require__(1794);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/build/pure/builder-decision.js
var builder_decision = __webpack_require__(7129);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/image/reference.js
var image_reference = __webpack_require__(6294);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/inputs/syntax.js + 10 modules
var syntax = __webpack_require__(6418);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/plan/targets.js
var targets = __webpack_require__(8783);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/shared/text.js
var shared_text = __webpack_require__(748);
;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/cache/pure/layer-export.js
// Which layers of a build are kept in the Actions cache, and the build that writes them. Pure.


/** A repository has 10 GB for all its caches: a larger entry would evict too many others. */
const LARGEST_ENTRY_BYTES = 2 * 1024 ** 3;
/**
 * The pass whose layers are kept, since an entry has those of one build. As a directory that of production has the layers of
 * all stages that it copies from. An image has the layers of one stage: the first that is to be kept.
 * @param built builder passes that are finished, where production is not; null when all is built
 * @returns null when nothing is to be kept
 */
function chooseExport(plan, dockerfile, { form }, built) {
    const [first] = plan.builders;
    if (first === undefined)
        return built === null ? plan.production : null;
    if (form === 'image')
        return built === null || built.includes(first) ? first : null;
    if (built === null)
        return plan.builders.some((one) => (0,builder_decision/* isInProduction */.bP)(plan, one, dockerfile)) ? plan.production : first;
    // Of several the one that is made of most of them.
    const covered = ({ target }) => {
        const inside = (0,builder_decision/* stageLabels */.m3)(target, dockerfile);
        return built.filter((one) => inside.has((0,builder_decision/* getTargetLabel */.Om)(one.target, dockerfile))).length;
    };
    const [most = null] = built.toSorted((one, other) => covered(other) - covered(one));
    return most;
}
/**
 * The build that exports the layers; all of its steps are in the engine's cache already. It keeps the cache sources of the
 * builder passes, which have the layers that the passes did not need to read.
 * @param pass of `chooseExport`
 * @param cacheTo value of --cache-to
 */
function planLayerExport(plan, { form, tag }, pass, cacheTo) {
    const passes = plan.builders.length === 0 ? [plan.production] : plan.builders;
    const cacheFrom = [...new Set(passes.flatMap((one) => one.cacheFrom))];
    return {
        ...pass,
        ...{ cacheFrom, labels: {}, provenance: null, sbom: null },
        tag: form === 'image' ? tag : null,
        output: form === 'image' ? 'engine' : 'cache',
        // no-cache-filters would run these stages once more.
        flags: pass.flags.filter(({ input, passes }) => passes === 'both' && input !== 'no-cache-filters'),
        pull: false,
        cacheTo,
    };
}
/** @returns why an entry of that size is not saved, or null */
function rejectSize(bytes) {
    return bytes <= LARGEST_ENTRY_BYTES
        ? null
        : `they are ${(0,shared_text/* formatMegabytes */.VP)(bytes)}, more than the ${(0,shared_text/* formatMegabytes */.VP)(LARGEST_ENTRY_BYTES)} that one entry may have`;
}

;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/cache/layer-store.js
// Restores and saves layers in the Actions cache, for runs that may not push. It only makes builds faster, so every
// fault is a warning.











/**
 * Restores the nearest entry.
 * @returns null without a cache service
 */
async function restoreLayers(request, keys) {
    const cache = await request.world.openActionsCache().catch((error) => {
        request.warn(`The Actions cache cannot be used: ${(0,shared_text/* errorMessage */.gJ)(error)}`);
        return null;
    });
    if (cache === null)
        return null;
    const place = { cache, keys, local: (0,build_request/* toLocalEngine */.b)(request) };
    return createStore(request, place, await restore(request, place));
}
/** Never throws: without an entry the passes build everything. */
async function restore(request, place) {
    const { world, warn } = request;
    const { cache, keys } = place;
    const nothing = { answered: true, source: null, restored: null };
    const started = performance.now();
    let key;
    try {
        key = await cache.restore(keys.restore);
    }
    catch (error) {
        warn(`Nothing was taken from the Actions cache: ${(0,shared_text/* errorMessage */.gJ)(error)}.`);
        return { ...nothing, answered: false };
    }
    if (key === null) {
        world.runner.log.info(`Actions cache: nothing there for ${keys.restore.join(', ')}`);
        return nothing;
    }
    try {
        return { ...nothing, source: await takeEntry(request, place, { key, started }), restored: key };
    }
    catch (error) {
        warn(`Nothing was taken from the Actions cache, since its entry is damaged: ${(0,shared_text/* errorMessage */.gJ)(error)}.`);
        return nothing;
    }
}
function createStore(request, place, restored) {
    const { world, plan, dockerfile, warn } = request;
    const { cache, keys, local } = place;
    const [builder] = plan.builders;
    const stages = keys.form === 'image' && builder !== undefined
        ? (0,builder_decision/* stageLabels */.m3)(builder.target, dockerfile)
        : (0,builder_decision/* builderStages */.v4)(plan, dockerfile);
    let isNew = false;
    return {
        ...restored,
        onStep: ({ stage }) => {
            isNew ||= keys.form === 'directory' || builder === undefined || stages.has(stage);
        },
        save: async (built, which) => {
            if (keys.save === null || !isNew || !restored.answered || !cache.canSave || world.signal.aborted)
                return;
            const pass = chooseExport(built.plan, dockerfile, keys, which === 'all' ? null : which);
            if (pass === null)
                return;
            try {
                await save(built, place, { key: keys.save, pass, log: world.runner.log });
            }
            catch (error) {
                warn(`The layers of this run were not kept in the Actions cache: ${(0,shared_text/* errorMessage */.gJ)(error)}.`);
            }
        },
        close: async () => {
            try {
                await (0,promises_.rm)(cache.folder, { recursive: true, force: true });
                if (keys.form === 'image')
                    await (0,local_image/* removeImage */.aH)(local, (0,image_reference/* taggedReference */.CN)(keys.image, keys.tag));
            }
            catch (error) {
                warn(`What the Actions cache left on this machine could not be removed: ${(0,shared_text/* errorMessage */.gJ)(error)}.`);
            }
        },
    };
}
/**
 * @returns the value of --cache-from
 * @throws Error when the restored entry is not whole, or not what this action writes
 */
async function takeEntry({ world, directory }, { cache, keys, local }, entry) {
    const bytes = await measureFolder(cache.folder);
    const folder = (0,external_node_path_.join)(directory, 'layers');
    // Moved away: `save` writes to the same folder.
    await (0,promises_.rename)(cache.folder, folder);
    const reference = (0,image_reference/* taggedReference */.CN)(keys.image, keys.tag);
    // Checked first: once BuildKit has read a broken layer, it fails even without this source ("lease … not found").
    if (keys.form === 'image')
        await (0,local_image/* loadImage */.yt)(local, (0,external_node_path_.join)(folder, IMAGE_FILE), reference);
    else
        await checkLayout(folder);
    const took = (0,shared_text/* formatSeconds */.Xo)((performance.now() - entry.started) / 1000);
    world.runner.log.info(`Actions cache: restored ${entry.key}, ${(0,shared_text/* formatMegabytes */.VP)(bytes)} in ${took}`);
    return keys.form === 'image' ? `type=registry,ref=${reference}` : (0,syntax/* csvFields */.qZ)('type=local', `src=${folder}`);
}
/** @throws Error when the engine cannot export its layers, or they are too large */
async function save({ plan, passes }, { cache, keys, local }, { key, pass, log }) {
    const { folder } = cache;
    const started = performance.now();
    await (0,promises_.rm)(folder, { recursive: true, force: true });
    await (0,promises_.mkdir)(folder, { recursive: true, mode: 0o700 });
    try {
        if (keys.form === 'image') {
            const reference = (0,image_reference/* taggedReference */.CN)(keys.image, keys.tag);
            await exportLayers(passes, keys.image, planLayerExport(plan, keys, pass, 'type=inline'));
            // Checked before the image is written, which could fill the disk.
            checkSize(await (0,local_image/* readImageSize */.px)(local, reference));
            await (0,local_image/* saveImage */.lE)(local, reference, (0,external_node_path_.join)(folder, IMAGE_FILE));
        }
        else {
            // mode=max: also layers of stages that production copies from. zstd does not change layers of the production
            // image: they have been compressed already.
            const cacheTo = (0,syntax/* csvFields */.qZ)('type=local', `dest=${folder}`, 'mode=max', 'compression=zstd', 'oci-mediatypes=true');
            await exportLayers(passes, keys.image, planLayerExport(plan, keys, pass, cacheTo));
        }
        const bytes = await measureFolder(folder);
        checkSize(bytes);
        const kept = await cache.save(key);
        const took = (0,shared_text/* formatSeconds */.Xo)((performance.now() - started) / 1000);
        log.info(kept ? `Actions cache: kept ${key}, ${(0,shared_text/* formatMegabytes */.VP)(bytes)} in ${took}` : `Actions cache: ${key} was not kept`);
    }
    finally {
        await (0,promises_.rm)(folder, { recursive: true, force: true });
    }
}
/** Runs the export. @throws PassFailedError */
async function exportLayers(passes, image, pass) {
    await passes.runOnce(pass, { title: `Writing out the layers of ${(0,targets/* showTarget */.R)(pass.target)}`, silent: true, image });
}
const IMAGE_FILE = 'image.tar';
function checkSize(bytes) {
    const reason = rejectSize(bytes);
    if (reason !== null)
        throw new Error(reason);
}
async function measureFolder(folder) {
    const entries = await (0,promises_.readdir)(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const sizes = await Promise.all(files.map(async ({ parentPath, name }) => (await (0,promises_.stat)((0,external_node_path_.join)(parentPath, name))).size));
    return sizes.reduce((sum, size) => sum + size, 0);
}


/***/ })

};
