// Where it was measured: figures without a machine mean nothing.
import { cpus, release, totalmem } from 'node:os';
import type { BenchOptions } from './options.js';
import type { Stand } from './stand.js';

export interface Machine {
  readonly line: string;
  readonly where: string;
  readonly engine: string;
  readonly store: string;
  readonly driver: string;
}

export async function readMachine({ place }: Stand, options: BenchOptions): Promise<Machine> {
  const { versions } = place.lab.tools;
  const builder = (await place.engine.docker(['buildx', 'inspect', 'default'])).stdout;
  const buildkit = /^BuildKit version: +(v?\d\S+)/m.exec(builder)?.[1] ?? '';
  // An engine that was built without its module's versions says that.
  const known = buildkit === '' || buildkit.includes('unknown') ? "the engine's own BuildKit" : `BuildKit ${buildkit}`;
  const { version, store, driver } = await place.engine.info();
  const cores = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const { delayMs, bandwidth, service } = options;
  const distance = delayMs === 0 ? 'on the same machine' : `${delayMs} ms away`;
  const width = bandwidth === 0 ? '' : `, ${bandwidth} MB/s`;
  const where = [
    `${cores.length} cores (${cores[0]?.model.trim() ?? 'unknown'}), ${memory} GiB, Linux ${release()}`,
    `Docker Engine ${version}, containerd ${versions.containerd}, Buildx ${versions.buildx}, ${known}`,
    `CNCF registry ${versions.registry} ${distance}${width}`,
  ].join('; ');
  const what = service === 'random' ? '' : ` Built: the ${service} service of lab/real-services.`;
  return { line: `Measured on ${where}.${what}`, where, engine: version, store, driver };
}
