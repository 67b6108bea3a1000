import { Injectable } from '@nestjs/common';
import { BlindIndex, FieldCipher, Unsealable, type UnsealableCode } from '../../../platform/encryption/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import type { IndexedIban, SealedIban, StoredIban } from '../domain/stored-iban.js';

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

  seal(organizationId: string, lines: readonly IndexedIban[]): SealedIban[] {
    return lines.map(({ id, counterpartyIban, counterpartyIndex }) => ({
      sealed: this.cipher.seal(counterpartyIban, belongsTo(organizationId, id)),
      index: counterpartyIndex,
    }));
  }

  /** In the order of the rows. @throws Unsealable when one of them does not open */
  open(organizationId: string, rows: readonly StoredIban[]): string[] {
    return rows.map((row) => this.openOne(organizationId, row));
  }

  /** Null for those that do not open; each is logged. */
  openReadable(
    organizationId: string,
    rows: readonly StoredIban[],
    refused: (code: UnsealableCode) => void = () => {},
  ): (string | null)[] {
    return rows.map((row) => {
      try {
        return this.openOne(organizationId, row);
      } catch (error) {
        if (!(error instanceof Unsealable)) throw error;
        refused(error.code);
        return null;
      }
    });
  }

  private openOne(organizationId: string, { id, ibanPlain, ibanSealed }: StoredIban): string {
    if (ibanPlain !== null) return ibanPlain;
    try {
      return this.cipher.open(ibanSealed ?? NOTHING, belongsTo(organizationId, id));
    } catch (error) {
      if (error instanceof Unsealable) {
        const { code } = error;
        logger.error({ event: 'counterparty_unreadable', transfer_id: id, organization_id: organizationId, code });
      }
      throw error;
    }
  }

  /** Rows may be sealed under more than one key. */
  get isRotating(): boolean {
    return this.blindIndex.isRotating;
  }

  /** What a row with this IBAN gets as its index. */
  indexOf(organizationId: string, iban: string): bigint {
    return this.blindIndex.of(organizationId, iban);
  }

  /** What rows with this IBAN that were sealed under the current key do not have, and others may. Mostly none. */
  formerIndexesOf(organizationId: string, iban: string): bigint[] {
    return this.blindIndex.formerOf(organizationId, iban);
  }

  /** What rows with this IBAN may have as their index. */
  indexesOf(organizationId: string, iban: string): bigint[] {
    return this.blindIndex.allOf(organizationId, iban);
  }
}

const NOTHING = new Uint8Array(0);
