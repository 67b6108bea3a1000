/** The unit of work: some lines of one bulk on one rail, handled by a handful of statements at once. */
export type ChunkPurpose =
  /** Hand the lines to their rail. */
  | 'submit'
  /** Ask the rail what became of them. */
  | 'inquire'
  /** Asked once, not found: ask again after the visibility horizon; still not found means never arrived. */
  | 'confirm';

export interface NewChunk {
  readonly id: string;
  readonly parentId: string | null;
  readonly purpose: ChunkPurpose;
  readonly rail: string;
  readonly lineFrom: number;
  readonly lineTo: number;
  readonly lineCount: number;
  /** How often this purpose was tried for these lines before; drives the backoff. */
  readonly tries: number;
  /** How many leases were lost on these lines; on a line that is alone, since it is. */
  readonly deaths: number;
  /** Null: not before it is released. */
  readonly dueInMs: number | null;
}

const CHUNK_LINES = 100;
const BIG_CHUNK_LINES = 500;
const BIG_BULK_LINES = 5_000;
const RESEND_SHRINK = 10;

/** Smaller chunks leave fewer lines in doubt after a crash, larger ones are faster. */
export function chunkSize(transferCount: number, override: number | undefined): number {
  return override ?? (transferCount >= BIG_BULK_LINES ? BIG_CHUNK_LINES : CHUNK_LINES);
}

/** What had to be sent again goes in chunks a tenth the size, down to one line: whatever is wrong with it gets cornered. */
export const shrunkSize = (lineCount: number): number => Math.max(1, Math.floor(lineCount / RESEND_SHRINK));

export function slices<T>(items: readonly T[], size: number): T[][] {
  const result: T[][] = [];
  for (let start = 0; start < items.length; start += size) result.push(items.slice(start, start + size));
  return result;
}
