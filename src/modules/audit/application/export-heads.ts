import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { Database, PLATFORM } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Loops } from '../../../platform/scheduling/index.js';
import type { AuditHead } from '../domain/audit-entry.js';
import { AuditLogRepository } from '../persistence/audit-log.repository.js';

const logger = createLogger('audit');

/**
 * Tells the log where the chains end, and so somebody outside of the database: who rewrites a whole chain has to rewrite the log stream,
 * too. Each worker tells all it sees for itself; the log has one witness more for each.
 */
@Injectable()
export class ExportHeads implements OnModuleInit {
  private readonly told = new Map<string, Pick<AuditHead, 'sequence' | 'hash'>>();

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
    for (const { organizationId, chain, sequence, hash } of await this.log.listAllHeads(this.database.as(PLATFORM))) {
      const key = `${organizationId} ${chain}`;
      const before = this.told.get(key);
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
      this.told.set(key, { sequence, hash });
    }
  }
}
