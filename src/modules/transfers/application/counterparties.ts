import { Injectable } from '@nestjs/common';
import { BlindIndex, FieldCipher, Unsealable, type UnsealableCode } from '../../../platform/encryption/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import type { SealedIban, StoredIban } from '../domain/stored-iban.js';

const logger = createLogger('counterparties');

/** Bound to its organization and its row: copied to another one, an IBAN does not open. */
const belongsTo = (organizationId: string, transferId: string): string => `iban ${organizationId} ${transferId}`;

/** The IBANs of those who are paid: sealed on their way into rows, opened where one is needed. */
@Injectable()
export class Counterparties {
  constructor(
    private readonly cipher: FieldCipher,
    private readonly blindIndex: BlindIndex,
  ) {}

  seal(organizationId: string, lines: readonly { id: string; counterpartyIban: string }[]): SealedIban[] {
    const sealed = this.cipher.sealAll(
      lines.map((line) => line.counterpartyIban),
      lines.map((line) => belongsTo(organizationId, line.id)),
    );
    return lines.map((line, index) => ({
      sealed: sealed[index] as Uint8Array,
      index: this.blindIndex.of(organizationId, line.counterpartyIban),
    }));
  }

  /** In the order of the rows. @throws Unsealable when one of them does not open */
  open(organizationId: string, rows: readonly StoredIban[]): string[] {
    let failure: UnsealableCode | null = null;
    const ibans = this.openReadable(organizationId, rows, (code) => (failure ??= code));
    return ibans.map((iban) => {
      if (iban === null) throw new Unsealable(failure ?? 'sealed_value_malformed');
      return iban;
    });
  }

  /** Null for those that do not open; each is logged. */
  openReadable(
    organizationId: string,
    rows: readonly StoredIban[],
    refused: (code: UnsealableCode) => void = () => {},
  ): (string | null)[] {
    const ibans = rows.map((row) => row.ibanPlain);
    const places = [...rows.keys()].filter((place) => ibans[place] === null);
    const rowAt = (place: number): StoredIban => rows[places[place] ?? 0] as StoredIban;
    const opened = this.cipher.openAll(
      places.map((_, place) => rowAt(place).ibanSealed ?? NOTHING),
      places.map((_, place) => belongsTo(organizationId, rowAt(place).id)),
      (place, code) => {
        const { id } = rowAt(place);
        logger.error({ event: 'counterparty_unreadable', transfer_id: id, organization_id: organizationId, code });
        refused(code);
      },
    );
    for (const [place, index] of places.entries()) ibans[index] = opened[place] ?? null;
    return ibans;
  }

  /** What rows with this IBAN may have as their index. */
  indexesOf(organizationId: string, iban: string): bigint[] {
    return this.blindIndex.allOf(organizationId, iban);
  }
}

const NOTHING = new Uint8Array(0);
