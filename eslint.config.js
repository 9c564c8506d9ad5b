// Type-aware rules (floating promises above all) and the layering of CONTRIBUTING.md, so that a wrong import fails the lint.
import tseslint from 'typescript-eslint';

const TOOLKIT = { group: ['@actions/*'], message: 'Only src/runner talks to the Actions toolkit.' };
const NODE_IO = {
  group: ['node:*', '!node:crypto', '!node:path', '!node:string_decoder'],
  message: 'src/plan, src/progress and src/report are pure: no files, network, processes or clock.',
};
const PROCESSES = { group: ['node:child_process', 'child_process'], message: 'Only src/process starts processes.' };

/** Folders of src that a module of the key folder may not import. */
const forbidden = (...folders) =>
  folders.map((folder) => ({ group: [`**/${folder}/*`], message: `This layer may not depend on src/${folder}.` }));

const ADAPTERS = ['docker', 'registry', 'runner', 'report', 'process', 'git'];

const layer = (folder, ...patterns) => ({
  files: [`src/${folder}/**/*.ts`],
  rules: { 'no-restricted-imports': ['error', { patterns }] },
});

const NO_ENVIRONMENT = {
  object: 'process',
  property: 'env',
  message: 'Only src/runner reads the environment.',
};

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.tools/', 'coverage/'] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'as' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/runner/**'],
    rules: { 'no-restricted-properties': ['error', NO_ENVIRONMENT] },
  },
  {
    files: ['src/plan/**/*.ts', 'src/progress/**/*.ts', 'src/report/**/*.ts', 'src/text/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', 'process', 'fetch', 'setTimeout', 'setInterval', 'performance'],
      'no-restricted-syntax': [
        'error',
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'Pure code gets the time handed in.',
        },
        {
          selector: "MemberExpression[object.name='Date'][property.name='now']",
          message: 'Pure code gets the time handed in.',
        },
        {
          selector: "MemberExpression[object.name='Math'][property.name='random']",
          message: 'Pure code has no chance in it.',
        },
      ],
    },
  },
  layer('plan', TOOLKIT, NODE_IO, ...forbidden('docker', 'registry', 'runner', 'report', 'process', 'git', 'progress')),
  layer('progress', TOOLKIT, NODE_IO, ...forbidden('docker', 'registry', 'runner', 'report', 'process', 'git')),
  layer('report', TOOLKIT, NODE_IO, ...forbidden('docker', 'registry', 'runner', 'process', 'git')),
  layer('text', TOOLKIT, NODE_IO, ...forbidden('plan', 'progress', ...ADAPTERS)),
  layer('time', TOOLKIT, PROCESSES, ...forbidden('plan', 'progress', ...ADAPTERS)),
  layer('process', TOOLKIT, ...forbidden('plan', 'docker', 'registry', 'runner', 'report', 'git')),
  layer('git', TOOLKIT, PROCESSES, ...forbidden('docker', 'registry', 'runner', 'report')),
  layer('docker', TOOLKIT, PROCESSES, ...forbidden('registry', 'runner', 'report', 'git')),
  layer(
    'registry',
    PROCESSES,
    { group: ['@actions/*', '!@actions/http-client'], message: 'Only src/runner talks to the Actions toolkit.' },
    ...forbidden('docker', 'runner', 'report', 'git', 'process'),
  ),
  layer('runner', PROCESSES, ...forbidden('docker', 'registry', 'report', 'git', 'process')),
  {
    files: ['src/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [TOOLKIT, PROCESSES] }] },
  },
  {
    // Tests and scripts may print, and may assert shapes that they have just made.
    files: ['__tests__/**/*.ts', 'script/**/*.ts'],
    rules: {
      'no-console': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
