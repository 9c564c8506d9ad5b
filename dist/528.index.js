export const id = 528;
export const ids = [528];
export const modules = {

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

/***/ 4528:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   readOwnSources: () => (/* binding */ readOwnSources)
/* harmony export */ });
/* harmony import */ var _adapters_registry_read_image_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(2058);
/* harmony import */ var _cache_pure_own_record_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(6085);
/* harmony import */ var _plan_plan_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(41);
/* harmony import */ var _read_source_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(5001);
// Reads the images that main has recorded (trust-cache: own), and what is under their tags now.




async function readOwnSources(registry, { draft, inputs, restoring, warn }) {
    const tags = (0,_plan_plan_js__WEBPACK_IMPORTED_MODULE_2__/* .sourceTags */ .f9)(draft);
    const [heads, restored] = await Promise.all([
        Promise.all(tags.map((tag) => registry.readDigest(tag).catch(() => null))),
        restoring,
    ]);
    const known = await Promise.all(tags.map(async (tag, index) => {
        const digest = heads[index] ?? null;
        const recorded = restored?.record?.images.get(tag) ?? null;
        const image = recorded === null ? null : await (0,_read_source_js__WEBPACK_IMPORTED_MODULE_3__/* .readSource */ .o)(registry, tag, recorded, warn);
        return { tag, digest, recorded, image, taken: image !== null };
    }));
    const images = known.flatMap(({ image, digest, recorded }) => image === null ? [] : [digest === recorded ? image : { ...image, moved: true }]);
    const targets = await Promise.all(known
        .filter(({ tag, digest }) => digest !== null && draft.tags.moving.includes(tag))
        .map(async ({ tag, digest, recorded, image }) => digest === recorded && image !== null ? image : (0,_adapters_registry_read_image_js__WEBPACK_IMPORTED_MODULE_0__/* .readStoredImage */ .tP)(registry, tag, digest).catch(() => null)));
    const note = (0,_cache_pure_own_record_js__WEBPACK_IMPORTED_MODULE_1__/* .describeLeftOut */ .l1)(known, restored?.fault ?? null, inputs.cacheFrom.length > 0);
    return { images, targets: targets.filter((image) => image !== null), notes: note === null ? [] : [note] };
}


/***/ })

};
