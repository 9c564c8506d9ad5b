export const id = 655;
export const ids = [655];
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


/***/ })

};
