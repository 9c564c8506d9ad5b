export const id = 748;
export const ids = [748,656];
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

/***/ 5748:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  checkImage: () => (/* binding */ checkImage)
});

// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/adapters/docker/local-image.js
var local_image = __webpack_require__(8656);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/build/build-request.js
var build_request = __webpack_require__(1794);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/image/reference.js
var image_reference = __webpack_require__(6294);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/checks/check.js
var check = __webpack_require__(2195);
// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(7598);
// EXTERNAL MODULE: external "node:fs/promises"
var promises_ = __webpack_require__(1455);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(6760);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/adapters/docker/limits.js
var limits = __webpack_require__(4875);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/adapters/process/leftovers.js
var process_leftovers = __webpack_require__(7600);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/adapters/process/process.js + 1 modules
var process = __webpack_require__(1820);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/shared/text.js
var shared_text = __webpack_require__(748);
;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/checks/pure/environment.js
/**
 * Withheld from checks: the files by which this step sets its outputs and variables, and tokens that the runner gives to
 * actions only. A script of a check must not be able to set outputs of this action.
 */
const OWN_VARIABLES = /^(?:GITHUB_(?:OUTPUT|STATE|ENV|PATH)|ACTIONS_(?:RUNTIME_.*|RESULTS_URL|CACHE_.*))$/;
/**
 * The environment that a script step of the job would have. It has no registry login of this action: that is in a private
 * Docker config.
 * @param engine the engine that has the image; the check's docker client is pointed at it
 */
function getCheckEnvironment(env, { driver, builder }) {
    const kept = Object.entries(env).filter(([name]) => !OWN_VARIABLES.test(name));
    // A builder of the docker driver is named after its Docker context. DOCKER_HOST would win over DOCKER_CONTEXT.
    if (driver !== 'docker' || builder === null)
        return Object.fromEntries(kept);
    return { ...Object.fromEntries(kept.filter(([name]) => name !== 'DOCKER_HOST')), DOCKER_CONTEXT: builder };
}

// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/shared/markdown.js
var markdown = __webpack_require__(3426);
;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/checks/pure/findings.js

/** A longer table is not read, and a step may write at most 1 MiB of summary. */
const MOST_ROWS = 50;
const MOST_LINES = 20;
/** A cell that is longer makes the table as wide as the page. */
const LONGEST_CELL = 120;
const MOST_HINTS = 5;
/** One part of the job summary. */
function toScanSummary(report) {
    const { scanner, failing } = report;
    const lines = [`### Scan by ${scanner}`, ''];
    if (failing.length === 0)
        return [...lines, `Nothing ${describeBar(report)}${describeRest(report)}.`, ''];
    lines.push(`**${countFindings(failing)} ${describeBar(report)}**${describeRest(report)}.`, '');
    lines.push('| Package | Installed | Fixed in | Severity | Finding |', '| --- | --- | --- | --- | --- |');
    lines.push(...failing.slice(0, MOST_ROWS).map(toRow), '');
    if (failing.length > MOST_ROWS)
        lines.push(`and ${failing.length - MOST_ROWS} more`, '');
    const places = listPlaces(report);
    if (places.length > 0)
        lines.push(`To change: ${places.map((place) => `\`${place}\``).join(', ')}`, '');
    lines.push(...toHint(failing));
    return lines;
}
/** `at or above high`, `at or above high with a fix` */
function describeBar({ threshold, onlyFixed }) {
    return `at or above ${threshold}${onlyFixed ? ' with a fix' : ''}`;
}
/** `; 2 without a fix do not count (1 critical, 1 high); 3 more below high (2 medium, 1 unknown)` */
function describeRest(report) {
    const { findings, failing, unfixed, threshold, onlyFixed } = report;
    const known = new Set([...failing, ...unfixed]);
    const below = findings.filter((finding) => !known.has(finding));
    const left = describeUnfixed(report);
    return [
        left === null ? '' : `; ${left}`,
        below.length === 0
            ? ''
            : `; ${below.length} more below ${onlyFixed ? threshold : 'it'} (${countSeverities(below)})`,
    ].join('');
}
/** `2 without a fix do not count (1 critical, 1 high)`; null where none was left out. */
function describeUnfixed({ unfixed }) {
    if (unfixed.length === 0)
        return null;
    return `${unfixed.length} without a fix ${unfixed.length === 1 ? 'does' : 'do'} not count (${countSeverities(unfixed)})`;
}
function countSeverities(findings) {
    const counts = new Map();
    for (const { severity } of findings)
        counts.set(severity, (counts.get(severity) ?? 0) + 1);
    return [...counts].map(([severity, count]) => `${count} ${severity}`).join(', ');
}
function toRow({ id, severity, package: name, installed, fixedIn, title, url, location }) {
    const cells = [
        toCell(name ?? location?.file ?? ''),
        toCell(installed ?? ''),
        toCell(fixedIn ?? ''),
        severity,
        // `<…>` ends at a blank or bracket; `isSafeUrl` allows neither.
        `${url === null ? toCell(id) : `[${toCell(id)}](<${url}>)`}${title === '' ? '' : ` ${toCell(title)}`}`,
    ];
    return `| ${cells.join(' | ')} |`;
}
/** Untrusted text, cut to what a table cell has room for. */
function toCell(text) {
    const short = text.length <= LONGEST_CELL ? text : `${text.slice(0, LONGEST_CELL - 1)}…`;
    return (0,markdown/* escapeMarkdown */.FV)(short);
}
/** `Dockerfile:7`, of findings whose line the scanner knows. */
function listPlaces({ failing, dockerfile }) {
    const places = failing.flatMap(({ location }) => typeof location?.line === 'number' && isFile(location.file, dockerfile)
        ? [`${location.file}:${location.line}`]
        : []);
    // Other characters, such as a backtick, could end the code span around the place.
    return [...new Set(places)].filter((place) => /^[\w./: -]+$/.test(place)).slice(0, MOST_HINTS);
}
function isFile(file, dockerfile) {
    return dockerfile !== null && file.replace(/^\.\//, '') === dockerfile.replace(/^\.\//, '');
}
/** How to fix a system package: a command with the versions that the scanner named. */
function toHint(failing) {
    const commands = [
        ...listPins(failing, 'apk', 'apk add --no-cache '),
        ...listPins(failing, 'deb', 'apt-get install --yes --no-install-recommends '),
    ];
    if (commands.length > 0) {
        const examples = commands.map((command) => `\`${command}\``).join(' or ');
        return [
            `Hint: pin the patched version in the Dockerfile, e.g. ${examples}, and take it out again with the next base image.`,
            '',
        ];
    }
    const known = failing.find((finding) => finding.fixedIn !== null && finding.package !== null);
    if (known === undefined)
        return [];
    return [
        `Hint: ${toCell(known.package ?? '')} is fixed in ${toCell(known.fixedIn ?? '')}; take that version or a newer one.`,
        '',
    ];
}
/** One command that pins a few packages; leaves out names and versions that the package manager cannot have. */
function listPins(failing, manager, command) {
    const pins = failing.flatMap(({ package: name, fixedIn, packageType }) => {
        if (name === null || fixedIn === null || packageType !== manager)
            return [];
        return /^[a-z0-9][a-z0-9+._-]*$/i.test(name) && VERSION.test(fixedIn) ? [`${name}=${fixedIn}`] : [];
    });
    const few = [...new Map(pins.map((pin) => [pin.slice(0, pin.indexOf('=')), pin])).values()].slice(0, MOST_HINTS);
    return few.length === 0 ? [] : [`${command}${few.join(' ')}`];
}
const VERSION = /^[0-9][A-Za-z0-9.+:~_-]*$/;
/** For the log, which has no tables. */
function toScanLines(report) {
    const { scanner, failing } = report;
    const shown = failing.slice(0, MOST_LINES).map(({ id, severity, package: name, installed, fixedIn, location }) => {
        const what = [name ?? location?.file ?? '', installed ?? ''].filter((text) => text !== '').join(' ');
        return `${severity.padEnd(8)} ${what}: ${id}${fixedIn === null ? '' : `, fixed in ${fixedIn}`}`;
    });
    const more = failing.length > MOST_LINES ? [`and ${failing.length - MOST_LINES} more, in the job summary`] : [];
    const left = describeUnfixed(report);
    return [
        ...(failing.length === 0 ? [`${scanner}: nothing ${describeBar(report)}`] : [...shown, ...more]),
        ...(left === null ? [] : [`${scanner}: ${left}`]),
    ];
}
/** `snyk found 3 findings at or above high: CVE-2024-0001 in libssl3 3.3.2-r0 (critical; fixed in 3.3.2-r1), … and 2 more` */
function describeFindings(report) {
    const { scanner, failing } = report;
    const named = failing.slice(0, 3).map(({ id, package: name, installed, severity, fixedIn, location }) => {
        const place = [name ?? location?.file ?? 'the image', installed ?? ''].filter((text) => text !== '').join(' ');
        return `${id} in ${place} (${severity}${fixedIn === null ? '' : `; fixed in ${fixedIn}`})`;
    });
    const more = failing.length > named.length ? ` and ${failing.length - named.length} more` : '';
    return (0,markdown/* shorten */.ml)(`${scanner} found ${countFindings(failing)} ${describeBar(report)}: ${named.join(', ')}${more}`);
}
function countFindings({ length }) {
    return `${length} finding${length === 1 ? '' : 's'}`;
}

// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/inputs/scan-inputs.js
var scan_inputs = __webpack_require__(6994);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/shared/json.js
var json = __webpack_require__(2405);
;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/checks/pure/reports/severity.js
// Compares severities, in the words that all three scanners use.

/** For comparing and sorting; unknown is below low. */
function rankSeverity(severity) {
    return severity === 'unknown' ? -1 : scan_inputs/* SEVERITIES */.oC.indexOf(severity);
}
/**
 * Whether a finding counts. A finding without a severity counts only at the threshold `low`, where everything does:
 * nobody has rated it yet, so failing a build at `high` for it would be a guess.
 */
function isAtLeast(severity, threshold) {
    return rankSeverity(severity) >= rankSeverity(threshold) || (severity === 'unknown' && threshold === 'low');
}

;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/checks/pure/reports/finding.js
// A finding of a scanner, in one form for all three scanners, and which findings count. Pure.



/** The scanner's report cannot be used, so that the scan has no verdict. */
class ScanReportError extends Error {
    name = 'ScanReportError';
}
const LONGEST_TEXT = 300;
const LONGEST_TITLE = 200;
/** @throws ScanReportError for an unknown severity: the finding might be one that counts */
function toFinding(reported) {
    const { id, title, url, file, line } = reported;
    const location = optional(file);
    return {
        id: clip(id) || 'unnamed',
        severity: toSeverity(reported.severity),
        package: optional(reported.package),
        installed: optional(reported.installed),
        fixedIn: optional(reported.fixedIn),
        fixable: reported.fixable,
        title: clip(title, LONGEST_TITLE),
        url: isSafeUrl(url) ? url : null,
        packageType: optional(reported.packageType),
        location: location === null ? null : { file: location, line: (0,json/* isCount */.my)(line) && line > 0 ? line : null },
    };
}
function toSeverity(word) {
    const severity = (0,scan_inputs/* parseSeverity */.lv)(word);
    if (severity !== null)
        return severity;
    if (/^(?:unknown|negligible|none|)$/i.test(word))
        return 'unknown';
    throw new ScanReportError(`The report of the scan has a severity that is not known here: ${clip(word, 50)}.`);
}
function optional(text) {
    return clip(text) || null;
}
/** One line of at most so many characters. */
function clip(text, longest = LONGEST_TEXT) {
    // Cut first: the text may have megabytes.
    const line = text
        .slice(0, 10 * longest)
        .replace(/[\s\p{Cc}]+/gu, ' ')
        .trim();
    return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;
}
function isSafeUrl(text) {
    return text.length <= 1000 && /^https:\/\/[\w.-]+\/[\w./:%?&=+~,;#@-]*$/.test(text);
}
/** @returns worst first; each flaw of a package once, also when it is in several places of the image */
function joinFindings(findings) {
    const joined = new Map();
    for (const finding of findings) {
        const key = JSON.stringify([finding.id, finding.package ?? finding.location?.file, finding.installed]);
        const known = joined.get(key);
        joined.set(key, known === undefined ? finding : mergeFindings(known, finding));
    }
    return [...joined.values()].sort(compareFindings);
}
/** The same finding in two places: joins what either says, and takes the worse severity. */
function mergeFindings(one, other) {
    return {
        ...one,
        severity: rankSeverity(other.severity) > rankSeverity(one.severity) ? other.severity : one.severity,
        fixedIn: one.fixedIn ?? other.fixedIn,
        fixable: one.fixable || other.fixable,
        url: one.url ?? other.url,
        location: typeof one.location?.line === 'number' ? one.location : (other.location ?? one.location),
    };
}
/** Worst first; with a fix before without; then by name, so that the order is the same in every run. */
function compareFindings(one, other) {
    return (rankSeverity(other.severity) - rankSeverity(one.severity) ||
        Number(one.fixedIn === null) - Number(other.fixedIn === null) ||
        compareText(one.package ?? '', other.package ?? '') ||
        compareText(one.id, other.id));
}
/** By code units: the order must not depend on the machine's language. */
function compareText(one, other) {
    return one < other ? -1 : Number(one > other);
}
/**
 * Here, and not by an option of the scanner: snyk's `--fail-on` does not look at the versions that fix a package of the
 * system (https://github.com/snyk/cli/pull/1597), trivy passes over `--ignore-unfixed` beside `--ignore-status`, what it
 * leaves out cannot be counted, and code scanning would close the alerts of such flaws as fixed.
 */
function sortFindings(findings, { threshold, onlyFixed }) {
    const severe = findings.filter(({ severity }) => isAtLeast(severity, threshold));
    const counts = ({ fixable }) => fixable || !onlyFixed;
    return { failing: severe.filter(counts), unfixed: severe.filter((finding) => !counts(finding)) };
}
/**
 * Compares the report with an exit code that says whether there are findings.
 * @throws ScanReportError when the exit code says so and the report has none at the threshold: then it was misread
 */
function checkAgreement(saysFindings, { failing, unfixed }, threshold) {
    if (saysFindings === true && failing.length + unfixed.length === 0) {
        throw new ScanReportError(`The scanner says that it found something, and its report has nothing at ${threshold} or above. ` +
            'Look at what it printed.');
    }
}

;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/checks/pure/reports/report-fields.js
// Reads members of a scanner's report. Its text may come from the image, so no member is assumed to exist or to have its type.


/** Far above what a scanner writes for one image; a longer list is refused. */
const MOST_ENTRIES = 100_000;
/** @returns the text at that path; empty where there is none */
function readText(value, ...path) {
    return (0,json/* asText */.e1)((0,json.at)(value, ...path));
}
/** @param what `The report of the scan`, for messages; @throws ScanReportError when it is not JSON */
function parseReport(text, what) {
    try {
        // A byte order mark is no part of JSON, and some writers start with one.
        return JSON.parse(text.replace(/^\uFEFF/, ''));
    }
    catch (error) {
        throw new ScanReportError(`${what} is not JSON.`, { cause: error });
    }
}
/**
 * Whether a flaw is fixed, by the scanner's own word for it: `fixed`, or else `not-fixed`, `affected`, `will_not_fix`, …
 * Older ones have no word; then the versions tell.
 */
function isFixed(state, versions) {
    return state === '' ? versions !== '' : state === 'fixed';
}
/** The non-empty texts of a list, such as versions that have a fix. */
function readTexts(value) {
    return (0,json/* asList */.DD)(value)
        .map(json/* asText */.e1)
        .filter((text) => text !== '');
}
/**
 * @returns the records of a list; none when the scanner has left it out
 * @throws ScanReportError when it is not a list
 */
function readOptionalList(value) {
    return value === undefined || value === null ? [] : readList(value);
}
/**
 * @returns the records of a list that every finished scan writes
 * @throws ScanReportError when it is missing, or too long
 */
function readList(value) {
    if (!Array.isArray(value)) {
        throw new ScanReportError('The report of the scan has no results: the scanner did not come to its end.');
    }
    if (value.length > MOST_ENTRIES) {
        throw new ScanReportError(`The report of the scan has more than ${MOST_ENTRIES} results.`);
    }
    return value.filter(json/* isRecord */.u4);
}

;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/checks/pure/reports/grype-report.js
// `grype --output=json` -> findings.
// Format: https://github.com/anchore/grype/tree/main/grype/presenter/models


/** @throws ScanReportError when it is not the report of a finished scan */
function listGrypeFindings(report) {
    return readList((0,json.at)(report, 'matches')).map((match) => {
        const { vulnerability, artifact } = match;
        const [place] = readOptionalList((0,json.at)(artifact, 'locations'));
        const [related] = readOptionalList(match.relatedVulnerabilities);
        const fixedIn = readTexts((0,json.at)(vulnerability, 'fix', 'versions')).join(', ');
        return {
            id: readText(vulnerability, 'id'),
            // The distribution's own rating for its package, where it has one; not the general score of the flaw.
            severity: readText(vulnerability, 'severity'),
            package: readText(artifact, 'name'),
            installed: readText(artifact, 'version'),
            fixedIn,
            fixable: isFixed(readText(vulnerability, 'fix', 'state'), fixedIn),
            title: firstSentence(readText(vulnerability, 'description') || readText(related, 'description')),
            url: readText(vulnerability, 'dataSource'),
            packageType: readText(artifact, 'type'),
            file: readText(place, 'path'),
            line: null,
        };
    });
}
function firstSentence(text) {
    const end = text.search(/[.!?]\s|[\r\n]/);
    return end === -1 ? text : text.slice(0, end + 1).trim();
}

;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/checks/pure/reports/snyk-report.js
// `snyk container test --json-file-output=FILE` -> findings.
// Format: https://github.com/snyk/cli/blob/main/src/lib/snyk-test/legacy.ts (LegacyVulnApiResult, AnnotatedIssue), put
// together by src/lib/formatters/test/format-test-results.ts: the result for the system's packages, with one more below
// "applications" for each application in the image.



/** @throws ScanReportError when it is not the report of a finished scan */
function listSnykFindings(report) {
    const system = (0,json/* asRecord */.qY)(report);
    // With --experimental the report is a list.
    const results = Array.isArray(report) && report.length > 0 ? readList(report) : [system, ...readOptionalList(system.applications)];
    return results.flatMap((result) => {
        const error = readText(result, 'error');
        if (error !== '')
            throw new ScanReportError(`A part of the image could not be scanned: ${error.slice(0, 300)}.`);
        return readList(result.vulnerabilities).map((issue) => toReported(result, issue));
    });
}
/** A package that is not named in `fixedIn` may be fixed by a newer one that brings it. */
const FIXABLE = ['isUpgradable', 'isPinnable', 'isPatchable'];
/** A licence is no flaw that waits for a fix. */
function isLicence(id) {
    return id.startsWith('snyk:lic');
}
/** Kinds of result whose packages are named after their source: `openssl/libssl3`. */
const SYSTEM_PACKAGES = new Set(['apk', 'deb', 'rpm', 'linux']);
function toReported(result, issue) {
    const id = readText(issue, 'id');
    const packageType = readText(result, 'packageManager');
    // With --group-issues `name` is a list.
    const [name = readText(issue, 'packageName')] = readTexts([issue.name].flat());
    const fixedIn = readTexts(issue.fixedIn).join(', ') || readText(issue, 'nearestFixedInVersion');
    return {
        id,
        severity: readText(issue, 'severity'),
        package: SYSTEM_PACKAGES.has(packageType) ? (name.split('/').at(-1) ?? name) : name,
        installed: readText(issue, 'version'),
        fixedIn,
        fixable: fixedIn !== '' || FIXABLE.some((word) => issue[word] === true) || isLicence(id),
        title: readText(issue, 'title'),
        url: /^[\w:.-]+$/.test(id) ? `https://${isLicence(id) ? 'snyk.io' : 'security.snyk.io'}/vuln/${id}` : '',
        packageType,
        file: readText(result, 'displayTargetFile') || readText(result, 'path'),
        line: issue.lineNumber,
    };
}

;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/checks/pure/reports/trivy-report.js
// `trivy image --format=json` -> findings.
// Format: https://trivy.dev/latest/docs/configuration/reporting/#json and
// https://github.com/aquasecurity/trivy/blob/main/pkg/types/report.go



/** @throws ScanReportError when it is not trivy's report */
function listTrivyFindings(report) {
    if ((0,json.at)(report, 'SchemaVersion') !== 2) {
        throw new ScanReportError('The report of the scan is JSON, but not a report of trivy with schema version 2.');
    }
    // trivy leaves the lists out when nothing in the image could be scanned, and when nothing was found.
    return readOptionalList((0,json.at)(report, 'Results')).flatMap((result) => [
        ...readOptionalList(result.Vulnerabilities).map((item) => toVulnerability(result, item)),
        ...readOptionalList(result.Misconfigurations)
            .filter(({ Status }) => Status !== 'PASS' && Status !== 'EXCEPTION')
            .map((item) => toMisconfiguration(result, item)),
        ...readOptionalList(result.Secrets).map((item) => toSecret(result, item)),
        ...readOptionalList(result.Licenses).map((item) => toLicence(result, item)),
    ]);
}
/** What findings of every kind say in the same members; a package is for some of them to add. */
function trivy_report_toReported({ Target }, item) {
    return {
        severity: readText(item, 'Severity'),
        ...{ package: '', installed: '', fixedIn: '', packageType: '', fixable: true },
        title: readText(item, 'Title'),
        url: readText(item, 'PrimaryURL'),
        file: readText(Target),
        line: null,
    };
}
function toVulnerability(result, item) {
    const reported = trivy_report_toReported(result, item);
    const fixedIn = readText(item, 'FixedVersion');
    return {
        ...reported,
        id: readText(item, 'VulnerabilityID'),
        package: readText(item, 'PkgName'),
        installed: readText(item, 'InstalledVersion'),
        fixedIn,
        fixable: isFixed(readText(item, 'Status'), fixedIn),
        // `pkg:apk/alpine/libssl3@3.3.2-r0`
        packageType: /^pkg:([a-z]{1,20})\//.exec(readText(item, 'PkgIdentifier', 'PURL'))?.[1] ?? '',
        file: readText(item, 'PkgPath') || reported.file,
    };
}
function toMisconfiguration(result, item) {
    return { ...trivy_report_toReported(result, item), id: readText(item, 'ID'), line: (0,json.at)(item, 'CauseMetadata', 'StartLine') };
}
function toSecret(result, item) {
    return { ...trivy_report_toReported(result, item), id: readText(item, 'RuleID'), line: item.StartLine };
}
function toLicence(result, item) {
    const [name, owner] = [readText(item, 'Name'), readText(item, 'PkgName')];
    const reported = trivy_report_toReported(result, item);
    return {
        ...reported,
        id: `${owner}:${name}`,
        package: owner,
        title: `${name} in ${owner}`,
        url: readText(item, 'Link'),
        file: readText(item, 'FilePath') || reported.file,
    };
}

;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/checks/pure/reports/scan-report.js





/** Large, since snyk repeats a flaw for each dependency path that leads to it; a longer report is refused. */
const MOST_CHARACTERS = 200_000_000;
const READERS = {
    snyk: listSnykFindings,
    grype: listGrypeFindings,
    trivy: listTrivyFindings,
};
/**
 * @param text the file as it was read
 * @returns worst first; each flaw of a package once, also when it is in several places of the image
 * @throws ScanReportError when the file is not the report of a finished scan
 */
function parseScanReport(scanner, text) {
    return joinFindings(READERS[scanner](readReport(text)).map(toFinding));
}
function readReport(text) {
    if (text.length > MOST_CHARACTERS) {
        throw new ScanReportError(`The report of the scan is larger than ${MOST_CHARACTERS / 1e6} MB.`);
    }
    if (text.trim() === '') {
        throw new ScanReportError('The report of the scan is empty: the scanner did not come to its end.');
    }
    return parseReport(text, 'The report of the scan');
}

// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/inputs/syntax.js + 10 modules
var syntax = __webpack_require__(6418);
;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/checks/pure/scanner-images.js
/** NAME:TAG@DIGEST. snyk has moving tags only (https://github.com/snyk/snyk-images), so its digest alone says which it is. */
const SCANNER_IMAGES = {
    snyk: 'snyk/snyk:docker',
    grype: 'anchore/grype:v0.119.0@sha256:8c2c9234a345577a6d321a4753aa3ee1276d8975c8452d2344a56b57733ecad3',
    trivy: 'aquasec/trivy:0.74.0@sha256:62b1e65e8869bc4b4c6aa4fa2b21595256c7c2f6018a9d9ad61caf87187c1969',
};

;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/checks/pure/scanner.js
// How each scanner is called for an image of the local engine, what it may see, and what its exit code means. Pure.
// snyk:  https://docs.snyk.io/developer-tools/snyk-cli/commands/container-test
// grype: `grype --help`, and for exit codes https://github.com/anchore/grype/blob/main/cmd/grype/cli/cli.go
// trivy: https://trivy.dev/latest/docs/references/configuration/cli/trivy_image/





/** Calls the scanner that is on PATH. Its working directory must be the workspace, which has ignore files and Dockerfile. */
function toScanCommand(request) {
    return { command: request.scanner, args: toArguments(request) };
}
/**
 * Converts the report to SARIF; null for scanners that write both in one run. The team's options are left out: they
 * chose what the report has. Severity and exit code are given because a trivy.yaml may set others.
 */
function toConvertCommand({ scanner, threshold, reportFile, sarifFile }) {
    if (scanner !== 'trivy')
        return null;
    const options = ['--format=sarif', `--output=${sarifFile}`, toSeverityOption(threshold), '--exit-code=0'];
    return { command: scanner, args: ['convert', ...options, reportFile] };
}
function toArguments({ scanner, image, threshold, args, reportFile, sarifFile, dockerfile }) {
    switch (scanner) {
        case 'snyk':
            return [
                'container',
                'test',
                image,
                `--json-file-output=${reportFile}`,
                `--sarif-file-output=${sarifFile}`,
                `--severity-threshold=${threshold}`,
                // Advice on the base image, and the Dockerfile as the place of each finding.
                ...(dockerfile === null ? [] : [`--file=${dockerfile}`]),
                ...args,
            ];
        case 'grype':
            // grype cannot filter by severity: its reports have all findings.
            return [`docker:${image}`, `--output=json=${reportFile}`, `--output=sarif=${sarifFile}`, ...args];
        case 'trivy':
            return [
                'image',
                // Without this option trivy asks other engines and then the registry.
                '--image-src=docker',
                '--format=json',
                `--output=${reportFile}`,
                toSeverityOption(threshold),
                '--exit-code=0',
                ...args,
                image,
            ];
    }
}
/** The option of trivy for the threshold and all worse severities. */
function toSeverityOption(threshold) {
    const counting = scan_inputs/* SEVERITIES */.oC.filter((severity) => rankSeverity(severity) >= rankSeverity(threshold));
    return `--severity=${[...(threshold === 'low' ? ['unknown'] : []), ...counting].join(',').toUpperCase()}`;
}
/** Programs of the official images. snyk's own entry point would have a shell evaluate its arguments, and run pip and mvn. */
const ENTRY_POINTS = { snyk: 'snyk', grype: '/grype', trivy: 'trivy' };
/** Calls the scanner in its official image, for machines without the tool. */
function toContainerCommand({ command: scanner, args }, place) {
    const { socket, outputFolder, workspace, env, name } = place;
    const mount = (source, target, ...options) => `--mount=${(0,syntax/* csvFields */.qZ)('type=bind', `source=${source}`, `target=${target}`, ...options)}`;
    const names = Object.keys(env).filter((variable) => isProxy(variable) || isOwn(scanner, variable));
    return {
        command: 'docker',
        args: [
            'run',
            '--rm',
            `--name=${name}`,
            // A scanner that is process 1 would not hear that the run is cancelled.
            '--init',
            mount(socket, DEFAULT_SOCKET),
            mount(outputFolder, outputFolder),
            mount(workspace, workspace, 'readonly'),
            `--workdir=${workspace}`,
            // Names without values: values on a command line could be read by other processes.
            ...names.sort().map((variable) => `--env=${variable}`),
            `--entrypoint=${ENTRY_POINTS[scanner]}`,
            SCANNER_IMAGES[scanner],
            ...args,
        ],
    };
}
/**
 * A warning where the scanner's image is named by a tag alone, which may be moved to anything; null where it has a digest.
 * script/check-release refuses such an image, so that no released version has one.
 */
function warnOfMovingImage(scanner, image = SCANNER_IMAGES[scanner]) {
    if (image.includes('@'))
        return null;
    return (`${scanner} is not on PATH and runs in the image ${image}, by its tag and not by a digest: the tag can be moved to anything, ` +
        `which then gets the engine's socket. Install a fixed version of ${scanner} in a step before this one.`);
}
const DEFAULT_SOCKET = '/var/run/docker.sock';
/**
 * The socket to mount for an engine.
 * @param dockerHost DOCKER_HOST, or the endpoint of the Docker context
 * @returns null for an engine on another machine: its image can be scanned only by a tool on PATH
 */
function findSocket(dockerHost) {
    if (dockerHost === undefined || dockerHost === '')
        return DEFAULT_SOCKET;
    const [, path = null] = /^unix:\/\/(\/.+)$/.exec(dockerHost) ?? [];
    return path;
}
/** Variables for every scanner: enough to start, to reach the engine, and to load its database through a proxy. */
const COMMON_VARIABLES = /^(?:PATH|HOME|USER|CI|LANG|LC_[A-Z]+|TZ|TMPDIR|TEMP|TMP|XDG_[A-Z_]+|NO_COLOR|SSL_CERT_(?:FILE|DIR)|NODE_EXTRA_CA_CERTS|DOCKER_(?:HOST|CONTEXT|CERT_PATH|TLS_VERIFY|API_VERSION))$/;
const PROXY_VARIABLES = /^(?:HTTPS?|ALL|NO|FTP)_PROXY$/i;
/** Settings of a scanner that are withheld: registry logins, and those that change its input, output or verdict. */
const REFUSED_VARIABLES = {
    snyk: /^SNYK_(?:REGISTRY|CONTAINER)_(?:USERNAME|PASSWORD)$/,
    grype: /^GRYPE_(?:REGISTRY_.*|FAIL_ON_SEVERITY|OUTPUT.*|FILE|FROM)$/,
    trivy: /^TRIVY_(?:USERNAME|PASSWORD|REGISTRY_TOKEN|AUTH_URL|INPUT|OUTPUT.*|FORMAT|TEMPLATE|REPORT|COMPLIANCE|EXIT_.*|RUN_AS_PLUGIN)$/,
};
/** Defaults; the workflow's environment overrides them. */
const DEFAULT_VARIABLES = {
    snyk: {},
    // A database that cannot be updated fails the scan, instead of being used out of date.
    grype: { GRYPE_DB_REQUIRE_UPDATE_CHECK: 'true', GRYPE_CHECK_FOR_APP_UPDATE: 'false' },
    trivy: { TRIVY_NO_PROGRESS: 'true', TRIVY_SKIP_VERSION_CHECK: 'true', TRIVY_DISABLE_TELEMETRY: 'true' },
};
/**
 * The environment of a scanner: an allow list. Everything else of the job's is withheld (tokens of GitHub and of clouds,
 * build secrets, registry logins).
 */
function scannerEnvironment(scanner, { env, token, dockerConfig }) {
    const given = Object.entries(env).filter((entry) => entry[1] !== undefined && (COMMON_VARIABLES.test(entry[0]) || isProxy(entry[0]) || isOwn(scanner, entry[0])));
    return {
        ...DEFAULT_VARIABLES[scanner],
        ...Object.fromEntries(given),
        DOCKER_CONFIG: dockerConfig,
        ...(scanner === 'snyk' && token !== null ? { SNYK_TOKEN: token } : {}),
    };
}
function isProxy(name) {
    return PROXY_VARIABLES.test(name);
}
function isOwn(scanner, name) {
    return name.startsWith(`${scanner.toUpperCase()}_`) && !REFUSED_VARIABLES[scanner].test(name);
}
/**
 * Whether the scan was done at all: a scanner that could not reach its service or load its database finds nothing, and
 * that must not count as a clean image.
 * @param output what the scanner printed; the last line becomes the reason
 */
function judgeScan(scanner, exitCode, output) {
    switch (scanner) {
        case 'snyk':
            if (exitCode === 0 || exitCode === 1)
                return { kind: 'done', saysFindings: exitCode === 1 };
            break;
        case 'grype':
            // 2 comes from a fail-on-severity in the team's own configuration file.
            if (exitCode === 0 || exitCode === 2)
                return { kind: 'done', saysFindings: exitCode === 2 ? true : null };
            break;
        case 'trivy':
            if (exitCode === 0)
                return { kind: 'done', saysFindings: null };
    }
    const reason = describeExit(scanner, exitCode) ?? lastWords(output);
    const advice = adviseOn(scanner, output);
    return {
        kind: 'failed',
        message: `The scan could not be done: ${scanner} ended with exit code ${exitCode}` +
            `${reason === '' ? '' : `: ${reason}`}.${advice === '' ? '' : ` ${advice}`}`,
    };
}
/** Exit codes that say more than the output does. */
function describeExit(scanner, exitCode) {
    if (scanner === 'snyk' && exitCode === 3)
        return 'it found nothing in the image that it can test';
    return null;
}
function adviseOn(scanner, output) {
    if (scanner === 'snyk' && /SNYK-0005|authenticat|unauthori[sz]ed|\b401\b|MissingApiToken/i.test(output))
        return 'Set the input scan-token to a token of Snyk.';
    if (/toomanyrequests|\b429\b|rate.?limit/i.test(output))
        return 'The service limits how often it may be asked: run the job again.';
    if (/database|vulnerability db|\bDB\b/.test(output) && scanner !== 'snyk')
        return 'Its vulnerability database could not be loaded: run the job again, or give it a mirror.';
    return '';
}
/** The last line that has a word, without colours and without a full stop, which the message adds. */
function lastWords(output) {
    const lines = output
        .slice(-20_000)
        .split(/[\r\n]+/)
        .map((line) => (0,shared_text/* withoutTerminalCodes */.zQ)(line)
        .replace(/\p{Cc}/gu, ' ')
        .trim())
        .filter((line) => /[A-Za-z]{3}/.test(line));
    return (lines.at(-1) ?? '').slice(0, 500).replace(/[.\s]+$/, '');
}

// EXTERNAL MODULE: external "node:url"
var external_node_url_ = __webpack_require__(3136);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/adapters/github/run-api.js + 1 modules
var run_api = __webpack_require__(6230);
// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/shared/hash.js
var hash = __webpack_require__(751);
;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/checks/pure/sarif-upload.js




/** Refs that GitHub takes: `refs/heads/…`, `refs/tags/…`, `refs/pull/N/merge` (of the merge commit), `refs/pull/N/head`. */
function decideUpload(event) {
    const { sha } = event;
    switch (event.kind) {
        case 'branch':
            return { kind: 'upload', ref: `refs/heads/${event.branch}`, sha };
        case 'git-tag':
            return { kind: 'upload', ref: `refs/tags/${event.gitTag}`, sha };
        case 'pull-request':
            return event.fork
                ? { kind: 'skip', reason: 'a run of a fork may not write to this repository' }
                : { kind: 'upload', ref: `refs/pull/${event.number}/head`, sha };
        case 'merge-group':
            // The queue's branch is deleted after the merge, and the push to the base branch scans the same commit.
            return { kind: 'skip', reason: 'the push that ends the merge queue tells of the same commit' };
        case 'other':
            return { kind: 'skip', reason: `an event ${event.name} does not tell which branch was scanned` };
        case 'checkout':
            return { kind: 'skip', reason: `${sha} was scanned, which the event ${event.name} does not name` };
        case 'local':
            return { kind: 'skip', reason: 'this is no GitHub workflow' };
    }
}
/**
 * Changes the report for GitHub: each SARIF run gets a category, each result a fingerprint.
 * Category: an upload replaces the last one of the same tool and category, and GitHub refuses a file with two runs of one
 * category: https://github.blog/changelog/2024-05-06-code-scanning-will-stop-combining-runs-from-a-single-upload/
 * The scanners' own categories contain a time or the commit, so that old alerts would stay for ever.
 * Fingerprint: results without one would all be taken for the same alert, since all are at line 1 of one file.
 * @param imageName without its tag: several images of a repository have alerts of their own
 * @throws ScanReportError when it is not SARIF 2.1.0 of a finished scan
 */
function toUpload(text, imageName) {
    const report = parseSarif(text);
    const runs = readList(report.runs).map((run, index) => ({
        ...run,
        automationDetails: { id: `two-pass-build/${imageName}/${index === 0 ? '' : `${index + 1}/`}` },
        results: addFingerprints(readList(run.results)),
    }));
    return JSON.stringify({ ...report, runs });
}
function parseSarif(text) {
    const report = parseReport(text, 'The report in SARIF');
    if (!(0,json/* isRecord */.u4)(report) || report.version !== '2.1.0') {
        throw new ScanReportError('The report in SARIF is JSON, but not SARIF 2.1.0.');
    }
    return report;
}
/** The only fingerprint that GitHub uses. */
const FINGERPRINT = 'primaryLocationLineHash';
/** CodeQL's form: `HASH:N`, where N counts results that have the same hash. */
function addFingerprints(results) {
    const counts = new Map();
    return results.map((result) => {
        if (readText(result, 'partialFingerprints', FINGERPRINT) !== '')
            return result;
        const hash = hashResult(result);
        const count = (counts.get(hash) ?? 0) + 1;
        counts.set(hash, count);
        const given = (0,json/* asRecord */.qY)(result.partialFingerprints);
        return { ...result, partialFingerprints: { ...given, [FINGERPRINT]: `${hash}:${count}` } };
    });
}
/**
 * The first line of the message is part of the hash: it tells several packages of one rule apart. It has no version, so
 * that an upgrade that does not fix a flaw makes no new alert.
 */
function hashResult(result) {
    const [place] = (0,json/* asList */.DD)(result.locations);
    const parts = [
        readText(result, 'ruleId') || readText(result, 'rule', 'id'),
        readText(place, 'physicalLocation', 'artifactLocation', 'uri'),
        readText(result, 'message', 'text').split('\n', 1)[0],
    ];
    return (0,hash/* hashText */.q)(JSON.stringify(parts)).slice(0, 16);
}

;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/checks/upload-report.js
// Uploads the report of a scan to GitHub's code scanning. An upload that fails is a warning: the check is decided already.





/**
 * Uploads a report, or says why not. A fork's run sends GitHub no request.
 * @throws CancelledError when the run is cancelled meanwhile
 */
async function uploadToCodeScanning(request) {
    const { world, github, plan, sarif, scanner, warn } = request;
    const { runner, wait, now } = world;
    const decision = decideUpload(plan.event);
    if (decision.kind === 'skip') {
        runner.log.notice(`The report of the scan was not uploaded to code scanning: ${decision.reason}.`);
        return;
    }
    try {
        const outcome = await github.uploadSarif({
            sarif: toUpload(sarif, plan.image.name),
            sha: decision.sha,
            ref: decision.ref,
            startedAt: now,
            toolName: scanner,
            checkoutUri: (0,external_node_url_.pathToFileURL)(`${runner.workspace}/`).href,
        }, wait);
        runner.log.info(outcome === 'complete'
            ? `Code scanning has the report of the scan, for ${decision.ref}.`
            : 'Code scanning has taken the report of the scan, and is still at work on it.');
    }
    catch (error) {
        if (error instanceof process/* CancelledError */.cc)
            throw error;
        const advice = (0,run_api/* isRefusal */.v)(error)
            ? ' The job needs "permissions: security-events: write", and the repository needs code scanning.'
            : '';
        const reason = (0,shared_text/* errorMessage */.gJ)(error).replace(/\.$/, '');
        warn(`The report of the scan was not uploaded to code scanning: ${reason}.${advice}`);
    }
}

;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/checks/scan.js
// Scans the image. The scanner's report decides what was found, its exit code whether the scan was done.














/** @throws CheckFailedError for a scan that could not be done */
async function scanImage(request, image, settings) {
    const { world, github, plan, dockerfile, caller, warn } = request;
    const { runner } = world;
    const { scanner, threshold, onlyFixed } = settings;
    const mayLackToken = caller.origin !== 'own' && !plan.push.push;
    if (scanner === 'snyk' && mayLackToken && settings.token === null && (runner.childEnv.SNYK_TOKEN ?? '') === '') {
        const who = caller.origin === 'fork' ? 'forks' : 'Dependabot';
        warn(`The image was not scanned: runs of ${who} get no secrets, and so no token for snyk. Nothing is published.`);
        return { summary: [], failure: null };
    }
    const folder = runner.getOutputFolder();
    await (0,promises_.mkdir)(folder, { recursive: true, mode: 0o700 });
    const scan = {
        ...{ scanner, image: image.reference, threshold, args: settings.args, dockerfile: dockerfile?.path ?? null },
        ...{ reportFile: (0,external_node_path_.join)(folder, `${scanner}.json`), sarifFile: (0,external_node_path_.join)(folder, `${scanner}.sarif`) },
    };
    const { code, stdout, stderr, leftovers } = await runScanner(request, settings, folder, toScanCommand(scan));
    if (leftovers !== null)
        warn((0,process_leftovers/* describeLeftovers */.c5)(scanner, leftovers));
    const judged = judgeScan(scanner, code, `${stdout}\n${stderr}`);
    if (judged.kind === 'failed')
        throw new check/* CheckFailedError */.C(judged.message);
    const text = await (0,promises_.readFile)(scan.reportFile, 'utf8').catch(() => {
        throw new check/* CheckFailedError */.C(`The scan could not be done: ${scanner} succeeded and wrote no report.`);
    });
    try {
        const findings = parseScanReport(scanner, text);
        const sorted = sortFindings(findings, settings);
        checkAgreement(judged.saysFindings, sorted, threshold);
        const report = { scanner, threshold, onlyFixed, findings, ...sorted, dockerfile: scan.dockerfile };
        for (const line of toScanLines(report))
            runner.log.info(line);
        const summary = toScanSummary(report);
        const sarif = await readSarif(request, settings, scan, folder);
        if (sarif !== null) {
            runner.setOutput('sarif-file', scan.sarifFile);
            if (settings.uploadSarif)
                await uploadToCodeScanning({ world, github, plan, sarif, scanner, warn });
        }
        if (sorted.failing.length === 0)
            return { summary, failure: null };
        if (settings.fail)
            return { summary, failure: new check/* CheckFailedError */.C(`${describeFindings(report)} The image is not published.`) };
        warn(describeFindings(report));
        return { summary, failure: null };
    }
    catch (error) {
        if (error instanceof ScanReportError)
            throw new check/* CheckFailedError */.C(`The scan could not be done: ${error.message}`);
        throw error;
    }
}
/** @returns the report in SARIF; null, with a warning, when there is none: it is not needed for the verdict */
async function readSarif(request, settings, scan, folder) {
    const convert = toConvertCommand(scan);
    try {
        const { code } = convert === null ? { code: 0 } : await runScanner(request, settings, folder, convert);
        if (code !== 0)
            throw new check/* CheckFailedError */.C(`${scan.scanner} convert ended with exit code ${code}`);
        return await (0,promises_.readFile)(scan.sarifFile, 'utf8');
    }
    catch (error) {
        if (error instanceof process/* CancelledError */.cc)
            throw error;
        request.warn(`There is no report in SARIF, and the output sarif-file is empty: ${(0,shared_text/* errorMessage */.gJ)(error)}.`);
        return null;
    }
}
/** Runs the scanner that is on PATH, or else its official image. */
async function runScanner(request, settings, folder, scannerCommand) {
    const { world, engine, directory } = request;
    const { runner, run, signal } = world;
    const { scanner, token } = settings;
    // An empty Docker config has no logins, but no Docker contexts either: DOCKER_HOST names the engine instead.
    const dockerConfig = (0,external_node_path_.join)(directory, 'scanner-docker-config');
    await (0,promises_.mkdir)(dockerConfig, { recursive: true, mode: 0o700 });
    const own = getCheckEnvironment(runner.childEnv, engine);
    const host = await findDockerHost(request);
    const given = scannerEnvironment(scanner, { env: own, token, dockerConfig });
    const env = { ...given, ...(host !== null && { DOCKER_HOST: host }) };
    if (host !== null)
        delete env.DOCKER_CONTEXT;
    const limit = { milliseconds: runner.scanLimit, advice: '' };
    const start = ({ command, args }) => runner.log.relay((print) => run(command, args, { env, cwd: runner.workspace, signal, limit, sweep: true, onLine: print }), scannerCommand.args[0] === 'convert' ? `Report of ${scanner} as SARIF` : `Scan with ${scanner}`);
    const containers = [];
    try {
        return await start(scannerCommand).catch((error) => {
            if (!(error instanceof process/* CommandNotFoundError */.v$))
                throw error;
            const socket = findSocket(host ?? undefined);
            if (socket === null) {
                throw new check/* CheckFailedError */.C(`The scan could not be done: ${scanner} is not on PATH, and the Docker Engine is on another machine. Install ${scanner} in a step before this one.`);
            }
            const moving = warnOfMovingImage(scanner);
            if (moving !== null)
                request.warn(moving);
            const name = `two-pass-build-scan-${(0,external_node_crypto_.randomUUID)()}`;
            containers.push(name);
            const place = { socket, outputFolder: folder, workspace: runner.workspace, env, name };
            return start(toContainerCommand(scannerCommand, place));
        });
    }
    catch (error) {
        // Stopping the docker client leaves its container running.
        const tidy = { env, signal: null, limit: limits/* ANSWER_LIMIT */.TA };
        for (const name of containers)
            await run('docker', ['rm', '--force', name], tidy).catch(() => null);
        if (error instanceof process/* CommandNotFoundError */.v$) {
            throw new check/* CheckFailedError */.C(`The scan could not be done: neither ${scanner} nor docker is on PATH.`);
        }
        if (error instanceof process/* TimeLimitError */.$q) {
            throw new check/* CheckFailedError */.C(`The scan could not be done: ${scanner} did not end within ${runner.scanLimit / 1000} s (TWO_PASS_BUILD_SCAN_SECONDS).`);
        }
        throw error;
    }
}
/** DOCKER_HOST of the engine that has the image; null when the docker client's default is that engine. */
async function findDockerHost({ world, engine }) {
    const { runner, run, signal } = world;
    const env = getCheckEnvironment(runner.childEnv, engine);
    if ((env.DOCKER_HOST ?? '') !== '')
        return env.DOCKER_HOST ?? null;
    const args = ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}'];
    const { code, stdout } = await run('docker', args, { env, signal, limit: limits/* ANSWER_LIMIT */.TA });
    const host = stdout.trim();
    return code === 0 && host !== '' ? host : null;
}

// EXTERNAL MODULE: ./node_modules/.cache/two-pass-build/js/shared/long-line.js
var long_line = __webpack_require__(9120);
;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/checks/verify.js
// The input `verify`: a shell script that gets the image's name in environment variables.







/** Last lines of the script's output that the error message quotes. */
const KEPT_LINES = 20;
/** @throws CheckFailedError when the script ends with anything but 0 */
async function verifyImage({ world, plan, engine, directory, warn }, image, script) {
    const { runner, run, signal } = world;
    const file = (0,external_node_path_.join)(directory, 'verify.sh');
    // A workflow file from Windows has CRLF line ends, and bash takes the CR as part of the command.
    await (0,promises_.writeFile)(file, `${script.replaceAll('\r\n', '\n')}\n`, { mode: 0o600 });
    const builderTag = plan.builders[0]?.tag ?? null;
    const env = {
        ...getCheckEnvironment(runner.childEnv, engine),
        IMAGE: image.reference,
        IMAGE_ID: image.id,
        BUILDER_IMAGE: builderTag === null ? '' : (0,image_reference/* taggedReference */.CN)(plan.image, builderTag),
    };
    const kept = [];
    const { code, leftovers } = await runner.log.relay((print) => {
        const onLine = (line) => {
            print(line);
            kept.push((0,long_line/* shortenLine */.a0)(line, long_line/* LONGEST_QUOTED */.kA));
            kept.splice(0, kept.length - KEPT_LINES);
        };
        // The arguments with which the runner starts a step with `shell: bash`.
        const args = ['--noprofile', '--norc', '-eo', 'pipefail', file];
        // No limit of our own: the job's timeout-minutes ends a script that hangs.
        return run('bash', args, { env, cwd: runner.workspace, signal, limit: 'none', sweep: true, onLine });
    }, `Verify ${image.reference}`);
    if (leftovers !== null)
        warn((0,process_leftovers/* describeLeftovers */.c5)('The verify script', leftovers));
    if (code !== 0) {
        throw new check/* CheckFailedError */.C(`The verify script ended with exit code ${code}, so the image is not published.`, kept);
    }
    runner.log.info('Verify: passed');
}

;// CONCATENATED MODULE: ./node_modules/.cache/two-pass-build/js/checks/checks.js






/**
 * Runs the checks of the inputs `verify` and `scan`, up to the first that fails.
 * @throws CancelledError on a signal; Error when the engine does not answer
 */
async function checkImage(request, built) {
    let done = { verified: false, scan: [] };
    try {
        const { plan, inputs } = request;
        const local = (0,build_request/* toLocalEngine */.b)(request);
        const reference = built.reference ?? (0,image_reference/* taggedReference */.CN)(plan.image, plan.tags.unique);
        const id = await (0,local_image/* readImageId */.XE)(local, reference);
        expectBuilt(reference, id, built);
        if (inputs.verify !== null) {
            await verifyImage(request, { reference, id }, inputs.verify);
            done = { ...done, verified: true };
        }
        if (inputs.scan !== null) {
            const { summary, failure } = await scanImage(request, { reference }, inputs.scan);
            done = { ...done, scan: summary };
            if (failure !== null)
                throw failure;
        }
        await expectUnchanged(local, reference, id);
        return { ...done, image: { local, reference, id, ids: built.ids }, failure: null };
    }
    catch (error) {
        if (error instanceof check/* CheckFailedError */.C)
            return { ...done, image: null, failure: error };
        throw error;
    }
}
function expectBuilt(reference, id, { ids }) {
    if (ids.some((own) => own === id))
        return;
    throw new check/* CheckFailedError */.C(`The engine's image ${reference} is ${id}, and not what was built (${ids.join(', ')}), so it was not checked.`);
}
async function expectUnchanged(local, reference, id) {
    const now = await (0,local_image/* readImageId */.XE)(local, reference).catch(() => 'gone');
    if (now === id)
        return;
    throw new check/* CheckFailedError */.C(`The image ${reference} was ${id} when its checks began, and is ${now} after them. A check must not change the image: build, tag or load another one under another name.`);
}


/***/ })

};
