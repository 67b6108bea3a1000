const { createRequire, isBuiltin } = require('node:module');
const { default: Runtime } = require('jest-runtime');

/** What jest has to give a test file itself. */
const OF_JEST = /^(?:jest|@jest)(?:\/|-|$)|^expect$/;

/**
 * Loads packages once for each worker, as Node does, and not anew for each test file: of the seconds a file with an API takes, half went
 * into that. Sources and tests are each file's own, as ever. Needs the realm of environment.cjs: a package must meet the same `Error`,
 * `Date` and `Reflect` as the code that calls it.
 */
module.exports = class SharedPackagesRuntime extends Runtime {
  requireModuleOrMock(from, name) {
    const isPackage = !name.startsWith('.') && !name.startsWith('/') && !isBuiltin(name) && !OF_JEST.test(name);
    return isPackage ? createRequire(from)(name) : super.requireModuleOrMock(from, name);
  }
};
