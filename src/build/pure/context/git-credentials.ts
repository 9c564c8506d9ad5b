// Finds credentials in the configuration of a git work tree. Pure; never returns the credentials.
import { isGitHubToken } from '../../../inputs/secrets/github-token.js';

/**
 * Whether a `.git/config` has credentials: the header that actions/checkout writes there up to v5 unless it is told
 * `persist-credentials: false` (v6 writes it to a file in RUNNER_TEMP), or a password in the address of a remote.
 * https://github.com/actions/checkout/blob/main/README.md#checkout-v6
 */
export function holdsGitCredentials(config: string): boolean {
  const lines = config.split(/\r?\n/);
  return lines.some((line) => /(?:^|\])\s*extraheader\s*=\s*"?\s*authorization:/i.test(line) || hasPassword(line));
}

function hasPassword(line: string): boolean {
  const [, address] = /(?:^|\])\s*(?:push)?url\s*=\s*"?([a-z][a-z+]*:\/\/[^\s"]+)/i.exec(line) ?? [];
  if (address === undefined || !URL.canParse(address)) return false;
  const { username, password } = new URL(address);
  return password !== '' || isGitHubToken(username);
}
