import { Injectable } from '@nestjs/common';
import { Database, DISCOVERY, type Queryable } from '../../../platform/database/index.js';

export interface JournalEntry {
  readonly reference: string;
  readonly status: 'settled' | 'accepted' | 'rejected';
  readonly reasonCode: string | null;
  readonly amountMinor: bigint;
  readonly currency: string;
  /** The reference of the payment it takes back. */
  readonly reverses: string | null;
  /** From now; an accepted payment is settled then. */
  readonly settlesInMs: number | null;
  /** From now; a settled payment comes back then. */
  readonly returnsInMs: number | null;
}

export interface JournalAnswer {
  readonly reference: string;
  readonly status: 'settled' | 'accepted' | 'rejected';
  readonly reasonCode: string | null;
}

export interface JournalBooking {
  readonly reference: string;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly status: 'settled' | 'rejected' | 'returned';
  readonly bookedAt: Date;
}

@Injectable()
export class SandboxJournalRepository {
  /** The bank's own record: of no organization. */
  private readonly bank: Queryable;

  constructor(database: Database) {
    this.bank = database.as(DISCOVERY);
  }

  /** Executes each reference at most once, as a bank would; a repeated one is only counted. */
  async execute(entries: readonly JournalEntry[]): Promise<void> {
    await this.bank.execute(
      `INSERT INTO sandbox_journal AS j (reference, status, reason_code, amount_minor, currency, reverses, settles_at, returns_at)
       SELECT reference, status, reason_code, amount_minor, currency, reverses,
              now() + settles_in * interval '1 ms', now() + returns_in * interval '1 ms'
         FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::int[], $8::int[])
              AS e (reference, status, reason_code, amount_minor, currency, reverses, settles_in, returns_in)
        ORDER BY reference
       ON CONFLICT (reference) DO UPDATE SET submissions = j.submissions + 1`,
      [
        entries.map((entry) => entry.reference),
        entries.map((entry) => entry.status),
        entries.map((entry) => entry.reasonCode),
        entries.map((entry) => entry.amountMinor),
        entries.map((entry) => entry.currency),
        entries.map((entry) => entry.reverses),
        entries.map((entry) => entry.settlesInMs),
        entries.map((entry) => entry.returnsInMs),
      ],
    );
  }

  /** What became of references, as of now. */
  async find(references: readonly string[]): Promise<JournalAnswer[]> {
    return this.bank.query<JournalAnswer>(
      `SELECT reference, reason_code AS "reasonCode",
              CASE WHEN status = 'accepted' AND settles_at <= now() THEN 'settled' ELSE status END AS status
         FROM sandbox_journal WHERE reference = ANY($1::text[])`,
      [references],
    );
  }

  /** Settled payments that have come back and were not told about yet. */
  async findReturns(limit: number): Promise<string[]> {
    const rows = await this.bank.query<{ reference: string }>(
      `SELECT reference FROM sandbox_journal
        WHERE returns_at <= now() AND noticed_at IS NULL ORDER BY returns_at LIMIT $1`,
      [limit],
    );
    return rows.map((row) => row.reference);
  }

  /** What was booked in a period, page by page: payments when they settled or were rejected, returns when they came. */
  async listBookings(
    period: { from: Date; to: Date },
    after: { reference: string; status: string } | null,
    limit: number,
  ): Promise<JournalBooking[]> {
    return this.bank.query<JournalBooking>(
      `SELECT j.reference, j.amount_minor AS "amountMinor", j.currency, b.status, b.booked_at AS "bookedAt"
         FROM sandbox_journal j
        CROSS JOIN LATERAL (VALUES
          ('settled', CASE j.status WHEN 'settled' THEN j.received_at WHEN 'accepted' THEN j.settles_at END),
          ('rejected', CASE j.status WHEN 'rejected' THEN j.received_at END),
          ('returned', j.returns_at)) AS b (status, booked_at)
        WHERE b.booked_at >= $1 AND b.booked_at < least($2, now()) AND (j.reference, b.status) > ($3, $4)
        ORDER BY j.reference, b.status LIMIT $5`,
      [period.from, period.to, after?.reference ?? '', after?.status ?? '', limit],
    );
  }

  async markNoticed(references: readonly string[]): Promise<void> {
    await this.bank.execute(`UPDATE sandbox_journal SET noticed_at = now() WHERE reference = ANY($1::text[])`, [
      references,
    ]);
  }
}
