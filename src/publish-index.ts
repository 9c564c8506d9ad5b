// Publishes an index of images that other runs have built, one for each platform. Nothing is built, and no engine is needed.
import { announceNoIndex, announceTags, showPlan } from './announce.js';
import { watchBranch } from './branch-head.js';
import { inspectEngine } from './docker/inspect-engine.js';
import { copyToMirrors } from './mirrors.js';
import { makeImageIndex } from './plan/image-index.js';
import { digestOf } from './plan/image-name.js';
import { expectMirrored } from './plan/mirror-outcome.js';
import { type Plan, planBuild } from './plan/plan.js';
import { uniqueCandidates } from './plan/tags.js';
import { publishProduction } from './publish.js';
import { askRegistry } from './registry-session.js';
import { readPart } from './registry/image.js';
import type { Manifest, Registry } from './registry/registry.js';
import { toLocalLines } from './report/local-result.js';
import { toPlanJson } from './report/plan-report.js';
import type { ReportedRun, RunRequest } from './reported-run.js';
import { watchUniqueTag } from './unique-tag.js';

/** @throws InputError for what the registry does not allow; Error when a part is not there, or does not fit the others */
export async function publishIndex(run: RunRequest, report: ReportedRun): Promise<void> {
  const { world, inputs, event, context, draft, github } = run;
  const { note, warn, read } = report;
  const { runner } = world;
  // Where there is no engine, nobody has called a registry insecure.
  const findInsecureRegistries = async (): Promise<readonly string[]> => {
    const facts = await inspectEngine(world.run, runner.childEnv, inputs.builder, world.signal).catch(() => null);
    return facts?.insecureRegistries ?? [];
  };
  const { session, state } = await askRegistry(run, report, findInsecureRegistries);
  const { registry } = session;
  const plan = planBuild(inputs, event, context, state);
  note({ plan });
  showPlan(runner, plan, 'Plan');
  runner.setOutput('plan', toPlanJson(plan));
  if (registry === null || !plan.push.push) {
    announceNoIndex(runner, plan);
    return;
  }
  github.prepare();
  const index = await makeIndex(registry, plan, inputs.platforms, note);
  const unique = watchUniqueTag(registry, plan.tags.unique, () => uniqueCandidates(draft.tags.unique, context.now));
  unique.look();
  await registry.writeManifest(unique.tag, index);
  const branch = watchBranch(plan, github);
  const request = { runner, plan, registry, branch, unique, warn, note };
  const { tags, manifest, ...published } = await publishProduction(request, index);
  note({ bytes: { ...published.bytes, main: null } });
  const copies = await copyToMirrors({ world, from: registry, mirrors: state.mirrors, manifest, tags });
  announceTags(runner, plan, { ...published, tags, manifest }, null, copies, note);
  if (!runner.onGitHub) for (const line of toLocalLines(read())) runner.log.info(line);
  expectMirrored(copies, plan.image, read().plan.tags.unique);
}

async function makeIndex(
  registry: Registry,
  { image, parts }: Plan,
  platforms: readonly string[],
  note: ReportedRun['note'],
): Promise<Manifest> {
  const found = await Promise.all(
    parts.map(async (digest) => {
      const part = await readPart(registry, digest);
      if (part === null)
        throw new Error(
          `index-of: ${image.name} has no image ${digest}. Build the parts with the same image, and let them push.`,
        );
      return part;
    }),
  );
  const { content, mediaType, ...index } = makeImageIndex(found, platforms);
  note({ platforms: index.platforms });
  const bytes = Buffer.from(content, 'utf8');
  return { bytes, mediaType, digest: digestOf(bytes) };
}
