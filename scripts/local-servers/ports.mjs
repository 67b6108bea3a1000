import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the range from which systems number outgoing connections (Linux from 32768, macOS from 49152): a port up there may be
// free now and be taken a moment later by anybody's database connection.
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_000;

/**
 * @param {number} port
 * @param {string} host
 * @returns {Promise<boolean>}
 */
export function isPortFree(port, host = '127.0.0.1') {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

/** A port that was free when we looked. Another process may still be faster: whoever uses it tries again with another one. */
export async function freePort() {
  for (;;) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
    if (await isPortFree(port)) return port;
  }
}
