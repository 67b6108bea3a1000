import { Injectable } from '@nestjs/common';
import { ofOrganizationOrPlatform, type Queryable, UnitOfWork } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { AUDIT_CHAINS, type AuditChain, type AuditHead } from '../domain/audit-entry.js';
import { type BrokenLink, ChainCheck } from '../domain/chain-check.js';
import { AuditLogRepository, type ChainPlace } from '../persistence/audit-log.repository.js';
import { hashOfEntry } from './hashes.js';

export interface Verification {
  readonly checked: number;
  readonly heads: readonly AuditHead[];
  /** Of the first chain that is broken; null when all are as they were written. */
  readonly firstBroken: BrokenLink | null;
}

/** Entries held in memory at a time. */
const BATCH = 1_000;

const logger = createLogger('audit');

/** Recomputes chains from their first entry on, at one moment, a batch at a time. */
@Injectable()
export class VerifyChains {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly log: AuditLogRepository,
  ) {}

  /** @param chain null: all chains of the owner */
  async verify(organizationId: string | null, chain: AuditChain | null): Promise<Verification> {
    const chains = AUDIT_CHAINS.filter((one) => chain === null || one === chain);
    const access = ofOrganizationOrPlatform(organizationId);
    const verification = await this.unitOfWork.snapshot(access, async (on) => {
      const all = await this.log.listHeads(on, organizationId);
      const heads = all.filter((head) => chains.includes(head.chain));
      let checked = 0;
      let firstBroken: BrokenLink | null = null;
      for (const one of chains) {
        const head = heads.find((candidate) => candidate.chain === one) ?? null;
        const check = new ChainCheck(one, hashOfEntry);
        const broken = await this.follow(on, organizationId, one, head, check);
        checked += check.checked;
        firstBroken ??= broken;
      }
      return { checked, heads, firstBroken };
    });
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

  private async follow(
    on: Queryable,
    organizationId: string | null,
    chain: AuditChain,
    head: AuditHead | null,
    check: ChainCheck,
  ): Promise<BrokenLink | null> {
    let after: ChainPlace | null = null;
    for (;;) {
      const entries = await this.log.listChain(on, organizationId, chain, { after, limit: BATCH });
      for (const entry of entries) {
        const broken = check.take(entry);
        if (broken) return broken;
      }
      if (entries.length < BATCH) return check.end(head);
      after = entries.at(-1) ?? null;
    }
  }
}
