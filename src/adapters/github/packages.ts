// A container package on GitHub: its versions, and deleting them. One version is one manifest with all its tags.
// https://docs.github.com/rest/packages/packages
import { type Digest, isDigest } from '../../image/digest.js';
import { asRecord, asTime, at, isStringList } from '../../shared/json.js';
import { ApiError, type RateLimitedClient } from './rate-limited-client.js';

export interface PackagesApi {
  /** Time of opening by GitHub's clock, for comparison with the times of versions and pull requests. Milliseconds. */
  readonly openedAt: number;
  /**
   * Every version that is not deleted.
   * @returns null when there is no such package, or the token may not see it
   * @throws ApiError, or Error for a list that cannot be read: a version that is missing in it might be needed
   */
  listVersions(): Promise<readonly PackageVersion[] | null>;
  /**
   * Reads the list only until it names the digest: GitHub gives the newest version first.
   * @returns null when there is no such version; @throws as `listVersions`
   */
  findVersion(digest: Digest): Promise<PackageVersion | null>;
  /** @returns null when it is gone; @throws ApiError */
  readVersion(id: number): Promise<PackageVersion | null>;
  /** Does nothing when the version is gone already. @throws ApiError; see `readRefusal` */
  deleteVersion(id: number): Promise<void>;
}

/** Why GitHub does not delete a version. */
export type Refusal =
  /** The only version that has a tag. */
  | 'last'
  /** A public version that was downloaded more than 5000 times. */
  | 'downloads'
  /** The token may not delete. */
  | 'token';

const VERSIONS_A_PAGE = 100;
/** 20,000 versions. */
const MOST_PAGES = 200;

/**
 * @param owner organisation or user
 * @throws ApiError when GitHub does not say whether the owner is an organisation or a user, with status 404 when there
 *   is no such owner; Error when the answer has no date
 */
export async function openPackage(client: RateLimitedClient, owner: string, name: string): Promise<PackagesApi> {
  const { content, sentAt } = await client.request('GET /users/{owner}', { owner });
  if (sentAt === null)
    throw new Error("GitHub's answer has no date, so nobody knows what is old, and nothing was removed.");
  const place = at(content, 'type') === 'Organization' ? 'orgs' : 'users';
  const path = `/${place}/{owner}/packages/container/{name}/versions`;
  const readVersion = async (id: number): Promise<PackageVersion | null> => {
    const answer = await client.request(`GET ${path}/{id}`, { owner, name, id }).catch(ignoreAbsence);
    return answer === null ? null : parseVersion(answer.content);
  };
  /** @param isEnough asked after each page; true: no further one is read */
  const readList = async (
    isEnough: (page: readonly PackageVersion[]) => boolean,
  ): Promise<readonly PackageVersion[] | null> => {
    const versions = new Map<number, PackageVersion>();
    for (let page = 1; page <= MOST_PAGES; page += 1) {
      const values = { owner, name, state: 'active', per_page: VERSIONS_A_PAGE, page };
      const answer = await client.request(`GET ${path}`, values).catch(ignoreAbsence);
      if (answer === null) return null;
      if (!Array.isArray(answer.content)) throw new Error('GitHub gave a list of versions that is none.');
      const read = answer.content.map(parseVersion);
      for (const version of read) versions.set(version.id, version);
      if (!answer.more || isEnough(read)) return [...versions.values()];
    }
    throw new Error(`The package has more than ${MOST_PAGES * VERSIONS_A_PAGE} versions, more than are read.`);
  };
  return {
    openedAt: sentAt,
    readVersion,
    listVersions: () => readList(() => false),
    findVersion: async (digest) => {
      const isIt = (version: PackageVersion): boolean => version.digest === digest;
      return (await readList((page) => page.some(isIt)))?.find(isIt) ?? null;
    },
    deleteVersion: async (id) => {
      try {
        await client.request(`DELETE ${path}/{id}`, { owner, name, id });
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 404) throw error;
        // GitHub also answers 404 to a token that may read a version but not delete it.
        if ((await readVersion(id)) !== null) throw error;
      }
    },
  };
}

/** Reads the reason from GitHub's message; null for any other error. */
export function readRefusal(error: unknown): Refusal | null {
  if (!(error instanceof ApiError)) return null;
  const { status, message } = error;
  if (/cannot delete the last (?:tagged )?version/i.test(message)) return 'last';
  if (/more than \d[\d,]* downloads/i.test(message)) return 'downloads';
  return (status === 403 && !/rate limit/i.test(message)) || status === 404 || status === 401 ? 'token' : null;
}

function ignoreAbsence(error: unknown): null {
  if (error instanceof ApiError && error.status === 404) return null;
  throw error;
}

/** @throws Error when digest, tags or times are missing: the version might be needed */
function parseVersion(content: unknown): PackageVersion {
  const { id, name, created_at: created, updated_at: updated, metadata } = asRecord(content);
  const tags = at(metadata, 'container', 'tags');
  const times = [created, updated].map(asTime).filter((time) => time !== null);
  if (typeof id !== 'number' || !isDigest(name) || !isStringList(tags) || times.length < 2)
    throw new Error('GitHub gave a version of the package without ID, digest, tags or times.');
  return { id, digest: name, tags, changedAt: Math.max(...times) };
}

/** A manifest in the package, as GitHub lists it. */
export interface PackageVersion {
  readonly id: number;
  readonly digest: Digest;
  readonly tags: readonly string[];
  /** Milliseconds; the later of its creation and its last change. */
  readonly changedAt: number;
}
