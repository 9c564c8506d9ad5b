// Platforms as Docker writes them (`linux/arm64`, `linux/arm/v7`), and as part of a tag. Pure.
// https://github.com/containerd/platforms/blob/main/platforms.go
import { InputError } from '../shared/errors.js';
import { quote } from '../shared/text.js';

/** Platforms that can be in a tag; branches and git tags that end like one are told apart by this. */
const SYSTEMS = ['linux', 'windows'] as const;
const ARCHITECTURES = [
  '386',
  'amd64',
  'arm',
  'arm64',
  'loong64',
  'mips64',
  'mips64le',
  'ppc64le',
  'riscv64',
  's390x',
] as const;

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  /** `v7`; empty where there is none. */
  readonly variant: string;
}

/** Ends the tags of one platform's image: `main-linux_arm64`, `builder-main-linux_arm_v7`. */
export const PLATFORM_PATTERN = `-(?:${SYSTEMS.join('|')})_(?:${ARCHITECTURES.join('|')})(?:_v\\d{1,2})?`;
export const PLATFORM_ENDING = new RegExp(`${PLATFORM_PATTERN}$`);

/** `-linux_arm64`; at most 19 characters. */
export function toTagEnding({ os, architecture, variant }: Platform): string {
  return `-${[os, architecture, variant].filter((part) => part !== '').join('_')}`;
}

export function showPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter((part) => part !== '').join('/');
}

/** Any platform, also one that cannot be in a tag. */
export function toPlatform(text: string): Platform {
  const [os = '', architecture = '', variant = ''] = text.toLowerCase().split('/');
  return normalize({ os, architecture, variant });
}

/** @throws InputError for a platform that cannot be in a tag */
export function parsePlatform(text: string): Platform {
  const platform = toPlatform(text);
  if (!PLATFORM_ENDING.test(toTagEnding(platform)))
    throw new InputError(
      `platforms: ${quote(text)} cannot be part of a tag. Use ${SYSTEMS.join(' or ')} with one of ${ARCHITECTURES.join(', ')}, and a variant such as v7.`,
    );
  return platform;
}

/** `arm64` has one variant, and `arm` is `arm/v7` unless it says otherwise, as in BuildKit. */
function normalize({ os, architecture, variant }: Platform): Platform {
  if (architecture === 'arm64' && variant === 'v8') return { os, architecture, variant: '' };
  if (architecture === 'arm' && variant === '') return { os, architecture, variant: 'v7' };
  return { os, architecture, variant };
}

export function isSamePlatform(one: Platform, other: Platform): boolean {
  return showPlatform(normalize(one)) === showPlatform(normalize(other));
}
