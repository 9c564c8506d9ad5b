export const id = 567;
export const ids = [567];
export const modules = {

/***/ 1567:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   openMirrors: () => (/* binding */ openMirrors)
/* harmony export */ });
/* harmony import */ var _adapters_docker_docker_config_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(6334);
/* harmony import */ var _connect_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(6486);
/* harmony import */ var _plan_denial_denial_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(8130);
// Logs in to the registries of the mirrors and asks for write access, before anything is built.



/** @throws InputError when a login is refused, or a registry cannot be reached */
async function openMirrors(request) {
    return Promise.all(request.inputs.mirrors.map((mirror) => openMirror(request, mirror)));
}
async function openMirror(request, mirror) {
    const { runner, run, inputs, config, caller, signal } = request;
    const { image } = mirror;
    const own = image.registry === inputs.image.registry;
    const login = mirror.credentials ??
        (own ? request.login : await (0,_adapters_docker_docker_config_js__WEBPACK_IMPORTED_MODULE_0__/* .readStoredLogin */ .vs)(config, image.registry, run, runner.childEnv, signal));
    const hasLogin = login !== null;
    try {
        const registry = await (0,_connect_js__WEBPACK_IMPORTED_MODULE_1__/* .connectRegistry */ .gm)(image, {
            login,
            write: true,
            // Not with another login, which may have no right to read the image's repository.
            ...(own && mirror.credentials === null && { mountFrom: inputs.image.repository }),
            findInsecureRegistries: request.findInsecureRegistries,
            signal,
        });
        const access = await (0,_connect_js__WEBPACK_IMPORTED_MODULE_1__/* .probeWriteAccess */ .SZ)(registry, hasLogin);
        void registry.cancelProbe();
        return { mirror, registry, access };
    }
    catch (error) {
        throw (0,_connect_js__WEBPACK_IMPORTED_MODULE_1__/* .explainConnection */ .cR)(error, image, (0,_plan_denial_denial_js__WEBPACK_IMPORTED_MODULE_2__/* .toMirrorCaller */ ._4)(mirror, inputs, caller, hasLogin));
    }
}


/***/ })

};
