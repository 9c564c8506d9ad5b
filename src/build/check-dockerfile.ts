// BuildKit's build checks as a condition of the run (`dockerfile-checks: error`), asked of BuildKit before anything is
// built. A build argument that makes the passes fail would come too late for a builder stage that production is not made
// of, and would replace the `# check=` of the Dockerfile.
import { PassFailedError } from '../adapters/docker/buildx.js';
import type { DockerfileWarning } from '../adapters/progress/build-progress.js';
import type { Runner } from '../adapters/runner/runner.js';
import type { Plan } from '../plan/plan.js';
import { InputError } from '../shared/errors.js';
import { isInProduction } from './pure/builder-decision.js';
import { DockerfileCheckError } from './pure/dockerfile-check-error.js';
import type { Dockerfile } from './pure/dockerfile.js';
import type { PassRunner } from './run-pass.js';

export interface DockerfileCheckRequest {
  readonly runner: Pick<Runner, 'log'>;
  readonly plan: Plan;
  /** Null where it cannot be read here. */
  readonly dockerfile: Dockerfile | null;
  readonly passes: PassRunner;
}

/**
 * For `dockerfile-checks: error`.
 * @throws DockerfileCheckError that names every violation; InputError where there are no such checks; PassFailedError
 */
export async function checkDockerfile(request: DockerfileCheckRequest): Promise<void> {
  const { runner, plan, dockerfile, passes } = request;
  if (dockerfile?.customSyntax === true)
    throw new InputError(
      `dockerfile-checks is error, but the "# syntax=" of ${dockerfile.path} is not Docker's own, whose checks these are. Leave the input out, or set it to warn.`,
    );
  // Only stages that are built, as in the warnings of a build.
  const apart = plan.builders.filter((builder) => !isInProduction(plan, builder, dockerfile));
  const found = new Map<string, DockerfileWarning>();
  for (const pass of [plan.production, ...apart]) {
    for (const one of await passes.check(pass).catch(explainNoChecks))
      found.set(`${one.line ?? 0} ${one.message}`, one);
  }
  if (found.size > 0) throw describeViolations([...found.values()], dockerfile);
  runner.log.info("The Dockerfile passes BuildKit's checks");
}

/**
 * Buildx fetches the frontend `docker/dockerfile` for an engine that knows no checks (build/build.go). Where that fails
 * too, its name is in the error.
 */
function explainNoChecks(error: unknown): never {
  if (error instanceof PassFailedError && /docker\/dockerfile:1\.8|frontend\.lint/.test(error.message)) {
    throw new InputError(
      `dockerfile-checks is error, but this BuildKit knows no build checks: Docker Engine 27 or BuildKit 0.14 has them, and the frontend docker/dockerfile, which has them too, could not be fetched. Update the engine, or set dockerfile-checks to warn. ${error.message}`,
      { cause: error },
    );
  }
  throw error;
}

const MOST_SHOWN = 20;

function describeViolations(
  violations: readonly DockerfileWarning[],
  dockerfile: Dockerfile | null,
): DockerfileCheckError {
  const path = dockerfile?.path ?? 'Dockerfile';
  const shown = violations.slice(0, MOST_SHOWN).map(({ message, url, line }) => {
    const text = url === '' ? message : `${message} (${url})`;
    return `${path}${line === null ? '' : `:${line}`}: ${text}`;
  });
  const more = violations.length > MOST_SHOWN ? [`and ${violations.length - MOST_SHOWN} more`] : [];
  const count = violations.length === 1 ? 'a fault' : `${violations.length} faults`;
  const rules = new Set(violations.map(({ message }) => message.split(':', 1)[0]));
  const line = violations.find((violation) => violation.line !== null)?.line ?? null;
  return new DockerfileCheckError(
    `BuildKit's checks find ${count} in ${path} (${[...rules].join(', ')}), and dockerfile-checks is error, so nothing is built.`,
    dockerfile === null || line === null ? null : { file: path, line, endLine: line },
    [...shown, ...more],
  );
}
