import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { ScriptError } from '../../scripts/script-error.mjs';
import { wallClock } from './bulk-timing.mjs';

const LOOK_EVERY_MS = 5;

/**
 * Sees when bulks are completed, many at a time, with one small statement every few milliseconds: hundreds of callers who ask over HTTP would
 * be the load that is measured.
 */
export class CompletionWatch {
  #client;
  #isOpen = true;
  /** @type {Promise<void>} */
  #looking;
  /** @type {Map<string, {resolve: (at: number) => void, reject: (error: unknown) => void}>} */
  #awaited = new Map();

  /** @param {pg.Client} client */
  constructor(client) {
    this.#client = client;
    this.#looking = this.#look();
  }

  /** @param {string} url of the database */
  static async open(url) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    return new CompletionWatch(client);
  }

  /**
   * When it was seen to be completed, by the wall clock.
   *
   * @param {string} bulkId
   * @returns {Promise<number>}
   */
  completed(bulkId) {
    return new Promise((resolve, reject) => this.#awaited.set(bulkId, { resolve, reject }));
  }

  async close() {
    this.#isOpen = false;
    await this.#looking;
    await this.#client.end();
  }

  async #look() {
    try {
      for (; this.#isOpen; await delay(LOOK_EVERY_MS)) {
        if (this.#awaited.size > 0) await this.#lookOnce();
      }
    } catch (error) {
      for (const { reject } of this.#awaited.values()) reject(error);
    }
  }

  async #lookOnce() {
    const { rows } = await this.#client.query(
      `SELECT id, status FROM bulk_requests WHERE id = ANY ($1::uuid[]) AND completed_at IS NOT NULL`,
      [[...this.#awaited.keys()]],
    );
    const at = wallClock();
    for (const { id, status } of rows) {
      const awaited = this.#awaited.get(id);
      if (status === 'completed') awaited?.resolve(at);
      else awaited?.reject(new ScriptError(`the bulk ${id} ended as ${status}`));
      this.#awaited.delete(id);
    }
  }
}
