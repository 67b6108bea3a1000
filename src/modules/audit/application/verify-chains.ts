import { Injectable } from '@nestjs/common';
import { Database, ofOrganizationOrPlatform, type Queryable } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Room } from '../../../platform/room.js';
import { AUDIT_CHAINS, type AuditChain, type AuditHead } from '../domain/audit-entry.js';
import { type BrokenLink, ChainCheck } from '../domain/chain-check.js';
import { AuditLogRepository, type ChainEnd, type ChainPlace } from '../persistence/audit-log.repository.js';
import { hashOfEntry } from './hashes.js';

export interface Verification {
  readonly checked: number;
  readonly heads: readonly AuditHead[];
  /** Of the first chain that is broken; null when all are as they were written. */
  readonly firstBroken: BrokenLink | null;
}

/** Entries held in memory at a time, and hashed before anybody else is served: some milliseconds of them. */
const BATCH = 250;
const COME_AGAIN_SECONDS = 5;

const logger = createLogger('audit');

/**
 * Recomputes chains from their first entry on to where they end when it begins, a batch at a time. Chains only grow: no snapshot has to be
 * held for the minutes that a long one takes, and no connection between batches. One at a time: it is work for a whole processor.
 */
@Injectable()
export class VerifyChains {
  private readonly room = new Room(1, COME_AGAIN_SECONDS);

  constructor(
    private readonly database: Database,
    private readonly log: AuditLogRepository,
  ) {}

  /**
   * @param chain null: all chains of the owner
   * @throws unavailable while another one is being verified
   */
  async verify(organizationId: string | null, chain: AuditChain | null): Promise<Verification> {
    const chains = AUDIT_CHAINS.filter((one) => chain === null || one === chain);
    const verification = await this.room.enter(() => this.recompute(organizationId, chains));
    if (verification.firstBroken) {
      const { sequence, id, problem } = verification.firstBroken;
      const { chain: broken } = verification.firstBroken;
      logger.error({
        event: 'audit_chain_broken',
        organization_id: organizationId,
        chain: broken,
        sequence,
        id,
        problem,
      });
    }
    return verification;
  }

  private async recompute(organizationId: string | null, chains: readonly AuditChain[]): Promise<Verification> {
    const on = this.database.as(ofOrganizationOrPlatform(organizationId));
    const ends = (await this.log.listEnds(on, organizationId)).filter(({ chain }) => chains.includes(chain));
    let checked = 0;
    let firstBroken: BrokenLink | null = null;
    for (const end of ends) {
      const check = new ChainCheck(end.chain, hashOfEntry);
      const broken = await this.follow(on, organizationId, end, check);
      checked += check.checked;
      firstBroken ??= broken;
    }
    return { checked, heads: ends.flatMap(({ head }) => head ?? []), firstBroken };
  }

  private async follow(
    on: Queryable,
    organizationId: string | null,
    { chain, head, lastSequence: through }: ChainEnd,
    check: ChainCheck,
  ): Promise<BrokenLink | null> {
    let after: ChainPlace | null = null;
    for (;;) {
      const entries = await this.log.listChain(on, organizationId, chain, { after, through, limit: BATCH });
      for (const entry of entries) {
        const broken = check.take(entry);
        if (broken) return broken;
      }
      // Whoever made an organization wrote that down.
      if (entries.length < BATCH) return check.end(head, organizationId !== null && chain === 'changes');
      after = entries.at(-1) ?? null;
    }
  }
}
