// Type-aware rules (floating promises above all), and the rooms of src/ with their direction and their purity, so that a
// wrong import fails the lint. The rooms are in rooms.json: each may import only what stands above it.
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import tseslint from 'typescript-eslint';

const { order, pure } = JSON.parse(readFileSync(new URL('rooms.json', import.meta.url), 'utf8'));
const folders = order.flat();
const isPure = (folder) => pure.includes(folder) || folder.split('/').includes('pure');
const rankOf = (folder) => order.findIndex((group) => group.includes(folder));

/** Matches what a module of `from` writes to import a file that lies in one of the folders. */
const importOf = (from, others) => {
  const paths = others.map((to) => posix.relative(posix.join('src', from), posix.join('src', to)) || '.');
  const escaped = paths.map((path) => path.replaceAll('.', '\\.'));
  return `^(?:${escaped.map((path) => (/^\\\./.test(path) ? path : `\\./${path}`)).join('|')})/[^/]+$`;
};

/** The direction: types count too. */
function getDirection(folder) {
  const others = folders.filter((other) => other !== folder && rankOf(other) >= rankOf(folder));
  if (others.length === 0) return [];
  const message = `src/${folder} may import only the rooms that stand above it in rooms.json.`;
  return [{ regex: importOf(folder, others), message }];
}

/** What only one room may touch. */
function getPrivileges(folder) {
  const toolkit = {
    'adapters/runner': '(?!)',
    'adapters/github': '(?!)',
    'adapters/registry': '^@actions/(?!http-client$)',
  };
  const message = 'Only src/adapters/runner and src/adapters/github talk to the Actions toolkit.';
  return [
    { regex: toolkit[folder] ?? '^@actions/', message },
    ...(folder === 'adapters/process'
      ? []
      : [{ regex: '^(?:node:)?child_process$', message: 'Only src/adapters/process starts processes.' }]),
  ];
}

/** A rule of its own, since what it allows for types must not slip past the direction. */
function getPurity(folder) {
  const impure = folders.filter((other) => !isPure(other));
  return [
    {
      regex: '^node:(?!crypto$|path$|string_decoder$)',
      message: 'Pure code touches no files, network, processes or clock.',
      allowTypeImports: true,
    },
    { regex: importOf(folder, impure), message: 'Pure code calls only pure code.', allowTypeImports: true },
  ];
}

const rooms = folders.map((folder) => ({
  files: [posix.join('src', folder, '*.ts')],
  rules: {
    'no-restricted-imports': ['error', { patterns: [...getDirection(folder), ...getPrivileges(folder)] }],
    ...(isPure(folder) && { '@typescript-eslint/no-restricted-imports': ['error', { patterns: getPurity(folder) }] }),
  },
}));

const NO_ENVIRONMENT = {
  object: 'process',
  property: 'env',
  message: 'Only src/adapters/runner reads the environment.',
};

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.tools/', 'coverage/', 'lab/real-services/*/'] },
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
    files: ['src/**/*.ts', 'script/**/*.ts', 'lab/**/*.ts'],
    rules: { 'max-lines-per-function': ['error', { max: 60 }] },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/adapters/runner/**'],
    rules: { 'no-restricted-properties': ['error', NO_ENVIRONMENT] },
  },
  {
    files: [...pure.map((folder) => `src/${folder}/**/*.ts`), 'src/**/pure/**/*.ts'],
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
  ...rooms,
  {
    // Tests, scripts and the lab may print, and may assert shapes that they have just made.
    files: ['__tests__/**/*.ts', 'script/**/*.ts', 'lab/**/*.ts'],
    rules: {
      'no-console': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
