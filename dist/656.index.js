export const id = 656;
export const ids = [656];
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


/***/ })

};
