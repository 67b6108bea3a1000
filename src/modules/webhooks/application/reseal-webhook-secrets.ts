import { Injectable } from '@nestjs/common';
import { Database, PLATFORM, UnitOfWork } from '../../../platform/database/index.js';
import {
  FieldCipher,
  KeyRing,
  type Resealed,
  type SealedStore,
  Unsealable,
} from '../../../platform/encryption/index.js';
import { type SealedSecret, SecretRepository } from '../persistence/secret.repository.js';
import { associatedWith } from './webhook-secrets.js';

const BATCH_ROWS = 500;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/** The secrets of webhooks, sealed under the current key. */
@Injectable()
export class ResealWebhookSecrets implements SealedStore {
  readonly name = 'webhook_secrets';

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly database: Database,
    private readonly repository: SecretRepository,
    private readonly cipher: FieldCipher,
    private readonly ring: KeyRing,
  ) {}

  resealNext(from: string | null): Promise<Resealed> {
    return this.unitOfWork.run(PLATFORM, async (tx) => {
      const rows = await this.repository.lockOld(tx, this.ring.currentIdBytes, from ?? BEFORE_ALL, BATCH_ROWS);
      const resealed = rows.flatMap((row) => this.sealedAnew(row));
      await this.repository.reseal(tx, resealed);
      return {
        next: rows.length < BATCH_ROWS ? null : (rows.at(-1)?.id ?? null),
        resealed: resealed.length,
        unreadable: rows.length - resealed.length,
      };
    });
  }

  countOld(): Promise<number> {
    return this.repository.countOld(this.database.as(PLATFORM), this.ring.currentIdBytes);
  }

  private sealedAnew(secret: SealedSecret): { id: string; sealed: Buffer }[] {
    const associated = associatedWith(secret);
    try {
      return [{ id: secret.id, sealed: this.cipher.seal(this.cipher.open(secret.sealed, associated), associated) }];
    } catch (error) {
      if (error instanceof Unsealable) return [];
      throw error;
    }
  }
}
