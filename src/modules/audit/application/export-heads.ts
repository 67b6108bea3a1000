import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { Database, PLATFORM } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Loops } from '../../../platform/scheduling/index.js';
import { type AuditHead, NO_HASH } from '../domain/audit-entry.js';
import { AuditLogRepository } from '../persistence/audit-log.repository.js';

const logger = createLogger('audit');

/**
 * Tells the log where the chains end, and so somebody outside of the database: who rewrites a whole chain has to rewrite the log stream,
 * too. Each worker tells all it sees for itself; the log has one witness more for each.
 */
@Injectable()
export class ExportHeads implements OnModuleInit {
  private readonly told = new Map<string, AuditHead>();

  constructor(
    private readonly database: Database,
    private readonly log: AuditLogRepository,
    private readonly loops: Loops,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onModuleInit(): void {
    const intervalMs = this.config.AUDIT_HEAD_EXPORT_INTERVAL_MS;
    this.loops.add({ name: 'audit-heads', intervalMs, wakesOn: null, run: () => this.export().then(() => false) });
  }

  /** Tells of every head that moved since the last time. */
  async export(): Promise<void> {
    const heads = await this.log.listAllHeads(this.database.as(PLATFORM));
    for (const now of [...heads, ...this.vanished(heads)]) {
      const { organizationId, chain, sequence, hash } = now;
      const before = this.told.get(keyOf(now));
      if (before?.hash === hash) continue;
      const head = { organization_id: organizationId, chain, sequence, hash };
      if (before && sequence <= before.sequence) {
        // Chains only grow: this one was tampered with, or the database was restored from a backup.
        logger.error({
          event: 'audit_head_went_back',
          ...head,
          told_sequence: before.sequence,
          told_hash: before.hash,
        });
      }
      logger.info({ event: 'audit_head', ...head });
      this.told.set(keyOf(now), now);
    }
  }

  /** Chains that were told and are not there any more, as chains that have gone back to nothing. */
  private vanished(heads: readonly AuditHead[]): AuditHead[] {
    const there = new Set(heads.map(keyOf));
    const gone = [...this.told.values()].filter((head) => !there.has(keyOf(head)));
    return gone.map((head) => ({ ...head, sequence: 0, hash: NO_HASH }));
  }
}

const keyOf = ({ organizationId, chain }: AuditHead): string => `${organizationId} ${chain}`;
