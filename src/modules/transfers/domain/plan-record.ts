import { newId } from '../../../domain/ids.js';
import { type NewChunk, slices } from './chunk.js';
import type { FollowUp, Move } from './line.js';
import { type StoredTransferStatus, storedStatus, transferStates } from './transfer.state.js';

/** Changes of a bulk's counts and amounts (minor units) by one commit. */
export interface Tally {
  readonly counts: Readonly<Partial<Record<StoredTransferStatus, number>>>;
  readonly amountsMinor: Readonly<Partial<Record<'settled' | 'failed' | 'cancelled' | 'returned', bigint>>>;
}

/** Everything one transaction writes about a set of moves. */
export interface RecordPlan {
  readonly moves: readonly Move[];
  /** The chunk a move's line goes to, by transfer id. */
  readonly chunkOf: ReadonlyMap<string, string>;
  readonly chunks: readonly NewChunk[];
  readonly tally: Tally;
  /** Leaves the hold and the debtor's account: paid. */
  readonly capturedMinor: bigint;
  /** Leaves the hold only: not paid. */
  readonly releasedMinor: bigint;
}

/** The chunk that moves are recorded of; without one, an id of null. */
export interface ParentChunk {
  readonly id: string | null;
  readonly rail: string;
  readonly lineCount: number;
}

/** Turns moves into rows. Moves with the same follow-up share chunks; lines keep their order. */
export function planRecord(moves: readonly Move[], parent: ParentChunk): RecordPlan {
  for (const move of moves) if (move.from !== move.to) transferStates.assertMove(move.from, move.to);
  const chunks: NewChunk[] = [];
  const chunkOf = new Map<string, string>();
  for (const group of groupByFollowUp(moves)) {
    for (const part of slices(group.moves, group.followUp.size ?? group.moves.length)) {
      const chunk = newChunk(part, group.followUp, parent);
      chunks.push(chunk);
      for (const move of part) chunkOf.set(move.line.id, chunk.id);
    }
  }
  return { moves, chunkOf, chunks, tally: tallyOf(moves), ...moneyOf(moves) };
}

function groupByFollowUp(moves: readonly Move[]): { followUp: FollowUp; moves: Move[] }[] {
  const groups = new Map<string, { followUp: FollowUp; moves: Move[] }>();
  for (const move of moves) {
    if (!move.followUp) continue;
    const { purpose, tries, deaths, dueInMs, size } = move.followUp;
    const key = `${purpose} ${tries} ${deaths} ${dueInMs} ${size}`;
    const group = groups.get(key);
    if (group) group.moves.push(move);
    else groups.set(key, { followUp: move.followUp, moves: [move] });
  }
  return [...groups.values()];
}

function newChunk(moves: readonly Move[], followUp: FollowUp, parent: ParentChunk): NewChunk {
  const lines = moves.map((move) => move.line.line);
  // What its former company may have caused is not held against a line that is alone from now on.
  const isCornered = lines.length === 1 && parent.lineCount > 1;
  return {
    id: newId(),
    parentId: parent.id,
    purpose: followUp.purpose,
    rail: parent.rail,
    lineFrom: Math.min(...lines),
    lineTo: Math.max(...lines),
    lineCount: lines.length,
    tries: followUp.tries,
    deaths: isCornered ? 0 : followUp.deaths,
    dueInMs: followUp.dueInMs,
  };
}

export function tallyOf(moves: readonly Move[]): Tally {
  const counts: Partial<Record<StoredTransferStatus, number>> = {};
  const amountsMinor: Partial<Record<'settled' | 'failed' | 'cancelled' | 'returned', bigint>> = {};
  const add = (status: StoredTransferStatus, sign: 1 | -1, amountMinor: bigint): void => {
    counts[status] = (counts[status] ?? 0) + sign;
    if (status === 'settled' || status === 'failed' || status === 'cancelled' || status === 'returned') {
      amountsMinor[status] = (amountsMinor[status] ?? 0n) + BigInt(sign) * amountMinor;
    }
  };
  for (const move of moves) {
    const [from, to] = [storedStatus(move.from), storedStatus(move.to)];
    if (from === to) continue;
    add(from, -1, move.line.amountMinor);
    add(to, 1, move.line.amountMinor);
  }
  return { counts, amountsMinor };
}

function moneyOf(moves: readonly Move[]): { capturedMinor: bigint; releasedMinor: bigint } {
  let capturedMinor = 0n;
  let releasedMinor = 0n;
  for (const move of moves) {
    if (move.to === 'settled') capturedMinor += move.line.amountMinor;
    else if (move.to === 'failed' || move.to === 'cancelled') releasedMinor += move.line.amountMinor;
  }
  return { capturedMinor, releasedMinor };
}
