// The closed list of outputs; the contract test compares it with action.yml.

export const OUTPUT_NAMES = [
  'image',
  'tag',
  'digest',
  'pinned-image',
  'pinned-mirrors',
  'tags',
  'builder-image',
  'builder-digest',
  'pushed',
  'plan',
  'summary',
  'sarif-file',
] as const;

export type OutputName = (typeof OUTPUT_NAMES)[number];
