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
    return lines.map(({ id, counterpartyIban }) => ({
      sealed: this.cipher.seal(counterpartyIban, belongsTo(organizationId, id)),
      index: this.blindIndex.of(organizationId, counterpartyIban),
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

  /** What rows with this IBAN may have as their index. */
  indexesOf(organizationId: string, iban: string): bigint[] {
    return this.blindIndex.allOf(organizationId, iban);
  }
}

const NOTHING = new Uint8Array(0);
