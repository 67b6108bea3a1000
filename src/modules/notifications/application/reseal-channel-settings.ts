import { Injectable } from '@nestjs/common';
import { Database, PLATFORM, UnitOfWork } from '../../../platform/database/index.js';
import { KeyRing, type Resealed, type SealedStore, Unsealable } from '../../../platform/encryption/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import type { ChannelRecord } from '../domain/channel.js';
import { SealedSettingsRepository } from '../persistence/sealed-settings.repository.js';
import { SealedSettings } from './sealed-settings.js';

const BATCH_ROWS = 200;
const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

const logger = createLogger('notifications');

/** The settings of notification channels, sealed under the current key. */
@Injectable()
export class ResealChannelSettings implements SealedStore {
  readonly name = 'notification_channels';

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly database: Database,
    private readonly repository: SealedSettingsRepository,
    private readonly settings: SealedSettings,
    private readonly ring: KeyRing,
  ) {}

  resealNext(from: string | null): Promise<Resealed> {
    return this.unitOfWork.run(PLATFORM, async (tx) => {
      const rows = await this.repository.lockOld(tx, this.ring.currentIdBytes, from ?? BEFORE_ALL, BATCH_ROWS);
      const sealed = rows.flatMap((row) => this.sealedAnew(row));
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

  /** Nothing when it does not open. */
  private sealedAnew(row: ChannelRecord): { id: string; sealed: Buffer }[] {
    try {
      return [{ id: row.id, sealed: this.settings.seal(row, this.settings.open(row).settings) }];
    } catch (error) {
      if (!(error instanceof Unsealable)) throw error;
      const { id: channel_id, organizationId: organization_id } = row;
      logger.error({ event: 'notification_channel_unreadable', channel_id, organization_id, code: error.code });
      return [];
    }
  }
}
