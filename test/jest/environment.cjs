const vm = require('node:vm');
const { ModernFakeTimers } = require('@jest/fake-timers');
const { TestEnvironment } = require('jest-environment-node');
const { ModuleMocker } = require('jest-mock');

/** Stands for the realm this file runs in, where jest expects a context made by `vm`. */
const THIS_REALM = Symbol('this realm');
const { compileFunction } = vm;
vm.compileFunction = (code, parameters, options) => {
  const { parsingContext, ...others } = options ?? {};
  return compileFunction(code, parameters, parsingContext === THIS_REALM ? others : options);
};

/**
 * Node's environment without a realm of its own for each test file, so that they can share the packages they load (runtime.cjs). Also
 * prints what the API and worker processes of a test had to say when that test fails.
 */
module.exports = class SharedRealmEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.global = globalThis;
    this.moduleMocker = new ModuleMocker(globalThis);
    this.fakeTimersModern = new ModernFakeTimers({ config: config.projectConfig, global: globalThis });
    this.environmentVariables = { ...process.env };
  }

  getVmContext() {
    return THIS_REALM;
  }

  async teardown() {
    for (const name of Object.keys(process.env)) if (!(name in this.environmentVariables)) delete process.env[name];
    Object.assign(process.env, this.environmentVariables);
    delete this.global.describeTestProcesses;
    // Where these packages keep every decorated class there ever was.
    delete this.global.classValidatorMetadataStorage;
    delete this.global.typeormMetadataArgsStorage;
    require('class-transformer/cjs/storage').defaultMetadataStorage.clear();
    await super.teardown();
  }

  async handleTestEvent(event) {
    if (event.name !== 'test_fn_failure' && event.name !== 'hook_failure') return;
    // test/support/processes.ts puts it there.
    const text = this.global.describeTestProcesses?.();
    if (text) process.stderr.write(`\n${text}\n`);
  }
};
