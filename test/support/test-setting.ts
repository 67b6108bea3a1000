/** What test/jest/test-servers.mjs tells the test files. */
export function testSetting(name: 'TEST_DATABASE_URL' | 'TEST_DATABASE_PREFIX' | 'TEST_REDIS_URL'): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run the tests through jest.config.mjs`);
  return value;
}
