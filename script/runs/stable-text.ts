// What changes from run to run and tells a reader nothing is replaced, so that a new record differs only in what is new.
// Pure; docs/runs/README.md says what is replaced.

/** Gives each value a number by its first appearance, from 1, in so many hexadecimal digits. */
function numbered(digits: number): (value: string) => string {
  const known = new Map<string, string>();
  return (value) => {
    const number = known.get(value) ?? (known.size + 1).toString(16).padStart(digits, '0');
    known.set(value, number);
    return number;
  };
}

/**
 * @param registryHost `127.0.0.1:PORT`
 * @returns a function for the texts of one run: equal values become equal values in all of them
 */
export function toStableText(registryHost: string): (text: string) => string {
  const [digest, commit] = [numbered(64), numbered(40)];
  return (text) =>
    text
      .replaceAll(registryHost, 'registry.example.com')
      // In charts, where a colon would be syntax.
      .replaceAll(registryHost.replace(':', ' '), 'registry.example.com')
      .replace(/\b[0-9a-f]{64}\b/g, digest)
      .replace(/\b(?!0{39})[0-9a-f]{40}\b/g, commit)
      .replace(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '00000000-0000-4000-8000-000000000000')
      .replace(/\/[\w/.-]*\/tpb-[\w-]+/g, '/runner')
      .replace(/\b20\d{12}\b/g, '20260102030405')
      .replace(/\b20\d\d-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)/g, '2026-01-02T03:04:05Z');
}
