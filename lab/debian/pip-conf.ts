// What an image needs of this machine's pip settings to get packages as the machine gets them. Pure.

/** Where packages come from, and the way there. What pip looks for on this machine's disk is not among them. */
const SETTINGS = ['index-url', 'extra-index-url', 'trusted-host', 'proxy', 'timeout', 'default-timeout'];

/** pip's own order: what stands later wins. */
const SECTIONS = ['global', 'install', ':env:'];

/**
 * The value of a setting; empty where it is not set.
 * @param printed what `pip config list` prints: `global.index-url='https://…'`
 */
export function readPipSetting(printed: string, name: string): string {
  const values = SECTIONS.map((section) => {
    const line = printed.split('\n').find((one) => one.startsWith(`${section}.${name}=`)) ?? '';
    return line.slice(line.indexOf('=') + 1).replace(/^'(.*)'$/, '$1');
  });
  return values.findLast((value) => value !== '') ?? '';
}

/**
 * A pip.conf. Logins in addresses are left out.
 * @param certificates where the image has the certificates that pip's setting names; null where there is none
 */
export function toPipConf(
  printed: string,
  env: Readonly<Record<string, string | undefined>>,
  certificates: string | null,
): string {
  const proxy = env.HTTPS_PROXY ?? env.https_proxy ?? '';
  const found = SETTINGS.map((name) => {
    const value = readPipSetting(printed, name) || (name === 'proxy' ? proxy : '');
    // Several addresses stand in one value, with "\n" written out between them.
    const parts = value.split(/\\n|\s+/).map((part) => part.replace(/^(https?:\/\/)[^/@]*@/, '$1'));
    return [name, parts.filter((part) => part !== '').join(' ')] as const;
  });
  const lines = [...found, ['cert', certificates ?? ''] as const]
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name} = ${value}\n`);
  return `[global]\n${lines.join('')}disable-pip-version-check = true\n`;
}
