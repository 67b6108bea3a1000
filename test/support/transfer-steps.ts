import type { INestApplicationContext } from '@nestjs/common';
import { CancelTransfer } from '../../src/modules/transfers/application/cancel-transfer.js';
import type { TransferAnswer } from '../../src/modules/transfers/application/move-transfer.js';
import { ResolveTransfer } from '../../src/modules/transfers/application/resolve-transfer.js';
import type { Resolution } from '../../src/modules/transfers/domain/decide-resolution.js';
import { type TransferDetailView, TransfersQueries } from '../../src/modules/transfers/index.js';
import { DomainError } from '../../src/domain/errors.js';
import { Reply } from '../../src/platform/idempotency/index.js';
import { eventually } from './eventually.js';
import { loseChunk, onlyChunkOf, skipTime, statusesOf, transfersOf } from './engine-steps.js';
import { ownerOf } from './owner.js';

/*
 * What callers and operators do to a single transfer, called as the API calls it.
 */

export interface ControlOptions {
  idempotencyKey?: string;
  /** Done while the transaction is open and holds all its locks. */
  meanwhile?: () => Promise<void>;
}

export async function lineOf(app: INestApplicationContext, bulkId: string, line = 0): Promise<string> {
  const transfer = (await transfersOf(app, bulkId)).find((one) => one.line === line);
  if (!transfer) throw new Error(`The bulk has no line ${line}.`);
  return transfer.id;
}

export function detailOf(
  app: INestApplicationContext,
  organizationId: string,
  id: string,
): Promise<TransferDetailView> {
  return app.get(TransfersQueries, { strict: false }).get(organizationId, id, false);
}

export interface HeldMoney {
  /** On the debtor's account. */
  available: bigint;
  reserved: bigint;
  /** Out of the hold of the bulk. */
  captured: bigint;
  released: bigint;
}

/** Where the money of a bulk is, in minor units. */
export async function heldMoneyOf(app: INestApplicationContext, bulkId: string): Promise<HeldMoney | undefined> {
  const [row] = await ownerOf(app).query<HeldMoney>(
    `SELECT a.posted_minor - a.reserved_minor AS available, a.reserved_minor AS reserved,
            h.captured_minor AS captured, h.released_minor AS released
       FROM holds h JOIN accounts a ON a.id = h.account_id WHERE h.reference_id = $1`,
    [bulkId],
  );
  return row;
}

export async function cancelTransfer(
  app: INestApplicationContext,
  command: { organizationId: string; transferId: string },
  options: ControlOptions = {},
): Promise<TransferDetailView> {
  const reply = await app
    .get(CancelTransfer, { strict: false })
    .cancel(command, options.idempotencyKey ?? null, answerOf(app, command, options));
  return JSON.parse(reply.json) as TransferDetailView;
}

/** The same, of a line of a bulk. */
export async function cancelLine(
  app: INestApplicationContext,
  organizationId: string,
  { bulkId, line = 0 }: { bulkId: string; line?: number },
  options: ControlOptions = {},
): Promise<TransferDetailView> {
  return cancelTransfer(app, { organizationId, transferId: await lineOf(app, bulkId, line) }, options);
}

export async function resolveTransfer(
  app: INestApplicationContext,
  command: { organizationId: string; transferId: string } & Resolution,
  options: ControlOptions = {},
): Promise<TransferDetailView> {
  const reply = await app
    .get(ResolveTransfer, { strict: false })
    .resolve(command, options.idempotencyKey ?? null, answerOf(app, command, options));
  return JSON.parse(reply.json) as TransferDetailView;
}

function answerOf(
  app: INestApplicationContext,
  { organizationId, transferId }: { organizationId: string; transferId: string },
  { meanwhile }: ControlOptions,
): TransferAnswer {
  const queries = app.get(TransfersQueries, { strict: false });
  return async (tx) => {
    await meanwhile?.();
    return Reply.of(200, await queries.getIn(tx, organizationId, transferId, false));
  };
}

/** `ok`, or the code of the refusal with the state it names. */
export async function verdictOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'ok';
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return [error.code, error.details.members?.['current_status'] ?? []].flat().join(' ');
  }
}

/** Waits until some transaction waits for a row another one has locked. */
export async function untilSomebodyWaits(app: INestApplicationContext): Promise<void> {
  const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  await eventually(async () => (await ownerOf(app).query(waiting)).length > 0, { what: 'a transaction to wait' });
}

/** Kills worker after worker on a bulk of one line, until the engine leaves it to a person. */
export async function bringToReview(app: INestApplicationContext, bulkId: string): Promise<void> {
  for (let deaths = 0; deaths < 10; deaths++) {
    if ((await statusesOf(app, bulkId))['manual_review'] === 1) return;
    await skipTime(app);
    await loseChunk(app, (await onlyChunkOf(app, bulkId)).id);
  }
  throw new Error('Ten workers died on the line, and it is still not in manual_review.');
}

/** What puts the IBANs of a bulk back, as they are sealed now. */
export async function rememberIbans(app: INestApplicationContext, bulkId: string): Promise<() => Promise<void>> {
  const lines = await ownerOf(app).query<{ id: string; sealed: Buffer }>(
    `SELECT id, counterparty_iban_sealed AS sealed FROM transfers WHERE bulk_id = $1`,
    [bulkId],
  );
  return async () => {
    await ownerOf(app).execute(
      `UPDATE transfers t SET counterparty_iban_sealed = s.sealed
         FROM unnest($1::uuid[], $2::bytea[]) AS s (id, sealed) WHERE t.id = s.id`,
      [lines.map(({ id }) => id), lines.map(({ sealed }) => sealed)],
    );
  };
}
