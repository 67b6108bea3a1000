const { TestEnvironment } = require('jest-environment-node');

/** Node's environment, which also prints what the API and worker processes of a test had to say when that test fails. */
module.exports = class ProcessAwareEnvironment extends TestEnvironment {
  async handleTestEvent(event) {
    if (event.name !== 'test_fn_failure' && event.name !== 'hook_failure') return;
    // test/support/processes.ts puts it there.
    const text = this.global.describeTestProcesses?.();
    if (text) process.stderr.write(`\n${text}\n`);
  }
};
