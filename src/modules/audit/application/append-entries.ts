import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../platform/database/index.js';
import type { AuditChain, AuditEntry, AuditHead, UnchainedEntry } from '../domain/audit-entry.js';
import { AuditLogRepository, type LockedHead } from '../persistence/audit-log.repository.js';
import { hashOfEntry } from './hashes.js';

/**
 * Puts entries at the end of their owners' chains. Whoever holds a head keeps everybody else of that owner from committing, so this is the
 * last thing a transaction does: one lock for each owner, the platform's first and then by id, and one statement that writes everything.
 */
@Injectable()
export class AppendEntries {
  constructor(private readonly log: AuditLogRepository) {}

  async append(tx: Tx, chain: AuditChain, entries: readonly UnchainedEntry[]): Promise<void> {
    const chained: AuditEntry[] = [];
    const heads: (AuditHead & Pick<LockedHead, 'id'>)[] = [];
    for (const [organizationId, own] of byOwner(entries)) {
      const { id, ...head } = await this.log.lockHead(tx, organizationId, chain);
      let { sequence, hash } = head;
      for (const entry of own) {
        sequence += 1;
        const link = { ...entry, chain, sequence, previousHash: hash };
        hash = hashOfEntry(link);
        chained.push({ ...link, hash });
      }
      heads.push({ id, organizationId, chain, sequence, hash });
    }
    await this.log.append(tx, chained, heads);
  }
}

function byOwner(entries: readonly UnchainedEntry[]): [string | null, UnchainedEntry[]][] {
  const owners = new Map<string | null, UnchainedEntry[]>();
  for (const entry of entries) {
    const own = owners.get(entry.organizationId);
    if (own) own.push(entry);
    else owners.set(entry.organizationId, [entry]);
  }
  return [...owners].sort(([a], [b]) => ((a ?? '') < (b ?? '') ? -1 : 1));
}
