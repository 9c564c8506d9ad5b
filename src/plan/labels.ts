// Labels and provenance attributes of the production image.
import { CREATED_LABEL, REVISION_LABEL, VERSION_LABEL } from '../image/label-names.js';
import type { Inputs } from '../inputs/inputs.js';
import type { RunContext } from './context.js';
import type { WorkflowEvent } from './event/event.js';

/** The version label of a part is that of the index: the parts' own tags differ by platform and time. */
export function getVersion({ tag }: Inputs, event: WorkflowEvent): string {
  return tag ?? (event.kind === 'git-tag' ? event.gitTag : event.sha);
}

export function getLabels(inputs: Inputs, context: RunContext, version: string): Record<string, string> {
  const labels = {
    'org.opencontainers.image.source': context.repositoryUrl,
    [REVISION_LABEL]: context.built.commit,
    [VERSION_LABEL]: version,
    // The time of the commit, not of the build, so that the same commit gives the same image.
    [CREATED_LABEL]: context.committedAt,
    'org.opencontainers.image.title': inputs.image.repository.split('/').at(-1) ?? inputs.image.repository,
  };
  const own = new Set(
    inputs.flags.filter(({ input }) => input === 'labels').map(({ value }) => value.slice(0, value.indexOf('='))),
  );
  return Object.fromEntries(
    Object.entries(labels).filter((label): label is [string, string] => label[1] !== null && !own.has(label[0])),
  );
}

export function withBuilderId(attributes: string, runUrl: string | null): string {
  if (runUrl === null || /(?:^|,)\s*builder-id=/.test(attributes)) return attributes;
  return [attributes, `builder-id=${runUrl}`].filter((part) => part !== '').join(',');
}
