/** The closed list of outputs; the contract test compares action.yml with what a run sets. */
export type OutputName =
  | 'image'
  | 'tag'
  | 'digest'
  | 'pinned-image'
  | 'pinned-mirrors'
  | 'tags'
  | 'builder-image'
  | 'builder-digest'
  | 'pinned-builder-image'
  | 'pushed'
  | 'changed'
  | 'plan'
  | 'summary'
  | 'sarif-file';
