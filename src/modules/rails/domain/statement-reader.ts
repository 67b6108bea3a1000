import { StatementUnreadable } from './statement-booking.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** Depths in `{"lines": [{...}]}`. */
const IN_LINES = 2;
const IN_LINE = 3;

const MAX_LINE_BYTES = 65_536;
const MAX_FRAME_LENGTH = 33_554_432;
/** Enough to see the name before an array, however it is spaced. */
const NAME_TAIL = 256;
/** Its first quote opens the name: one behind a backslash is inside of another. */
const LINES_NAME = /(?<!\\)"lines"\s*:\s*$/;

/**
 * Reads `{"lines": [{...}, ...]}` as it arrives, so that a statement of hundreds of megabytes never is in memory, and never blocks the
 * process while it is parsed. Each object of the list is cut out and parsed by itself; what is left, with a 0 in the place of each, is
 * the frame, and must be the JSON of that many zeros: so nothing is let through that is not JSON as a whole.
 */
export class StatementReader {
  private readonly frameText = new TextDecoder('utf-8', { fatal: true });
  private readonly lineText = new TextDecoder('utf-8', { fatal: true });
  private frame = '';
  private line: Uint8Array[] = [];
  private lineBytes = 0;
  private depth = 0;
  private isString = false;
  private isEscaped = false;
  private isLines = false;
  private isLine = false;
  private count = 0;

  /** The lines that end in this part of the body. @throws StatementUnreadable */
  push(bytes: Uint8Array): unknown[] {
    const lines: unknown[] = [];
    let start = 0;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] ?? 0;
      if (this.isString) {
        if (this.isEscaped) this.isEscaped = false;
        else if (byte === BACKSLASH) this.isEscaped = true;
        else if (byte === QUOTE) this.isString = false;
      } else if (byte === QUOTE) {
        this.isString = true;
      } else if (byte === OPENING_BRACE || byte === OPENING_BRACKET) {
        this.depth++;
        if (this.isLines && !this.isLine && this.depth === IN_LINE && byte === OPENING_BRACE) {
          this.addToFrame(bytes.subarray(start, i), '0');
          this.isLine = true;
          start = i;
        } else if (this.depth === IN_LINES && byte === OPENING_BRACKET) {
          this.addToFrame(bytes.subarray(start, i));
          start = i;
          this.isLines = LINES_NAME.test(this.frame.slice(-NAME_TAIL));
        }
      } else if (byte === CLOSING_BRACE || byte === CLOSING_BRACKET) {
        this.depth--;
        if (this.isLine && this.depth === IN_LINES) {
          lines.push(this.endLine(bytes.subarray(start, i + 1)));
          start = i + 1;
        } else if (this.isLines && this.depth < IN_LINES) this.isLines = false;
      }
    }
    if (this.isLine) this.addToLine(bytes.slice(start));
    else this.addToFrame(bytes.subarray(start));
    return lines;
  }

  /** The body is over. @throws StatementUnreadable when it was not a statement, or not a whole one */
  end(): void {
    this.addToFrame(new Uint8Array());
    const statement = this.isLine ? null : parsed(this.frame + this.decode(this.frameText));
    const lines = (statement as { lines?: unknown } | null)?.lines;
    if (!Array.isArray(lines) || lines.length !== this.count || lines.some((line) => line !== 0))
      throw new StatementUnreadable('it is not the JSON of an object with a list of lines, or it is cut off');
  }

  private addToFrame(bytes: Uint8Array, place = ''): void {
    this.frame += this.decode(this.frameText, bytes) + place;
    if (this.frame.length > MAX_FRAME_LENGTH) throw new StatementUnreadable('there is too much around its lines');
  }

  private addToLine(bytes: Uint8Array): void {
    this.line.push(bytes);
    this.lineBytes += bytes.length;
    if (this.lineBytes > MAX_LINE_BYTES) throw new StatementUnreadable(`line ${this.count} is too long`);
  }

  private endLine(bytes: Uint8Array): unknown {
    this.addToLine(bytes);
    const text = this.line.map((part) => this.decode(this.lineText, part)).join('') + this.decode(this.lineText);
    const value = parsed(text);
    if (value === undefined) throw new StatementUnreadable(`line ${this.count} is not JSON`);
    this.line = [];
    this.lineBytes = 0;
    this.isLine = false;
    this.count++;
    return value;
  }

  /** Without bytes: the text is over, and no character is left open. */
  private decode(decoder: InstanceType<typeof TextDecoder>, bytes?: Uint8Array): string {
    try {
      return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode();
    } catch {
      throw new StatementUnreadable(`it is not UTF-8, in or before line ${this.count}`);
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
