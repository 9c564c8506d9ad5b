// What messages say of sizes and of faults, the same everywhere.

/** `12.3 MB` */
export function formatMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Why something failed, for a warning about what is no main thing. */
export function describeFault(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown reason';
}
