// What GitHub answers about the versions of a package, as its own API description has it: it is read, and the lab's
// stand-in answers alike.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startGitHubApi } from '../../../../lab/github/github-api.js';
import { createPackages } from '../../../../lab/github/packages.js';
import { type Lab, openLab } from '../../../../lab/lab.js';
import { openPackage } from '../../../../src/adapters/github/packages.js';
import type { RateLimitedClient } from '../../../../src/adapters/github/rate-limited-client.js';
import { chooseTags, planCleanup } from '../../../../src/cleanup/pure/cleanup-plan.js';

type Json = Readonly<Record<string, unknown>>;
const recorded = JSON.parse(readFileSync(new URL('package-versions.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, unknown>
>;
const VERSIONS = recorded['GET /user/packages/{package_type}/{package_name}/versions'] as readonly Json[];
const VERSION = recorded[
  'GET /orgs/{org}/packages/{package_type}/{package_name}/versions/{package_version_id}'
] as Json;

const SENT_AT = Date.parse('2022-02-03T04:05:06Z');

/** Answers with what was recorded, one version a page. */
const client: RateLimitedClient = {
  request: (route, { page }) => {
    const answer = (content: unknown, more = false) => Promise.resolve({ content, more, sentAt: SENT_AT });
    if (route === 'GET /users/{owner}') return answer({ type: 'Organization' });
    if (route.endsWith('/{id}')) return answer(VERSION);
    const index = Number(page) - 1;
    return answer(VERSIONS.slice(index, index + 1), index + 1 < VERSIONS.length);
  },
};

describe("GitHub's recorded answers", () => {
  test('are read: digest, tags, and the later of both times', async () => {
    const packages = await openPackage(client, 'octocat', 'hello_docker');
    expect(await packages.listVersions()).toEqual(
      VERSIONS.map(({ id, name, updated_at: updated }, index) => ({
        id,
        digest: name,
        tags: index === 0 ? ['latest'] : [],
        changedAt: Date.parse(String(updated)),
      })),
    );
    expect(packages.openedAt).toBe(SENT_AT);
    expect(await packages.readVersion(836)).toMatchObject({ id: 836, tags: ['latest'] });
  });

  test('make the plan that they must: what has had no tag for long goes, what has one stays', async () => {
    const versions = (await (await openPackage(client, 'octocat', 'hello_docker')).listVersions()) ?? [];
    const rules = { mainBranches: ['main'], isKept: () => false, sweepBefore: Date.parse('2022-01-01') };
    const references = new Map(versions.map(({ digest }) => [digest, { children: [], subject: null }]));
    const plan = planCleanup(versions, references, chooseTags(versions, [], rules), rules);
    expect(plan).toMatchObject({ remove: [{ id: 881 }], free: [] });
  });
});

describe('the stand-in', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab({ inMemory: true });
  });
  afterAll(() => lab.close());

  test("answers with members of GitHub's names and kinds", async () => {
    const packages = createPackages({ registry: lab.registry, ownerType: 'User' });
    const api = await startGitHubApi(packages);
    try {
      const content = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}';
      await lab.registry.putManifest('octo/app', 'latest', 'application/vnd.oci.image.index.v1+json', content);
      const response = await fetch(`${api.url}/users/octo/packages/container/app/versions`);
      const [answer] = (await response.json()) as readonly Json[];
      expect(kindsOf(VERSIONS[0]!)).toMatchObject(kindsOf(answer!) as object);
      expect(Object.keys(answer!)).toEqual(
        expect.arrayContaining(['id', 'name', 'created_at', 'updated_at', 'metadata']),
      );
    } finally {
      await api.stop();
    }
  });
});

/** The shape of a value: names and kinds, all the way down. */
function kindsOf(value: unknown): object | string {
  if (Array.isArray(value)) return value.map(kindsOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, kindsOf(member)]));
}
