// https://specs.opencontainers.org/image-spec/annotations/#pre-defined-annotation-keys
export const REVISION_LABEL = 'org.opencontainers.image.revision';
export const VERSION_LABEL = 'org.opencontainers.image.version';
export const CREATED_LABEL = 'org.opencontainers.image.created';
/** On a builder image: its stage, and a hash of the instructions that make it. */
export const STAGE_LABEL = 'io.github.dfe-digital.two-pass-build.stage';
