import { openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { keepTempDir, makeTempDir } from '../temp-dir.mjs';

const SHOWN_LINES = 8;

/** Where the API and the worker log during the demo: looked at only when something goes wrong, and kept then. */
export class ProcessLogs {
  dir = makeTempDir('demo-logs');
  /** @type {string[]} */
  #files = [];

  /**
   * @param {string} name
   * @returns {number} a file descriptor to write to
   */
  open(name) {
    const file = path.join(this.dir, `${name}.log`);
    this.#files.push(file);
    return openSync(file, 'a', 0o600);
  }

  keepAndShow() {
    for (const file of this.#files) {
      const lines = readFileSync(file, 'utf8').trimEnd().split('\n').filter(Boolean);
      if (lines.length === 0) continue;
      keepTempDir(this.dir);
      console.error(`\nThe end of ${file}:\n${lines.slice(-SHOWN_LINES).join('\n')}`);
    }
  }
}
