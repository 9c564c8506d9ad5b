// Names what an image is built from: Dockerfile, context and target, the same on every machine. Pure.
import { posix } from 'node:path';
import type { Inputs } from '../../inputs/inputs.js';

/**
 * `worker/Dockerfile (context worker, target production)`. Paths are relative to the workspace. Of an address stays what
 * names the same build in every run: no login, no query and no commit or branch. The builder target is not in it: it
 * decides what is kept as cache, and not what the image is.
 * @param dockerfile its path, relative to the workspace; null where BuildKit fetches it
 * @param workspace folder that relative paths are relative to
 */
export function describeBuild(
  { context, file, productionTarget }: Pick<Inputs, 'context' | 'file'> & { readonly productionTarget: string },
  dockerfile: string | null,
  workspace: string,
): string {
  const path = dockerfile ?? file ?? 'Dockerfile';
  return `${toPlace(path, workspace)} (context ${toPlace(context, workspace)}, target ${productionTarget.toLowerCase()})`;
}

const ADDRESS = /^(?:[a-z][a-z0-9+.-]*:\/\/|git@|github\.com\/)/;

function toPlace(place: string, workspace: string): string {
  return toPrintable(ADDRESS.test(place) ? withoutChangingParts(place) : toRelative(place, workspace));
}

function toRelative(path: string, workspace: string): string {
  return posix.relative(workspace, posix.resolve(workspace, path)) || '.';
}

/** `https://user:token@host/app.git?ref=x#main:worker` -> `https://host/app.git#:worker` */
function withoutChangingParts(address: string): string {
  const [, base = '', fragment = ''] = /^([^?#]*)[^#]*(?:#(.*))?$/s.exec(address) ?? [];
  const [, folder = ''] = /:(.*)$/s.exec(fragment) ?? [];
  return `${base.replace(/\/\/[^/]*@/, '//')}${folder === '' ? '' : `#:${folder}`}`;
}

/** A label and a message have one line, and people copy it: what is not plain ASCII is escaped as in an address. */
function toPrintable(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '?').replace(/[^\x21-\x7e]+/g, encodeURIComponent);
}
