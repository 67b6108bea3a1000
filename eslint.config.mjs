// The house rules a linter can hold. What modules may import is held by .dependency-cruiser.cjs.
// A rule switched off has its reason beside it; a rule disabled in a file needs one too.
import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const TYPESCRIPT = ['src/**/*.ts', 'test/**/*.ts', 'migrations/**/*.ts'];
const TESTS = ['**/*.spec.ts', 'test/**/*.ts'];
const SCRIPTS = ['**/*.mjs', '**/*.cjs', '**/*.js'];

/** What Node gives a script. ESLint knows the language's own globals from `ecmaVersion`. */
const NODE_GLOBALS = Object.fromEntries(
  [
    ...['AbortController', 'AbortSignal', 'Buffer', 'TextDecoder', 'TextEncoder', 'URL', 'URLSearchParams'],
    ...['clearImmediate', 'clearInterval', 'clearTimeout', 'console', 'crypto', 'fetch', 'performance', 'process'],
    ...['queueMicrotask', 'setImmediate', 'setInterval', 'setTimeout', 'structuredClone'],
  ].map((name) => [name, 'readonly']),
);

const CONFIG_ONLY = 'Read the typed configuration; only src/config reads the environment.';
const ENVIRONMENT = {
  properties: [{ object: 'process', property: 'env', message: CONFIG_ONLY }],
  // Closes the ways around the property rule: `import { env } from 'node:process'`, `globalThis.process.env`.
  imports: ['process', 'node:process'].map((name) => ({ name, message: CONFIG_ONLY })),
  syntax: [
    {
      selector: "MemberExpression[property.name='env'] > MemberExpression[property.name='process']",
      message: CONFIG_ONLY,
    },
  ],
};

const NO_DEFAULT_EXPORT = { selector: 'ExportDefaultDeclaration', message: 'Export it by name.' };
const NO_FOCUS_OR_SKIP = {
  selector: 'MemberExpression[object.name=/^(describe|it|test)$/][property.name=/^(skip|only|todo)$/]',
  message:
    'A test runs or is deleted. One that depends on what is installed says so, with the reason in the disabling comment.',
};
const NO_HTTP_EXCEPTION = {
  group: ['@nestjs/common'],
  importNamePattern: 'Exception$',
  message: 'Throw a DomainError; one table maps kinds to HTTP.',
};

export default defineConfig(
  { ignores: ['**/node_modules/', 'dist/', 'coverage/', '.cache/', '.data/', 'src/metadata.ts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }], // `== null` says "null or undefined" and nothing else does
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: false }],
      'no-var': 'error',
      'no-warning-comments': ['error', { terms: ['todo', 'fixme'], location: 'anywhere' }],
      'object-shorthand': ['error', 'properties'],
      'prefer-const': 'error',
    },
  },
  {
    files: SCRIPTS,
    languageOptions: { ecmaVersion: 2023, globals: NODE_GLOBALS },
    rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^_' }] },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: {
      sourceType: 'commonjs',
      globals: {
        require: 'readonly',
        module: 'writable',
        exports: 'writable',
        __dirname: 'readonly',
        __filename: 'readonly',
      },
    },
  },
  {
    files: TYPESCRIPT,
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: ['tsconfig.test.json'], tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error', // leaves files with decorators alone: Nest injects by class value
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // Off: an `async` without `await` is how a method keeps a promise-returning contract and turns its throws into
      // rejections, as rails that answer from memory do. The other promise rules catch the mistakes.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-properties': ['error', ...ENVIRONMENT.properties],
      'no-restricted-imports': ['error', { paths: ENVIRONMENT.imports }],
      'no-restricted-syntax': ['error', ...ENVIRONMENT.syntax, NO_DEFAULT_EXPORT],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['**/*.spec.ts'], // a describe() block is one function
    rules: { 'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }] },
  },
  {
    files: ['src/modules/**/*.ts'],
    ignores: ['src/modules/*/http/**'],
    rules: { 'no-restricted-imports': ['error', { paths: ENVIRONMENT.imports, patterns: [NO_HTTP_EXCEPTION] }] },
  },
  {
    files: ['src/config/**/*.ts'],
    rules: {
      'no-restricted-properties': 'off', // the one place that reads the environment
      'no-restricted-imports': 'off', // likewise
      'no-restricted-syntax': ['error', NO_DEFAULT_EXPORT],
    },
  },
  {
    // The TypeORM CLI's entry is compiled apart from src and cannot import its configuration.
    files: ['migrations/**/*.ts'],
    ignores: ['migrations/data-source.ts'],
    rules: {
      'no-restricted-properties': ['error', ...ENVIRONMENT.properties],
      'no-restricted-imports': ['error', { paths: ENVIRONMENT.imports }],
      'no-restricted-syntax': ['error', ...ENVIRONMENT.syntax],
    },
  },
  {
    files: TESTS,
    rules: {
      // Off: jest types its matchers (`expect.any(String)`) as `any`, and they are assigned inside expected objects.
      // Reading from, calling, returning or passing on an `any` stays forbidden.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      // Off: `expect(mock.method)` names a method without calling it, which is safe on a mock.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  { files: ['test/**/*.ts'], rules: { 'no-restricted-syntax': ['error', NO_FOCUS_OR_SKIP] } },
  {
    files: ['src/**/*.spec.ts'],
    rules: { 'no-restricted-syntax': ['error', ...ENVIRONMENT.syntax, NO_DEFAULT_EXPORT, NO_FOCUS_OR_SKIP] },
  },
);
