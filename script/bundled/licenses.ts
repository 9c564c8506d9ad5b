// The licences of every package in the bundle, as one text.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BundledPackage } from './packages.js';

export function toLicenses(packages: readonly BundledPackage[]): string {
  const sections = packages.map(({ folder, name, version, license }) => {
    const file = readdirSync(folder).find((entry) => /^(?:licen[cs]e|copying)(?:\.|-mit|$)/i.test(entry));
    const text =
      file === undefined
        ? `Licence: ${license} (the package has no licence file).`
        : readFileSync(join(folder, file), 'utf8').trim();
    return `${name} ${version}\n${license}\n\n${text.replaceAll('\r\n', '\n')}\n`;
  });
  return sections.join(`\n${'-'.repeat(80)}\n\n`);
}
