import { commonJsPackages } from './test/jest/common-js-packages.mjs';

// Counting slows every file down, and CI has fifteen minutes: `COVERAGE=on npm test` counts, of the whole suite.
const wantsCoverage = process.env.COVERAGE === 'on';

/** @type {import('jest').Config} */
export default {
  rootDir: '.',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['<rootDir>/src/**/*.spec.ts', '<rootDir>/test/**/*.spec.ts'],
  testEnvironment: '<rootDir>/test/jest/environment.cjs',
  maxWorkers: 2,
  // What packages keep of each file adds up, and the collector looks through all of it.
  workerIdleMemoryLimit: '600MB',
  testTimeout: 30_000,
  setupFiles: ['reflect-metadata'],
  runtime: '<rootDir>/test/jest/runtime.cjs',
  globalSetup: '<rootDir>/test/jest/global-setup.mjs',
  globalTeardown: '<rootDir>/test/jest/global-teardown.mjs',
  reporters: ['default', '<rootDir>/test/jest/tests-line-reporter.cjs'],
  // Sources say `./x.js` because that is what runs in production; the tests run `./x.ts`.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
    '^.+\\.m?js$': '<rootDir>/test/jest/esm-deps.cjs',
  },
  transformIgnorePatterns: [commonJsPackages()],
  collectCoverage: wantsCoverage,
  // Measured: v8's own coverage slows every dependency down too, and took the whole run from 105 s to 290 s.
  coverageProvider: 'babel',
  coverageReporters: ['text-summary'],
  collectCoverageFrom: ['src/**/*.ts', '!src/**/*.spec.ts', '!src/main.*.ts', '!src/metadata.ts'],
  coverageThreshold: { global: { lines: 85 } },
};
