export const id = 252;
export const ids = [252];
export const modules = {

/***/ 4252:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   checkPromoted: () => (/* binding */ checkPromoted)
/* harmony export */ });
/* harmony import */ var _adapters_docker_inspect_engine_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(2545);
/* harmony import */ var _adapters_docker_local_image_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(8656);
/* harmony import */ var _adapters_docker_pass_failure_js__WEBPACK_IMPORTED_MODULE_11__ = __webpack_require__(1005);
/* harmony import */ var _adapters_process_process_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(1820);
/* harmony import */ var _adapters_registry_http_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(8362);
/* harmony import */ var _adapters_registry_read_image_js__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(2058);
/* harmony import */ var _build_build_request_js__WEBPACK_IMPORTED_MODULE_8__ = __webpack_require__(1794);
/* harmony import */ var _plan_candidate_js__WEBPACK_IMPORTED_MODULE_5__ = __webpack_require__(1408);
/* harmony import */ var _shared_retry_js__WEBPACK_IMPORTED_MODULE_9__ = __webpack_require__(2061);
/* harmony import */ var _shared_text_js__WEBPACK_IMPORTED_MODULE_10__ = __webpack_require__(748);
/* harmony import */ var _check_js__WEBPACK_IMPORTED_MODULE_6__ = __webpack_require__(2195);
/* harmony import */ var _checks_js__WEBPACK_IMPORTED_MODULE_7__ = __webpack_require__(5748);
// Checks an image of the registry before it gets further tags: it is pulled by digest into the local engine.












/**
 * @param manifest of the image, or index
 * @throws InputError where there is no engine; as `checkImage` else
 */
async function checkPromoted(request, registry, manifest) {
    const { world, inputs, plan, configDirectory } = request;
    const { engine } = await (0,_adapters_docker_inspect_engine_js__WEBPACK_IMPORTED_MODULE_0__/* .inspectEngine */ .P)(world.run, world.runner.childEnv, inputs.builder, world.signal);
    (0,_plan_candidate_js__WEBPACK_IMPORTED_MODULE_5__/* .expectEngine */ .Qo)(engine);
    const { digest } = manifest;
    const reference = `${plan.image.name}@${digest}`;
    const local = (0,_build_build_request_js__WEBPACK_IMPORTED_MODULE_8__/* .toLocalEngine */ .b)({ world, engine, configDirectory });
    const pulled = await (0,_shared_retry_js__WEBPACK_IMPORTED_MODULE_9__/* .retry */ .L)(() => (0,_adapters_docker_local_image_js__WEBPACK_IMPORTED_MODULE_1__/* .pullImage */ .ZP)(local, reference), (outcome, attempt) => ('error' in outcome && isTransient(outcome.error) ? (0,_adapters_registry_http_js__WEBPACK_IMPORTED_MODULE_3__/* .retryDelay */ .a2)(attempt) : null), world.wait).then(() => null, (error) => error);
    if (pulled instanceof _adapters_process_process_js__WEBPACK_IMPORTED_MODULE_2__/* .CancelledError */ .cc)
        throw pulled;
    if (pulled !== null)
        return fail(`The image ${reference} could not be pulled, so it was not checked: ${(0,_shared_text_js__WEBPACK_IMPORTED_MODULE_10__/* .errorMessage */ .gJ)(pulled)}`);
    const ids = [digest, ...(await (0,_adapters_registry_read_image_js__WEBPACK_IMPORTED_MODULE_4__/* .readChildren */ .KZ)(registry, digest)), ...(await (0,_adapters_registry_read_image_js__WEBPACK_IMPORTED_MODULE_4__/* .readConfigDigests */ .Yd)(registry, manifest))];
    return (0,_checks_js__WEBPACK_IMPORTED_MODULE_7__.checkImage)({ ...request, engine }, { ids, reference });
}
function isTransient(error) {
    return (0,_adapters_docker_pass_failure_js__WEBPACK_IMPORTED_MODULE_11__/* .classifyFailure */ .X)([`ERROR: ${(0,_shared_text_js__WEBPACK_IMPORTED_MODULE_10__/* .errorMessage */ .gJ)(error)}`]).transient !== null;
}
function fail(message) {
    return { image: null, verified: false, scan: [], failure: new _check_js__WEBPACK_IMPORTED_MODULE_6__/* .CheckFailedError */ .C(message) };
}


/***/ })

};
