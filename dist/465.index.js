export const id = 465;
export const ids = [465,655,820];
export const modules = {

/***/ 6655:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

__webpack_require__.r(__webpack_exports__);
/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   recordBuilders: () => (/* binding */ recordBuilders),
/* harmony export */   recordPublished: () => (/* binding */ recordPublished),
/* harmony export */   restoreRecord: () => (/* binding */ restoreRecord)
/* harmony export */ });
/* harmony import */ var node_fs_promises__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(1455);
/* harmony import */ var node_path__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(6760);
/* harmony import */ var _plan_tags_tags_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(3630);
/* harmony import */ var _shared_text_js__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(748);
/* harmony import */ var _pure_own_record_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(6085);
// Keeps records of what the main branch's runs have written in the Actions cache, and reads them. Every fault costs layers and
// no build.





/**
 * Reads the newest record. Never throws.
 * @param keys beginning of its key
 */
async function restoreRecord({ openActionsCache }, keys) {
    try {
        const cache = await openActionsCache();
        if (cache === null)
            return { record: null, fault: 'there is no Actions cache here' };
        const key = await cache.restore([keys]);
        if (key === null)
            return { record: null, fault: null };
        const text = await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_0__.readFile)((0,node_path__WEBPACK_IMPORTED_MODULE_1__.join)(cache.folder, RECORD_FILE), 'utf8').catch(() => '');
        await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_0__.rm)(cache.folder, { recursive: true, force: true });
        const record = key.startsWith(keys) ? (0,_pure_own_record_js__WEBPACK_IMPORTED_MODULE_3__/* .parseRecord */ .Hh)(text) : null;
        return record === null
            ? { record, fault: `the entry ${key} of the Actions cache is no record` }
            : { record, fault: null };
    }
    catch (error) {
        return { record: null, fault: `the Actions cache cannot be asked: ${(0,_shared_text_js__WEBPACK_IMPORTED_MODULE_4__/* .errorMessage */ .gJ)(error)}` };
    }
}
/**
 * A run that leaves the branch's tags to a newer commit records nothing: that commit's run does. Nor is recorded what only has the
 * config of what was made: a manifest can name other layers for it.
 */
async function recordPublished(request, { manifest, moved, pushed }, kept) {
    const { scope, builders } = request.plan;
    if (scope === null || !moved.tags.includes(scope.tag) || pushed !== manifest.digest)
        return;
    const written = builders.flatMap(({ tag }, index) => {
        const { digest = null, proved = false } = kept[index] ?? {};
        return tag === null || digest === null || !proved ? [] : [[tag, digest]];
    });
    await record(request, manifest.digest, [[scope.tag, manifest.digest], ...written]);
}
/** Of a run that failed after its builder stages. */
async function recordBuilders(request, written) {
    await record(request, null, written);
}
async function record({ world, plan: { trust, event }, images, warn }, built, written) {
    if (trust.kind !== 'recorded' || !trust.writes || world.signal.aborted)
        return;
    const before = images.map(({ tag, digest }) => [tag, digest]);
    // A release looks for the record of its commit, and not for that of a run which failed.
    const name = `${built === null ? 'failed-' : ''}${event.sha}-${(0,_plan_tags_tags_js__WEBPACK_IMPORTED_MODULE_2__/* .compactUtc */ .Eb)(world.now)}`;
    const content = { commit: event.sha, built, images: new Map([...before, ...written]) };
    await saveRecord(world, `${trust.keys}${name}`, content, warn);
}
/** Never throws: without it the next run of main takes fewer layers. */
async function saveRecord({ openActionsCache, runner }, key, record, warn) {
    const fail = (reason) => {
        warn(`What this run has written was not recorded, so the next one takes no layers of it: ${reason}`);
    };
    try {
        const cache = await openActionsCache();
        // A run that has found no cache has said so before.
        if (cache === null)
            return;
        if (!cache.canSave) {
            fail('this run may only read the Actions cache.');
            return;
        }
        await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_0__.rm)(cache.folder, { recursive: true, force: true });
        await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_0__.mkdir)(cache.folder, { recursive: true, mode: 0o700 });
        await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_0__.writeFile)((0,node_path__WEBPACK_IMPORTED_MODULE_1__.join)(cache.folder, RECORD_FILE), (0,_pure_own_record_js__WEBPACK_IMPORTED_MODULE_3__/* .toRecordText */ .mF)(record));
        const kept = await cache.save(key).finally(() => (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_0__.rm)(cache.folder, { recursive: true, force: true }));
        if (kept)
            runner.log.info(`Recorded in the Actions cache what this run has written: ${key}`);
        else
            fail(`the Actions cache did not keep ${key}.`);
    }
    catch (error) {
        fail(`${(0,_shared_text_js__WEBPACK_IMPORTED_MODULE_4__/* .errorMessage */ .gJ)(error)}.`);
    }
}
const RECORD_FILE = 'record.json';


/***/ }),

/***/ 6085:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   Hh: () => (/* binding */ parseRecord),
/* harmony export */   l1: () => (/* binding */ describeLeftOut),
/* harmony export */   mF: () => (/* binding */ toRecordText)
/* harmony export */ });
/* harmony import */ var _image_digest_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(6599);
/* harmony import */ var _image_reference_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(6294);
/* harmony import */ var _shared_json_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(2405);
// A record of the images that a run of the main branch has written, by tag and digest, and what is trusted by it. Pure.



function toRecordText({ commit, built, images }) {
    return `${JSON.stringify({ commit, built, images: Object.fromEntries(images) })}\n`;
}
/** @returns null for what is no record */
function parseRecord(text) {
    const content = (0,_shared_json_js__WEBPACK_IMPORTED_MODULE_2__/* .parseObject */ .lj)(Buffer.from(text, 'utf8'));
    if (content === null)
        return null;
    const entries = Object.entries((0,_shared_json_js__WEBPACK_IMPORTED_MODULE_2__/* .asRecord */ .qY)(content.images));
    const images = entries.filter((entry) => (0,_image_reference_js__WEBPACK_IMPORTED_MODULE_1__/* .isTag */ .dz)(entry[0]) && (0,_image_digest_js__WEBPACK_IMPORTED_MODULE_0__/* .isDigest */ .Bc)(entry[1]));
    if (images.length < entries.length)
        return null;
    return {
        commit: (0,_shared_json_js__WEBPACK_IMPORTED_MODULE_2__/* .asText */ .e1)(content.commit),
        built: (0,_image_digest_js__WEBPACK_IMPORTED_MODULE_0__/* .isDigest */ .Bc)(content.built) ? content.built : null,
        images: new Map(images),
    };
}
/**
 * One notice of all that is left out.
 * @param why there is no record, as a clause; null where there is one, or could be
 * @param hasOthers whether the input cache-from names sources
 * @returns null where nothing is
 */
function describeLeftOut(tags, why, hasOthers) {
    const foreign = tags.filter(({ digest, recorded }) => digest !== null && digest !== recorded);
    const replaced = foreign.filter(({ taken }) => taken).map(({ tag }) => tag);
    const gone = tags.filter(({ recorded, taken }) => recorded !== null && !taken);
    const left = [
        ...foreign.map(({ tag, digest }) => `${tag} (${shorten(digest)})`),
        ...(hasOthers ? ['the sources of the input cache-from'] : []),
    ];
    if (left.length === 0 && gone.length === 0 && why === null)
        return null;
    const reason = why ?? 'no run of main has recorded that it wrote this';
    const sentences = [
        left.length === 0
            ? `trust-cache: own. There is no record of what main has written: ${reason}.`
            : `trust-cache: own. Not taken as cache: ${left.join(', ')}, since ${reason}.`,
        ...(replaced.length === 0 ? [] : [`Of ${replaced.join(', ')} the image that main has recorded is taken instead.`]),
        ...(gone.length === 0
            ? []
            : [
                `The registry does not show what main has recorded of ${gone.map(({ tag, recorded }) => `${tag} (${shorten(recorded)})`).join(', ')}.`,
            ]),
    ];
    return (left.length === 0 && why === null ? ['trust-cache: own.', ...sentences.slice(1)] : sentences).join(' ');
}
/** Enough to tell two digests apart. */
function shorten(digest) {
    return digest?.slice(0, 'sha256:'.length + 12) ?? '';
}


/***/ }),

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


/***/ }),

/***/ 7465:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  finish: () => (/* binding */ finish),
  publishIndex: () => (/* binding */ publishIndex)
});

// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/adapters/github/branch-head.js
var branch_head = __webpack_require__(565);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/adapters/registry/read-image.js
var read_image = __webpack_require__(2058);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/cache/own-records.js
var own_records = __webpack_require__(6655);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/image/origin-labels.js
var origin_labels = __webpack_require__(7845);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/image/label-names.js
var label_names = __webpack_require__(8312);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/plan/context.js
var plan_context = __webpack_require__(7286);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/plan/event/built-commit.js
var built_commit = __webpack_require__(3450);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/plan/plan.js + 2 modules
var plan_plan = __webpack_require__(41);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/plan/tags/tags.js
var tags = __webpack_require__(3630);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/publish/copy-to-mirrors.js + 1 modules
var copy_to_mirrors = __webpack_require__(2820);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/image/digest.js
var digest = __webpack_require__(6599);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/shared/json.js
var json = __webpack_require__(2405);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/image/manifest.js
var manifest = __webpack_require__(5486);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/image/media-types.js
var media_types = __webpack_require__(1335);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/image/platform.js
var image_platform = __webpack_require__(4280);
;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/image/image-index.js
// Images of one platform each -> one index of them. Pure.
// https://github.com/opencontainers/image-spec/blob/main/image-index.md




/** Far more platforms and attestations than anyone builds; bounded, since each is compared with each. */
const MOST_ENTRIES = 256;
/**
 * @param wanted the input platforms; none: whatever the parts are for
 * @param annotations what the index says of itself; left out where it is nothing
 * @throws Error when two parts are for one platform, one is for none, or the platforms are not those that were wanted
 */
function makeImageIndex(parts, wanted, annotations = {}) {
    const entries = parts.flatMap((part) => listDescriptors(part).map((descriptor) => ({ part: part.digest, descriptor })));
    if (entries.length > MOST_ENTRIES)
        throw new Error(`index-of: the parts name ${entries.length} images, and an index has ${MOST_ENTRIES} at most.`);
    const platforms = entries.flatMap(({ part, descriptor }) => {
        const platform = readPlatform(descriptor.platform);
        // BuildKit gives attestations the platform unknown/unknown.
        return platform === null || platform.os === 'unknown' ? [] : [{ platform, part }];
    });
    for (const { digest } of parts) {
        if (!platforms.some(({ part }) => part === digest))
            throw new Error(`index-of: ${digest} does not say which platform it is for, so it is no image.`);
    }
    checkPlatforms(platforms, wanted);
    const types = entries.map(({ descriptor }) => descriptor.mediaType);
    // Engines and registries that know one kind only have seen the other in neither.
    const mediaType = types.every((type) => type === media_types/* DOCKER_MANIFEST */.Vv) ? media_types/* DOCKER_LIST */.Y2 : media_types/* OCI_INDEX */.$p;
    const content = JSON.stringify({
        schemaVersion: 2,
        mediaType,
        manifests: entries.map(({ descriptor }) => descriptor),
        ...(Object.keys(annotations).length > 0 && { annotations }),
    });
    return { mediaType, content, platforms };
}
function checkPlatforms(found, wanted) {
    for (const [index, { platform, part }] of found.entries()) {
        const twin = found.slice(0, index).find((other) => (0,image_platform/* isSamePlatform */.SW)(other.platform, platform));
        if (twin !== undefined)
            throw new Error(`index-of: ${twin.part} and ${part} are both for ${(0,image_platform/* showPlatform */.hr)(platform)}. Give one of them.`);
    }
    if (wanted.length === 0)
        return;
    const asked = wanted.map(image_platform/* parsePlatform */.FL);
    const missing = asked.filter((one) => !found.some(({ platform }) => (0,image_platform/* isSamePlatform */.SW)(platform, one)));
    if (missing.length > 0)
        throw new Error(`index-of: no part is for ${missing.map(image_platform/* showPlatform */.hr).join(', ')}, which platforms names. The parts are for ${found.map(({ platform }) => (0,image_platform/* showPlatform */.hr)(platform)).join(', ')}.`);
    const surplus = found.find(({ platform }) => !asked.some((one) => (0,image_platform/* isSamePlatform */.SW)(one, platform)));
    if (surplus !== undefined)
        throw new Error(`index-of: ${surplus.part} is for ${(0,image_platform/* showPlatform */.hr)(surplus.platform)}, which platforms does not name. Add it there, or leave the part out.`);
}
/** Of an index its own descriptors, attestations too; an image has one, whose platform stands in its config. */
function listDescriptors({ digest, mediaType, size, content, config }) {
    const { manifests } = (0,manifest/* readDescriptors */.DT)(content);
    if (manifests !== null)
        return manifests.map((manifest) => manifest.content);
    const names = ['architecture', 'os', 'os.version', 'os.features', 'variant'];
    const platform = Object.fromEntries(names.flatMap((name) => (config?.[name] === undefined ? [] : [[name, config[name]]])));
    return [{ mediaType, digest, size, platform }];
}
function readPlatform(value) {
    if (!(0,json/* isRecord */.u4)(value) || typeof value.os !== 'string' || typeof value.architecture !== 'string')
        return null;
    const { os, architecture, variant } = value;
    return { os, architecture, variant: (0,json/* asText */.e1)(variant) };
}

// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/image/unique-label.js
var unique_label = __webpack_require__(8107);
;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/publish/make-index.js



function makeIndex(parts, wanted, { image, tags, production }) {
    const annotation = (0,unique_label/* getUniqueAnnotation */.Tz)(production.labels, image, tags.unique);
    const { content, mediaType, platforms } = makeImageIndex(parts, wanted, annotation);
    const bytes = Buffer.from(content, 'utf8');
    return { platforms, index: { bytes, mediaType, digest: (0,digest/* digestOf */.ol)(bytes) } };
}

// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/publish/publish.js + 1 modules
var publish = __webpack_require__(3066);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/publish/pure/mirror-outcome.js
var mirror_outcome = __webpack_require__(1676);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/publish/unique-tag.js
var unique_tag = __webpack_require__(759);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/run/announce.js + 1 modules
var announce = __webpack_require__(2682);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/run/prepare/built-commit.js + 1 modules
var prepare_built_commit = __webpack_require__(7856);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/run/prepare/inspect.js + 4 modules
var inspect = __webpack_require__(2053);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/run/prepare/plan-job.js + 2 modules
var plan_job = __webpack_require__(550);
;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/run/index-run.js


















/**
 * Yields what each stage has found, as the story of a build does.
 * @throws InputError for what the registry does not allow; Error when a part is not there, or does not fit the others
 */
async function* publishIndex(setup, frame) {
    const { world, inputs, github } = setup;
    const { runner } = world;
    const { session, state } = await (0,inspect/* askWithoutEngine */.C)(setup, frame);
    const { plan, parts, draft } = await planIndex(setup, session.registry, state);
    yield { plan };
    (0,announce/* announcePlan */.XZ)(runner, plan, 'Plan');
    const target = (0,plan_job/* getPushTarget */.O3)({ ...setup, draft }, session, plan);
    if (target === null) {
        (0,announce/* announceNoIndex */.Lm)(runner, plan);
        return;
    }
    github.prepare();
    const { registry, unique } = target;
    const { platforms, index } = makeIndex(parts, inputs.platforms, plan);
    yield { platforms };
    await (0,unique_tag/* writeUniqueTag */.bJ)(registry, unique, index);
    const branch = (0,branch_head/* watchBranch */.w)(plan, github);
    const request = { runner, plan, ...target, branch, targets: state.targets ?? [], ...frame };
    const published = await (0,publish/* publishPushed */.l)(request, { digest: index.digest, ids: [] });
    await (0,own_records.recordPublished)({ world, plan, images: [], ...frame }, { ...published, pushed: index.digest }, []);
    yield* finish(setup, plan, state.mirrors, { target, published });
}
/** What follows on the tags of an image that was not built here: copies to mirrors, and outputs. */
async function* finish({ world }, plan, mirrors, { target, published: pushed }) {
    const published = { ...pushed, push: null };
    yield { published };
    if (published.moved.failure !== null)
        throw published.moved.failure;
    const copies = await (0,copy_to_mirrors.copyPublished)(world, plan.own, target, mirrors, published);
    yield { copies };
    (0,announce/* announceTags */.ZP)(world.runner, plan, published, [], copies);
    (0,mirror_outcome/* expectMirrored */.WT)(copies, plan.image, published.tag);
}
/** An index is named after the commit that its parts were built from: their revision labels decide, not the event. */
async function planIndex(setup, registry, state) {
    const { inputs, trigger, event, context, draft, github } = setup;
    const plan = (0,plan_plan/* planBuild */.C7)(inputs, event, context, state);
    if (registry === null || !plan.push.push)
        return { plan, draft, parts: [] };
    const parts = await readAllParts(registry, plan);
    const labels = await Promise.all(parts.map((part) => (0,read_image/* readPartLabels */.F3)(registry, plan.image.name, part)));
    const commit = (0,built_commit/* findCommitOfParts */.Ux)(parts.map(({ digest }, index) => ({ digest, revision: labels[index]?.[label_names/* REVISION_LABEL */.P1] ?? null })));
    const builtFrom = (0,origin_labels/* readBuiltFrom */.bc)(labels[0] ?? {}, plan.image);
    const told = { ...context, builtFrom };
    if (commit === null)
        return { plan: (0,plan_plan/* planBuild */.C7)(inputs, event, told, state), draft, parts };
    const found = await (0,prepare_built_commit/* decideCommit */.kn)(trigger, { commit, from: 'parts' }, null, github);
    const known = { ...told, built: found.built, notes: found.notes };
    if (found.event === event)
        return { plan: (0,plan_plan/* planBuild */.C7)(inputs, event, known, state), draft, parts };
    const own = { ...known, committedAt: await github.readCommitTime(commit) };
    const other = (0,plan_plan/* planBuild */.C7)(inputs, found.event, own, plan_context/* NOTHING_ASKED */.j);
    const registries = [registry, ...state.mirrors.map((mirror) => mirror.registry)];
    const unique = await (0,unique_tag/* findFreeTag */.cD)(registries, (0,tags/* uniqueCandidates */.Ej)(other.tags.unique, own.now));
    return { plan: (0,plan_plan/* planBuild */.C7)(inputs, found.event, own, { ...state, unique }), draft: other, parts };
}
async function readAllParts(registry, { image, parts }) {
    return (await (0,read_image/* readParts */.fp)(registry, image.name, parts)).map((part, position) => {
        if (part !== null)
            return part;
        throw new Error(`index-of: ${image.name} has no image ${parts[position] ?? ''}. Build the parts with the same image, and let them push.`);
    });
}


/***/ })

};
