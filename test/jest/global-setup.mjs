import { oneLine } from '../../scripts/script-error.mjs';
import { startTestServers, stopTestServers } from './test-servers.mjs';

/** @param {import('jest').Config} globalConfig */
export default async function globalSetup({ maxWorkers }) {
  try {
    await startTestServers(Number(maxWorkers));
  } catch (error) {
    console.error(`\nThe test servers could not be started. ${oneLine(error)}`);
    await stopTestServers();
    process.exit(1);
  }
}
