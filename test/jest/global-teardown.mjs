import { stopTestServers } from './test-servers.mjs';

export default async function globalTeardown() {
  await stopTestServers();
}
