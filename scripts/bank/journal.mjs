import { writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { ScriptError } from '../script-error.mjs';

/**
 * One line of the journal. `at` is when it happened (ISO 8601); the other fields belong to the event.
 *
 * @typedef {{at: string, event: string, [field: string]: any}} Entry
 */

const READ_BYTES = 1 << 20;
const NEWLINE = 10;

/**
 * What the bank remembers: one JSON object a line, only ever added to. Lines that come in while a write is under way are written
 * together by the next one, so a busy bank writes (and syncs) once for many payments.
 */
export class Journal {
  #handle;
  #fsync;
  #onFailure;
  #batch = emptyBatch();
  #underWay = Promise.resolve();
  #isWriting = false;
  #hasFailed = false;

  /**
   * @param {import('node:fs/promises').FileHandle} handle
   * @param {{fsync: boolean, onFailure: (error: unknown) => void}} options
   */
  constructor(handle, { fsync, onFailure }) {
    this.#handle = handle;
    this.#fsync = fsync;
    this.#onFailure = onFailure;
  }

  /**
   * Opens the file, made if need be, and hands out every line of it. A last line without its end is what a crash left of a write
   * that was never answered for: it is cut off.
   *
   * @param {string} file
   * @param {object} options
   * @param {boolean} options.fsync
   * @param {(entry: Entry) => void} options.onEntry
   * @param {(error: unknown) => void} options.onFailure it cannot be written any more
   * @returns {Promise<{journal: Journal, tornBytes: number}>}
   */
  static async open(file, { fsync, onEntry, onFailure }) {
    const handle = await open(file, 'a+', 0o600);
    let number = 0;
    let completeBytes = 0;
    for await (const { text, end } of lines(handle)) {
      number += 1;
      completeBytes = end;
      onEntry(parse(text, `line ${number} of ${file}`));
    }
    const { size } = await handle.stat();
    if (size > completeBytes) await handle.truncate(completeBytes);
    return { journal: new Journal(handle, { fsync, onFailure }), tornBytes: size - completeBytes };
  }

  /**
   * @param {{event: string, [field: string]: unknown}} event fields that are undefined are left out
   * @returns {Entry}
   */
  append(event) {
    const entry = { at: new Date().toISOString(), ...event };
    this.#batch.lines.push(`${JSON.stringify(entry)}\n`);
    if (!this.#isWriting) void this.#write();
    return entry;
  }

  /** Resolves when everything appended so far is in the file. Until then no answer may tell of it. */
  written() {
    return this.#batch.lines.length > 0 ? this.#batch.done : this.#underWay;
  }

  /**
   * @param {string} reference
   * @returns {Promise<Entry[]>} in the order they were written
   */
  async entriesOf(reference) {
    await this.written();
    const quoted = JSON.stringify(reference);
    const found = [];
    for await (const { text } of lines(this.#handle)) {
      if (!text.includes(quoted)) continue;
      const entry = JSON.parse(text);
      if (entry.reference === reference || entry.reverses === reference) found.push(entry);
    }
    return found;
  }

  async close() {
    await this.written();
    await this.#handle.close();
  }

  async #write() {
    this.#isWriting = true;
    while (this.#batch.lines.length > 0 && !this.#hasFailed) {
      // Whatever else arrived in this turn of the event loop goes along.
      await new Promise((resolve) => setImmediate(resolve));
      const batch = this.#batch;
      this.#underWay = batch.done;
      this.#batch = emptyBatch();
      try {
        writeAll(this.#handle.fd, batch.lines.join(''));
        if (this.#fsync) await this.#handle.datasync();
        batch.resolve();
      } catch (error) {
        this.#hasFailed = true; // `done` stays open: what is not written is not answered
        this.#onFailure(error);
      }
    }
    this.#isWriting = false;
  }
}

/**
 * Not through Node's threads: to hand the bytes to the system takes less time than to wake one of them.
 *
 * @param {number} fd opened for appending
 * @param {string} text
 */
function writeAll(fd, text) {
  let rest = Buffer.from(text);
  while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
}

function emptyBatch() {
  /** @type {() => void} */
  let resolve = () => {};
  /** @type {Promise<void>} */
  const done = new Promise((resolveDone) => {
    resolve = resolveDone;
  });
  return { lines: /** @type {string[]} */ ([]), done, resolve };
}

/**
 * The complete lines of a file, each with the position behind it.
 *
 * @param {import('node:fs/promises').FileHandle} handle
 */
async function* lines(handle) {
  const block = Buffer.allocUnsafe(READ_BYTES);
  let rest = Buffer.alloc(0);
  let position = 0;
  for (;;) {
    const { bytesRead } = await handle.read(block, 0, READ_BYTES, position);
    if (bytesRead === 0) return;
    const restAt = position - rest.length;
    const data = Buffer.concat([rest, block.subarray(0, bytesRead)]);
    position += bytesRead;
    let start = 0;
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, start)) {
      yield { text: data.toString('utf8', start, end), end: restAt + end + 1 };
      start = end + 1;
    }
    rest = data.subarray(start);
  }
}

/**
 * @param {string} text
 * @param {string} where
 * @returns {Entry}
 */
function parse(text, where) {
  try {
    return JSON.parse(text);
  } catch {
    throw new ScriptError(`The bank's journal is damaged: ${where} is not JSON`);
  }
}
