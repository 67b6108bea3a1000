import base from './jest.config.mjs';

/** The long night: every scenario of test/faults, one after the other, each on servers of its own. `npm run test:faults`. */
export default {
  ...base,
  roots: ['<rootDir>/test/faults'],
  testMatch: ['<rootDir>/test/faults/**/*.faults.ts'],
  maxWorkers: 1,
  testTimeout: 180_000,
  collectCoverage: false,
};
