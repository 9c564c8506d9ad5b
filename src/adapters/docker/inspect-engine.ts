// Reads the version of Buildx, the builder's driver and nodes, and the engine's version and image store.
import type { Engine } from '../../plan/engine.js';
import { InputError } from '../../shared/errors.js';
import { asList, asRecord, asRecords, asText, at, parseObject } from '../../shared/json.js';
import { getLastLine, quote } from '../../shared/text.js';
import type { Env } from '../../shared/types.js';
import { CommandNotFoundError, type ProcessResult, type RunProcess } from '../process/process.js';
import { OLDEST_BUILDX, parseBuildxVersion } from './buildx-version.js';
import { ANSWER_LIMIT } from './limits.js';

export interface InspectedEngine {
  readonly engine: Engine;
  /** Registries that the engine may speak plain HTTP to (`insecure-registries`). */
  readonly insecureRegistries: readonly string[];
}

/** @throws InputError when there is no Docker, no Buildx, one too old, no such builder, or no engine that answers; TimeLimitError */
export async function inspectEngine(
  run: RunProcess,
  env: Env,
  builder: string | null,
  signal: AbortSignal,
): Promise<InspectedEngine> {
  const docker = (...args: readonly string[]): Promise<ProcessResult> =>
    run('docker', args, { env, signal, limit: ANSWER_LIMIT });
  const inspectArgs = ['buildx', 'inspect', ...(builder === null ? [] : [builder])];
  const [inspected, info] = await Promise.all([docker(...inspectArgs), docker('info', '--format', '{{json .}}')]).catch(
    (error: unknown) => {
      if (error instanceof CommandNotFoundError) {
        throw new InputError(
          `Docker is not on PATH. Use a runner that has it (ubuntu-latest does), or install Docker Engine and Buildx ${OLDEST_BUILDX} or newer.`,
          { cause: error },
        );
      }
      throw error;
    },
  );
  // `docker info` lists the client's plugins with their versions, which saves a call of Buildx.
  const buildxVersion = parseBuildxVersion(findPluginVersion(info) ?? readVersion(await docker('buildx', 'version')));
  // When the engine is down, Buildx exits with 0, and prints an empty "Driver:" and then the error on standard output.
  const driver = inspected.code === 0 ? /^Driver:[ \t]*(\S+)/m.exec(inspected.stdout)?.[1] : undefined;
  if (driver === undefined) {
    const reason = /^Error:[ \t]*(\S.*)/m.exec(inspected.stdout)?.[1] ?? getLastLine(inspected.stderr);
    if (builder !== null) {
      throw new InputError(
        `builder ${quote(builder)} cannot be used: ${reason}. "docker buildx ls" lists the builders there are.`,
      );
    }
    throw new InputError(`The current Buildx builder cannot be used: ${reason}. Is the Docker Engine running?`);
  }
  if (driver !== 'docker') {
    const answer = parseInfo(info);
    const nodes = inspected.stdout.match(/^Endpoint:/gm)?.length ?? 1;
    return {
      engine: { builder, driver, nodes, store: null, buildxVersion, engineVersion: answer.version },
      insecureRegistries: answer.insecureRegistries,
    };
  }
  // A builder of the docker driver uses the engine of its Docker context, which may not be the current one.
  const context = /^Endpoint:[ \t]*(\S+)/m.exec(inspected.stdout)?.[1] ?? 'default';
  const own =
    builder === null || context === 'default'
      ? info
      : await docker('--context', context, 'info', '--format', '{{json .}}');
  const answer = parseInfo(own);
  if (answer.version === null) {
    throw new InputError(
      `The Docker Engine does not answer: ${getLastLine(own.stderr) || answer.error}. Start it, or set "builder" to a Buildx builder that runs.`,
    );
  }
  return {
    engine: { builder, driver, store: answer.store, buildxVersion, engineVersion: answer.version },
    insecureRegistries: answer.insecureRegistries,
  };
}

/** `github.com/docker/buildx v0.29.1 28f6246` -> `v0.29.1` */
function readVersion({ code, stdout }: ProcessResult): string {
  if (code !== 0) {
    throw new InputError(
      `Docker has no Buildx plugin. Install Buildx ${OLDEST_BUILDX} or newer (docker/setup-buildx-action does).`,
    );
  }
  return stdout.trim().split(/\s+/)[1] ?? 'unknown';
}

/** `ClientInfo.Plugins` of `docker info`: null where it does not name Buildx. */
function findPluginVersion({ stdout }: ProcessResult): string | null {
  const plugins = asRecords(at(parseObject(stdout), 'ClientInfo', 'Plugins'));
  const version = asText(plugins.find(({ Name }) => Name === 'buildx')?.Version);
  return version === '' ? null : version;
}

interface EngineInfo {
  readonly version: string | null;
  readonly store: Engine['store'];
  readonly insecureRegistries: readonly string[];
  readonly error: string;
}

/** https://docs.docker.com/reference/api/engine/#tag/System/operation/SystemInfo */
function parseInfo({ stdout }: ProcessResult): EngineInfo {
  const info = parseObject(stdout);
  if (info === null) return { version: null, store: null, insecureRegistries: [], error: 'docker info gave no answer' };
  const version = asText(info.ServerVersion);
  const containerd = asList(info.DriverStatus)
    .map(asList)
    .some(([name, value]) => name === 'driver-type' && value === 'io.containerd.snapshotter.v1');
  const registries = Object.entries(asRecord(at(info, 'RegistryConfig', 'IndexConfigs')));
  const insecure = registries.filter(([, config]) => at(config, 'Secure') === false).map(([host]) => host);
  const errors = asList(info.ServerErrors).filter((error) => typeof error === 'string');
  return {
    version: version === '' ? null : version,
    store: containerd ? 'containerd' : 'overlay2',
    insecureRegistries: insecure,
    error: errors.join('; '),
  };
}
