import { Injectable } from '@nestjs/common';
import { Database, PLATFORM, UnitOfWork } from '../../../platform/database/index.js';
import { KeyRing, type Resealed, type SealedStore } from '../../../platform/encryption/index.js';
import type { SealedIban } from '../domain/stored-iban.js';
import { type OldSealRow, SealedCounterpartyRepository } from '../persistence/sealed-counterparty.repository.js';
import { Counterparties } from './counterparties.js';

const BATCH_ROWS = 500;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/** The IBANs of counterparties, sealed under the current key; those from before they were sealed, too. */
@Injectable()
export class ResealCounterparties implements SealedStore {
  readonly name = 'transfers';

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly database: Database,
    private readonly repository: SealedCounterpartyRepository,
    private readonly counterparties: Counterparties,
    private readonly ring: KeyRing,
  ) {}

  resealNext(from: string | null): Promise<Resealed> {
    return this.unitOfWork.run(PLATFORM, async (tx) => {
      const rows = await this.repository.lockOld(tx, this.ring.currentIdBytes, from ?? BEFORE_ALL, BATCH_ROWS);
      const sealed = this.sealedAnew(rows);
      await this.repository.reseal(tx, sealed);
      return {
        next: rows.length < BATCH_ROWS ? null : (rows.at(-1)?.id ?? null),
        resealed: sealed.length,
        unreadable: rows.length - sealed.length,
      };
    });
  }

  countOld(): Promise<number> {
    return this.repository.countOld(this.database.as(PLATFORM), this.ring.currentIdBytes);
  }

  private sealedAnew(rows: readonly OldSealRow[]): (SealedIban & { id: string })[] {
    const byOrganization = new Map<string, OldSealRow[]>();
    for (const row of rows) {
      byOrganization.set(row.organizationId, [...(byOrganization.get(row.organizationId) ?? []), row]);
    }
    return [...byOrganization].flatMap(([organizationId, own]) => {
      const ibans = this.counterparties.openReadable(organizationId, own);
      const readable = own.flatMap(({ id }, index) => {
        const counterpartyIban = ibans[index] ?? null;
        if (counterpartyIban === null) return [];
        return {
          id,
          counterpartyIban,
          counterpartyIndex: this.counterparties.indexOf(organizationId, counterpartyIban),
        };
      });
      const sealed = this.counterparties.seal(organizationId, readable);
      return readable.map(({ id }, index) => ({ id, ...(sealed[index] as SealedIban) }));
    });
  }
}
