// Looks for secrets wherever a run leaves something, in every form in which they get there.
import { readFileSync, readdirSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrThrow } from '../../lab/command.js';
import type { Lab } from '../../lab/lab.js';
import type { Registry } from '../../lab/registry/registry.js';

/** What a place of that name holds. */
export type Evidence = readonly (readonly [place: string, content: string])[];

/** A value, and its lines, as they are and as encodings have them; base64 at each of the three alignments. */
export function listForms(secret: string): ReadonlyMap<string, string> {
  const forms = new Map<string, string>();
  const lines = secret.split('\n').map((line) => line.trim());
  const parts = lines.length === 1 ? [secret] : [secret, ...lines.filter((line) => line.length >= 8)];
  for (const [number, part] of parts.entries()) {
    const bytes = Buffer.from(part);
    const add = (form: string, text: string) => forms.set(`${form} of part ${number}`, text);
    add('raw', part);
    add('hex', bytes.toString('hex'));
    add('HEX', bytes.toString('hex').toUpperCase());
    add('URL', encodeURIComponent(part));
    add('form', new URLSearchParams({ x: part }).toString().slice(2));
    add('JSON', JSON.stringify(part).slice(1, -1));
    for (const offset of [0, 1, 2]) {
      // The first characters also hold what stands before it, the last what follows.
      const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
      const core = encoded.slice(offset === 0 ? 0 : offset + 1, encoded.length - 4);
      add(`base64 at ${offset}`, core);
      add(`base64url at ${offset}`, core.replaceAll('+', '-').replaceAll('/', '_'));
    }
  }
  return forms;
}

/** `password (base64 at 1 of part 0) in the summary`, for each secret that the evidence holds. */
export function findLeaks(secrets: Readonly<Record<string, string>>, evidence: Evidence): readonly string[] {
  return Object.entries(secrets).flatMap(([name, secret]) =>
    [...listForms(secret)].flatMap(([form, text]) =>
      evidence.filter(([, content]) => content.includes(text)).map(([place]) => `${name} (${form}) in ${place}`),
    ),
  );
}

/** Every file below a folder that `skip` does not name; what is no text is searched all the same. */
export async function readFolder(directory: string, skip: RegExp): Promise<Evidence> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !skip.test(path));
  return Promise.all(files.map(async (path) => [path, await readFile(path, 'latin1').catch(() => '')] as const));
}

/** All manifests of a repository with what they are made of, other than layers: configs, attestations, cache records. */
export async function readRepository(registry: Registry, repository: string): Promise<Evidence> {
  const evidence: (readonly [string, string])[] = [];
  const visit = async (reference: string): Promise<void> => {
    const { body } = await registry.manifest(repository, reference);
    evidence.push([`manifest ${reference}`, JSON.stringify(body)]);
    const list = (key: string) =>
      (Array.isArray(body[key]) ? body[key] : []) as readonly { digest: string; mediaType: string }[];
    for (const { digest } of list('manifests')) await visit(digest);
    const config = body.config === undefined ? [] : [body.config as { digest: string; mediaType: string }];
    for (const { digest, mediaType } of [...config, ...list('layers')]) {
      if (mediaType.includes('tar')) continue;
      evidence.push([`${mediaType} of ${reference}`, (await registry.blob(repository, digest)).toString()]);
    }
  };
  for (const tag of await registry.tags(repository)) await visit(tag);
  return evidence;
}

// In Node 24, since the machine's own may not know zstd.
const UNPACK = `
const { readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { gunzipSync, zstdDecompressSync } = require('node:zlib');
for (const name of readdirSync('.')) {
  const layer = readFileSync(name);
  writeFileSync(name, layer[0] === 0x1f ? gunzipSync(layer) : zstdDecompressSync(layer));
}`;

/** The layers of a repository's images, as archives, without those of the image that they are built on. */
export async function readLayers(
  { registry, tools, directory }: Lab,
  repository: string,
  base: readonly [repository: string, reference: string],
): Promise<Evidence> {
  const list = async (name: string, reference: string) => {
    const { layers = [] } = (await registry.manifest(name, reference)).body;
    return (layers as readonly { digest: string; mediaType: string }[]).filter(({ mediaType }) =>
      mediaType.includes('tar'),
    );
  };
  const ofBase = new Set((await list(...base)).map(({ digest }) => digest));
  const tags = await registry.tags(repository);
  const ofTags = (await Promise.all(tags.map((tag) => list(repository, tag)))).flat().map(({ digest }) => digest);
  const folder = await mkdtemp(join(directory, 'layers-'));
  for (const digest of new Set(ofTags)) {
    if (!ofBase.has(digest)) await writeFile(join(folder, digest), await registry.blob(repository, digest));
  }
  await runOrThrow(tools.node24, ['-e', UNPACK], { cwd: folder });
  return readFolder(folder, /^$/);
}

export interface StartedProcess {
  readonly args: readonly string[];
  /** `NAME=VALUE`, one an item. */
  readonly env: readonly string[];
}

/** Programs of these names that note how they are started, and then become the real ones. */
export async function writeShims(
  directory: string,
  programs: Readonly<Record<string, string>>,
): Promise<{ bin: string; started: () => Promise<readonly StartedProcess[]> }> {
  const [bin, notes] = [join(directory, 'bin'), join(directory, 'notes')];
  await mkdir(bin, { recursive: true });
  await mkdir(notes);
  for (const [name, program] of Object.entries(programs)) {
    const shim = `#!/bin/sh\nnote=${notes}/$$\n/bin/cat /proc/$$/cmdline > $note.args\n/bin/cat /proc/$$/environ > $note.env\nexec ${program} "$@"\n`;
    await writeFile(join(bin, name), shim);
    await chmod(join(bin, name), 0o755);
  }
  const read = async (path: string) => (await readFile(path, 'utf8')).split('\0');
  return {
    bin,
    started: async () =>
      Promise.all(
        (await readdir(notes))
          .filter((name) => name.endsWith('.args'))
          .map(async (name) => ({
            args: (await read(join(notes, name))).slice(1),
            env: await read(join(notes, name.replace(/args$/, 'env'))),
          })),
      ),
  };
}

/** Looks at the command lines of all processes of the machine, over and over, until it is told to stop. */
export function watchCommandLines(): { stop: () => Evidence } {
  const seen = new Map<string, string>();
  const look = () => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        if (line !== '') seen.set(line, `the command line ${JSON.stringify(line.slice(0, 60))}`);
      } catch {
        // It has ended meanwhile.
      }
    }
  };
  const timer = setInterval(look, 100);
  return {
    stop: () => {
      clearInterval(timer);
      return [...seen].map(([line, place]) => [place, line] as const);
    },
  };
}
