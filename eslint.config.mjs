// The code rules of docs/ARCHITECTURE.md that can be seen in one file; .dependency-cruiser.mjs holds those between files.
// tools/lint/*.test.ts shows that each of them fires. Plain JavaScript, so that editors can load it under any Node.js.
import tseslint from 'typescript-eslint';

/** Functions of current input, never of history: they may not see a clock, chance, the process or the network. */
const pureFolders = [
  'backend/src/{domain,allocate,announce}/**/*.ts',
  'backend/src/metrics/tables/**/*.ts',
  'backend/src/speakers/**/wire/**/*.ts',
];

/** Time and randomness reach the rest of the backend through platform/ports.ts, so that tests can own them. */
const portedFolders = ['backend/src/**/*.ts'];
const portOwners = ['backend/src/main.ts', 'backend/src/platform/**/*.ts'];

/** Tests and what only tests use: fakes, builders, and the suites that real and fake implementations both pass. */
const tests = ['**/*.test.ts', '**/{fake,testing}/**/*.ts', '**/{compliance,*-compliance}.ts'];

const timeGlobals = ['performance', 'setInterval', 'setTimeout', 'clearInterval', 'clearTimeout'];
const effectGlobals = [
  ...['console', 'crypto', 'fetch', 'globalThis', 'process', 'WebSocket', 'Worker'],
  ...['clearImmediate', 'queueMicrotask', 'setImmediate'],
];

const forbid = (names, message) => names.map((name) => ({ name, message }));
const randomness = (message) => ({ object: 'Math', property: 'random', message });

/** Reading a timestamp that an object carries is fine; asking what time it is now is not. */
const readsTheClock = (message) => [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message },
  { selector: "CallExpression[callee.name='Date']", message },
  { selector: "MemberExpression[object.name='Date'][property.name='now']", message },
  { selector: "MemberExpression[object.name='AbortSignal'][property.name='timeout']", message },
];

const pureMessage =
  'Pure folders have no clock, no I/O, no logger and no randomness; pass what is needed as an argument.';
const portMessage = 'Take time and randomness from platform/ports.ts (Clock, Random), so that tests can drive them.';

const budgets = {
  complexity: ['error', 10],
  'max-depth': ['error', 3],
  'max-params': ['error', 4],
  'max-statements': ['error', 30],
  'max-lines': ['error', 400],
};

const typed = {
  '@typescript-eslint/no-floating-promises': [
    'error',
    {
      // node:test awaits these itself.
      allowForKnownSafeCalls: [
        { from: 'package', package: 'node:test', name: ['test', 'it', 'describe', 'suite', 'before', 'after'] },
      ],
    },
  ],
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/await-thenable': 'error',
  '@typescript-eslint/only-throw-error': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  '@typescript-eslint/no-unnecessary-type-assertion': 'error',
  '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
};

const syntactic = {
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/explicit-module-boundary-types': 'error',
  '@typescript-eslint/ban-ts-comment': ['error', { 'ts-expect-error': 'allow-with-description' }],
  '@typescript-eslint/no-non-null-assertion': 'error',
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
  '@typescript-eslint/consistent-type-imports': 'error',
  eqeqeq: 'error',
  'no-empty': 'error',
  'no-var': 'error',
  'object-shorthand': 'error',
  'prefer-const': 'error',
};

/**
 * @param {string} root the folder whose tsconfig.json the typed rules use
 * @returns {import('eslint').Linter.Config[]}
 */
export function rulesFor(root) {
  return [
    { ignores: ['**/node_modules/', 'build/', '**/generated/'] },
    { linterOptions: { reportUnusedDisableDirectives: 'error' } },
    {
      files: ['**/*.ts', '**/*.tsx'],
      languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true, tsconfigRootDir: root } },
      plugins: { '@typescript-eslint': tseslint.plugin },
      rules: { ...budgets, ...typed, ...syntactic },
    },
    { files: ['**/*.mjs'], rules: { ...budgets, eqeqeq: 'error', 'no-var': 'error', 'prefer-const': 'error' } },
    { files: ['backend/src/**/*.ts'], ignores: tests, rules: { 'no-console': 'error' } },
    {
      files: portedFolders,
      ignores: [...portOwners, ...tests],
      rules: {
        'no-restricted-globals': ['error', ...forbid(timeGlobals, portMessage)],
        'no-restricted-properties': ['error', randomness(portMessage)],
        'no-restricted-syntax': ['error', ...readsTheClock(portMessage)],
      },
    },
    {
      files: pureFolders,
      ignores: tests,
      rules: {
        'no-restricted-globals': ['error', ...forbid([...timeGlobals, ...effectGlobals], pureMessage)],
        'no-restricted-properties': ['error', randomness(pureMessage)],
        'no-restricted-syntax': ['error', ...readsTheClock(pureMessage)],
        'no-restricted-imports': [
          'error',
          {
            // Hashing is a function of its input; the rest of node:crypto is not wanted here.
            paths: [{ name: 'node:crypto', allowImportNames: ['createHash', 'hash'], message: pureMessage }],
            patterns: [{ regex: '^node:(?!crypto$)', message: pureMessage }],
          },
        ],
      },
    },
  ];
}

export default rulesFor(import.meta.dirname);
