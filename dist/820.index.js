export const id = 820;
export const ids = [820];
export const modules = {

/***/ 2820:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  copyPublished: () => (/* binding */ copyPublished)
});

// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/image/manifest.js
var image_manifest = __webpack_require__(5486);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/shared/json.js
var json = __webpack_require__(2405);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/shared/pool.js
var pool = __webpack_require__(1969);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/shared/retry.js
var retry = __webpack_require__(2061);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/adapters/registry/bounded-reader.js
var bounded_reader = __webpack_require__(1173);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/adapters/registry/http.js
var http = __webpack_require__(8362);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/adapters/registry/registry.js + 1 modules
var registry = __webpack_require__(495);
;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/adapters/registry/copy.js







/** As many layers as `docker push` sends at once, less two: there may be several mirrors. */
const AT_ONCE = 3;
/** Far more platforms and attestations than anyone builds. */
const MOST_CHILDREN = 128;
/**
 * Copies all blobs of a manifest, and the manifests that an index lists, by digest. The caller then writes the manifest
 * itself under its tags.
 * @throws Error that names what could not be copied
 */
async function copyContent(from, to, manifest, options) {
    const children = await readChildren(from, manifest);
    const blobs = listBlobs([manifest, ...children]);
    const outcomes = await (0,pool/* inPool */.Q)(blobs, AT_ONCE, (blob) => copyBlobWithRetry(from, to, blob, options));
    for (const child of children)
        await to.writeManifest(child.digest, child);
    const sent = blobs.filter((_, index) => outcomes[index] === true);
    return { blobs: blobs.length, sent: sent.length, bytes: sent.reduce((sum, { size }) => sum + size, 0) };
}
/** The images and attestations of an index. No build makes an index within an index. */
async function readChildren(from, manifest) {
    const { manifests } = parseContent(manifest);
    if (manifests === null)
        return [];
    const digests = (0,image_manifest/* listDigests */.SL)(manifests);
    if (manifests.length > MOST_CHILDREN || digests.length < manifests.length)
        throw new Error(`The index ${manifest.digest} names what cannot be copied.`);
    const reader = new bounded_reader/* BoundedReader */.B(from, manifest.digest);
    return reader.readEach([...new Set(digests)], async (digest) => {
        const child = await reader.readManifest(digest);
        if (child === null)
            throw new Error(`The registry has lost ${digest}, which ${manifest.digest} names.`);
        return child;
    });
}
function listBlobs(manifests) {
    const blobs = new Map();
    for (const manifest of manifests) {
        const { config, layers } = parseContent(manifest);
        for (const descriptor of [...(config === null ? [] : [config]), ...layers]) {
            if ((0,image_manifest/* isForeignLayer */.sJ)(descriptor))
                continue;
            const { digest, size } = descriptor;
            if (digest === null || size === null)
                throw new Error(`The manifest ${manifest.digest} names what cannot be copied.`);
            blobs.set(digest, { digest, size });
        }
    }
    return [...blobs.values()];
}
function parseContent({ digest, bytes }) {
    const content = (0,json/* parseObject */.lj)(bytes);
    if (content === null)
        throw new Error(`The manifest ${digest} is no JSON object.`);
    return (0,image_manifest/* readDescriptors */.DT)(content);
}
/** Retries temporary faults. Small requests are retried by `createSender`; streams are not. */
async function copyBlobWithRetry(from, to, blob, { signal, wait }) {
    return (0,retry/* retry */.L)(() => to.copyBlob(blob, () => from.openBlob(blob.digest, signal), signal), (outcome, attempt) => 'error' in outcome && mayPass(outcome.error) && !signal.aborted ? (0,http/* retryDelay */.a2)(attempt) : null, wait);
}
function mayPass(error) {
    if (error instanceof http/* ConnectionError */.Rc)
        return (0,http/* isTransient */.dg)(error);
    return error instanceof registry/* RegistryError */.g && (0,http/* isTransientStatus */.Dm)(error.status);
}

// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/adapters/registry/read-image.js
var read_image = __webpack_require__(2058);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/image/unique-label.js
var unique_label = __webpack_require__(8107);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/plan/tags/moving-tags.js
var moving_tags = __webpack_require__(2175);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/plan/tags/other-build.js
var other_build = __webpack_require__(7148);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/shared/text.js
var shared_text = __webpack_require__(748);
;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/publish/copy-to-mirrors.js






/** Copies to all mirrors at once. Never throws: each outcome says how it went. */
function copyPublished(world, own, { registry: from }, mirrors, { manifest, moved: { tags } }) {
    return Promise.all(mirrors.map((mirror) => copyToMirror({ world, own, from, manifest, tags }, mirror)));
}
async function copyToMirror({ world, own, from, manifest, tags }, { mirror: { image }, registry }) {
    const start = performance.now();
    const written = [];
    let effort = '';
    try {
        const { blobs, sent, bytes } = await copyContent(from, registry, manifest, world);
        effort = `${sent} of ${blobs} blobs sent, ${(0,shared_text/* formatMegabytes */.VP)(bytes)}`;
        const [unique] = tags;
        if (unique !== undefined)
            await expectFree(registry, unique, manifest.digest);
        for (const tag of tags) {
            if (tag !== unique)
                await expectMovable(registry, own, image, tag);
            await registry.writeManifest(tag, manifest);
            const served = await registry.readDigest(tag);
            if (served !== manifest.digest)
                throw new Error(`it serves ${served ?? 'nothing'} for ${tag}, and not ${manifest.digest}, which was copied`);
            written.push(tag);
        }
        return {
            image,
            tags: written,
            error: null,
            effort: `${effort}, ${(0,shared_text/* formatSeconds */.Xo)((performance.now() - start) / 1000)}`,
        };
    }
    catch (error) {
        return { image, tags: written, error: (0,shared_text/* errorMessage */.gJ)(error), effort };
    }
}
/** A unique tag is never moved. It was free before the build; another run may have written it since. */
async function expectFree(registry, unique, digest) {
    const there = await registry.readDigest(unique);
    if (there !== null && there !== digest)
        throw new Error(`it has another image under ${unique}, ${there}`);
}
/** Refuses a tag of an image that was built from something else, or that is the unique tag of an image there, also of one that was pushed to the mirror directly. */
async function expectMovable(registry, own, at, tag) {
    const { labels = {} } = (await (0,read_image/* readStoredImage */.tP)(registry, tag)) ?? {};
    if ([own.image, at].some((image) => (0,unique_label/* isUniqueTagOf */.L)(image, tag, labels)))
        throw new Error(`there ${(0,moving_tags/* describeTaken */.Z$)(tag)}`);
    const other = (0,other_build/* explainOtherBuild */.e1)(own, { at, tag, labels });
    if (other !== null)
        throw new Error(other);
}


/***/ })

};
