// User name and password of a registry login. Pure.
import { InputError } from '../../shared/errors.js';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/**
 * @returns null for an empty password: no login
 * @throws InputError for what no registry can take
 */
export function parseCredentials(username: string, rawPassword: string): Credentials | null {
  if (rawPassword === '') return null;
  // A trailing line break comes with secrets that were piped into the settings page.
  const password = withoutFinalBreaks(rawPassword);
  if (password.trim() === '') {
    throw new InputError(
      'password is only white space. Check the secret that it comes from, or leave it empty for no login.',
    );
  }
  if (username === '') throw new InputError('username is empty, but a password is given. Set username as well.');
  if (username.includes(':'))
    throw new InputError('username has a colon, which no registry can take. Put only the user name there.');
  return { username, password };
}

/** The form in which a Docker config has it, and a login by HTTP: https://www.rfc-editor.org/rfc/rfc7617#section-2 */
export function encodeCredentials({ username, password }: Credentials): string {
  return Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
}

function withoutFinalBreaks(text: string): string {
  let end = text.length;
  while (/[\r\n]/.test(text.charAt(end - 1))) end -= 1;
  return text.slice(0, end);
}

/** What a registry client can log in with. */
export type Login = Credentials | { readonly identityToken: string };
