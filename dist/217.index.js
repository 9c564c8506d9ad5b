export const id = 217;
export const ids = [217];
export const modules = {

/***/ 217:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

__webpack_require__.r(__webpack_exports__);
/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   checkDockerfile: () => (/* binding */ checkDockerfile)
/* harmony export */ });
/* harmony import */ var _adapters_docker_buildx_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(6010);
/* harmony import */ var _shared_errors_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(2172);
/* harmony import */ var _pure_builder_decision_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(7129);
/* harmony import */ var _pure_dockerfile_check_error_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(7413);
// BuildKit's build checks as a condition of the run (`dockerfile-checks: error`), asked of BuildKit before anything is
// built. A build argument that makes the passes fail would come too late for a builder stage that production is not made
// of, and would replace the `# check=` of the Dockerfile.




/**
 * For `dockerfile-checks: error`.
 * @throws DockerfileCheckError that names every violation; InputError where there are no such checks; PassFailedError
 */
async function checkDockerfile(request) {
    const { runner, plan, dockerfile, passes } = request;
    if (dockerfile?.customSyntax === true)
        throw new _shared_errors_js__WEBPACK_IMPORTED_MODULE_1__/* .InputError */ .d(`dockerfile-checks is error, but the "# syntax=" of ${dockerfile.path} is not Docker's own, whose checks these are. Leave the input out, or set it to warn.`);
    // Only stages that are built, as in the warnings of a build.
    const apart = plan.builders.filter((builder) => !(0,_pure_builder_decision_js__WEBPACK_IMPORTED_MODULE_2__/* .isInProduction */ .bP)(plan, builder, dockerfile));
    const found = new Map();
    for (const pass of [plan.production, ...apart]) {
        for (const one of await passes.check(pass).catch(explainNoChecks))
            found.set(`${one.line ?? 0} ${one.message}`, one);
    }
    if (found.size > 0)
        throw describeViolations([...found.values()], dockerfile);
    runner.log.info("The Dockerfile passes BuildKit's checks");
}
/**
 * Buildx fetches the frontend `docker/dockerfile` for an engine that knows no checks (build/build.go). Where that fails
 * too, its name is in the error.
 */
function explainNoChecks(error) {
    if (error instanceof _adapters_docker_buildx_js__WEBPACK_IMPORTED_MODULE_0__/* .PassFailedError */ .lq && /docker\/dockerfile:1\.8|frontend\.lint/.test(error.message)) {
        throw new _shared_errors_js__WEBPACK_IMPORTED_MODULE_1__/* .InputError */ .d(`dockerfile-checks is error, but this BuildKit knows no build checks: Docker Engine 27 or BuildKit 0.14 has them, and the frontend docker/dockerfile, which has them too, could not be fetched. Update the engine, or set dockerfile-checks to warn. ${error.message}`, { cause: error });
    }
    throw error;
}
const MOST_SHOWN = 20;
function describeViolations(violations, dockerfile) {
    const path = dockerfile?.path ?? 'Dockerfile';
    const shown = violations.slice(0, MOST_SHOWN).map(({ message, url, line }) => {
        const text = url === '' ? message : `${message} (${url})`;
        return `${path}${line === null ? '' : `:${line}`}: ${text}`;
    });
    const more = violations.length > MOST_SHOWN ? [`and ${violations.length - MOST_SHOWN} more`] : [];
    const count = violations.length === 1 ? 'a fault' : `${violations.length} faults`;
    const rules = new Set(violations.map(({ message }) => message.split(':', 1)[0]));
    const line = violations.find((violation) => violation.line !== null)?.line ?? null;
    return new _pure_dockerfile_check_error_js__WEBPACK_IMPORTED_MODULE_3__/* .DockerfileCheckError */ .j(`BuildKit's checks find ${count} in ${path} (${[...rules].join(', ')}), and dockerfile-checks is error, so nothing is built.`, dockerfile === null || line === null ? null : { file: path, line, endLine: line }, [...shown, ...more]);
}


/***/ })

};
