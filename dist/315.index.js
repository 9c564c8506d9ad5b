export const id = 315;
export const ids = [315];
export const modules = {

/***/ 9315:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   confinePaths: () => (/* binding */ confinePaths)
/* harmony export */ });
/* harmony import */ var node_fs_promises__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(1455);
/* harmony import */ var _shared_errors_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(2172);
/* harmony import */ var _shared_text_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(748);
/* harmony import */ var _pure_context_local_paths_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(5555);
// Keeps untrusted code from reading files of the runner through symbolic links in the checkout.




/**
 * Resolves every path of the inputs. Paths that do not exist are passed over: whatever needs them reports that.
 * @throws InputError for the first path that leads out of the workspace, with the input, its value and the target
 */
async function confinePaths(inputs, confines) {
    const { workspace, temporaryDirectory, eventName } = confines;
    const bounds = {
        workspace: await openFolder(workspace),
        temporary: temporaryDirectory === null ? null : await openFolder(temporaryDirectory),
    };
    for (const local of (0,_pure_context_local_paths_js__WEBPACK_IMPORTED_MODULE_2__/* .listLocalPaths */ .Mx)(inputs, workspace)) {
        const real = await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_0__.realpath)(local.path).catch(() => null);
        if (real === null || (0,_pure_context_local_paths_js__WEBPACK_IMPORTED_MODULE_2__/* .staysInside */ .No)(local, real, bounds))
            continue;
        throw new _shared_errors_js__WEBPACK_IMPORTED_MODULE_1__/* .InputError */ .d(`${local.input} ${(0,_shared_text_js__WEBPACK_IMPORTED_MODULE_3__/* .quote */ .hD)(local.value)} leads to ${(0,_shared_text_js__WEBPACK_IMPORTED_MODULE_3__/* .quote */ .hD)(real)}, which is outside the workspace ${workspace}. ` +
            `This run (${eventName}) builds code that a stranger may have written, so what it is built from stays inside. ` +
            'Replace the symbolic link, or copy what is needed into the workspace or to ${{ runner.temp }}, and give that path.');
    }
}
async function openFolder(path) {
    return { path, real: await (0,node_fs_promises__WEBPACK_IMPORTED_MODULE_0__.realpath)(path).catch(() => path) };
}


/***/ })

};
