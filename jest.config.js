// One configuration for all projects: they differ only in what they may touch (CONTRIBUTING.md, "Tests").
const common = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'es6' } }],
  },
};

const project = (name) => ({
  ...common,
  displayName: name,
  testMatch: [`<rootDir>/__tests__/${name}/**/*.test.ts`],
});

export default {
  testSequencer: './__tests__/longest-first.js',
  projects: [
    project('unit'),
    project('stories'),
    project('contract'),
    project('e2e'),
    project('builders'),
    project('scanners'),
    project('services'),
    project('workflows'),
  ],
};
