// How a pass went, in figures and in words.

export interface PassFigures {
  readonly seconds: number;
  readonly steps: readonly { readonly name: string; readonly cached: boolean }[];
}

/** `5 of 7 steps cached; the first that was not: [builder 4/5] COPY src ./` */
export function describePass({ steps }: PassFigures): string {
  const missed = steps.find(({ cached }) => !cached);
  const cached = `${steps.filter((step) => step.cached).length} of ${steps.length} steps cached`;
  return missed === undefined || missed === steps[0]
    ? cached
    : `${cached}; the first that was not: \`${shorten(missed.name)}\``;
}

function shorten(name: string): string {
  const plain = name.replace(/[`|\p{Cc}]+/gu, ' ');
  return plain.length > 60 ? `${plain.slice(0, 57)}...` : plain;
}
