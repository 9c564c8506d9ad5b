// A `docker` on PATH that records how it is called and answers as a scenario says: for what no real engine does on
// demand. It builds nothing; what real engines do is the end-to-end tests' matter.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rawProgress } from './raw-progress.js';

export interface Answer {
  readonly code?: number;
  readonly stdout?: string;
  readonly stderr?: string;
  /** Written to the file that --metadata-file names. */
  readonly metadata?: object;
  /** How long it runs; at once unless given. */
  readonly seconds?: number;
}

/** First words of a command line -> answer; the longest match counts. */
export type Scenario = Readonly<Record<string, Answer>>;

export interface DockerCall {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly input: string;
  /** The config.json below DOCKER_CONFIG at the time of the call. */
  readonly config: string;
}

export interface FakeDocker {
  /** Folder for the front of PATH. */
  readonly bin: string;
  readonly calls: () => Promise<readonly DockerCall[]>;
}

export const CONTAINERD_INFO = JSON.stringify({
  ServerVersion: '29.4.0',
  DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']],
  RegistryConfig: { IndexConfigs: {} },
});

export const HEALTHY: Scenario = {
  'buildx version': { stdout: 'github.com/docker/buildx v0.36.0 1234567\n' },
  'buildx inspect': { stdout: 'Name:   default\nDriver: docker\n\nNodes:\nName:     default\nEndpoint: default\n' },
  info: { stdout: CONTAINERD_INFO },
  'buildx build': { stderr: rawProgress({ name: '[builder 2/2] RUN make' }) },
};

export async function writeFakeDocker(directory: string, scenario: Scenario): Promise<FakeDocker> {
  const bin = join(directory, 'bin');
  const log = join(directory, 'calls.jsonl');
  await mkdir(bin, { recursive: true });
  await writeFile(log, '');
  await writeFile(join(directory, 'scenario.json'), JSON.stringify(scenario));
  const program = `#!${process.execPath}
const fs = require('node:fs');
const args = process.argv.slice(2);
const read = (file) => { try { return fs.readFileSync(file, 'utf8'); } catch { return ''; } };
const scenario = JSON.parse(read(${JSON.stringify(join(directory, 'scenario.json'))}));
const call = { args, env: process.env, input: read(0), config: read((process.env.DOCKER_CONFIG ?? '') + '/config.json') };
fs.appendFileSync(${JSON.stringify(log)}, JSON.stringify(call) + '\\n');
const line = args.join(' ');
const key = Object.keys(scenario).filter((words) => line.includes(words)).sort((a, b) => b.length - a.length)[0];
const answer = scenario[key] ?? { code: 99, stderr: 'the scenario has no answer' };
const metadata = args[args.indexOf('--metadata-file') + 1];
if (answer.metadata && args.includes('--metadata-file')) fs.writeFileSync(metadata, JSON.stringify(answer.metadata));
process.stdout.write(answer.stdout ?? '');
process.stderr.write(answer.stderr ?? '');
process.exitCode = answer.code ?? 0;
setTimeout(() => undefined, (answer.seconds ?? 0) * 1000);
`;
  await writeFile(join(bin, 'docker'), program, { mode: 0o755 });
  return {
    bin,
    calls: async () =>
      (await readFile(log, 'utf8'))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as DockerCall),
  };
}
