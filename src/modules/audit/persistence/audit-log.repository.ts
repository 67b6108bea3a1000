import { Injectable } from '@nestjs/common';
import { canonicalJson } from '../../../domain/canonical-json.js';
import { invariantViolated } from '../../../domain/errors.js';
import { newId } from '../../../domain/ids.js';
import { prepared, type Queryable, type Tx } from '../../../platform/database/index.js';
import {
  AUDIT_CHAINS,
  type AuditChain,
  type AuditEntry,
  type AuditHead,
  type AuditState,
} from '../domain/audit-entry.js';

/** A head whose row is locked: the chain ends there until the transaction does. */
export interface LockedHead extends AuditHead {
  readonly id: string;
}

/** Null: not asked for. */
export interface EntryFilter {
  readonly action: string | null;
  readonly actorId: string | null;
  readonly resourceType: string | null;
  readonly resourceId: string | null;
  readonly chain: AuditChain | null;
  readonly sequence: number | null;
  readonly from: Date | null;
  readonly before: Date | null;
}

/** Where a chain ends at one moment. */
export interface ChainEnd {
  readonly chain: AuditChain;
  /** Null when it has none. */
  readonly head: AuditHead | null;
  /** Of its last entry, wherever the head is; 0 when it has none. */
  readonly lastSequence: number;
}

export interface ChainPlace {
  readonly sequence: number;
  readonly id: string;
}

const HEAD = `h.id, h.organization_id AS "organizationId", h.chain, h.sequence::float8 AS sequence, encode(h.hash, 'hex') AS hash`;

// An index finds NULL, but not by a comparison that could be with anything.
const LOCK_HEAD = prepared(
  'lock_audit_head',
  `SELECT ${HEAD} FROM audit_heads h WHERE h.organization_id = $1 AND h.chain = $2 FOR NO KEY UPDATE`,
);
const LOCK_PLATFORM_HEAD = prepared(
  'lock_platform_audit_head',
  `SELECT ${HEAD} FROM audit_heads h WHERE h.organization_id IS NULL AND h.chain = $1 FOR NO KEY UPDATE`,
);

const APPEND = prepared(
  'append_audit_entries',
  `WITH entered AS (
     INSERT INTO audit_log (id, organization_id, chain, sequence, occurred_at, action, actor_kind, actor_id, key_id, request_id,
                            resource_type, resource_id, reason, before, after, previous_hash, hash)
     SELECT e.id, e.organization_id, e.chain, e.sequence, e.occurred_at, e.action, e.actor_kind, e.actor_id, e.key_id, e.request_id,
            e.resource_type, e.resource_id, e.reason, e.before::jsonb, e.after::jsonb, decode(e.previous_hash, 'hex'), decode(e.hash, 'hex')
       FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::timestamptz[], $6::text[], $7::text[], $8::text[], $9::text[],
                   $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[])
         AS e (id, organization_id, chain, sequence, occurred_at, action, actor_kind, actor_id, key_id, request_id,
               resource_type, resource_id, reason, before, after, previous_hash, hash)
   )
   UPDATE audit_heads h SET sequence = n.sequence, hash = decode(n.hash, 'hex')
     FROM unnest($18::uuid[], $19::bigint[], $20::text[]) AS n (id, sequence, hash) WHERE h.id = n.id`,
);

const ENTRY = `a.id, a.organization_id AS "organizationId", a.chain, a.sequence::float8 AS sequence, a.occurred_at AS "occurredAt",
  a.action, a.actor_kind AS "actorKind", a.actor_id AS "actorId", a.key_id AS "keyId", a.request_id AS "requestId",
  a.resource_type AS "resourceType", a.resource_id AS "resourceId", a.reason, a.before, a.after,
  encode(a.previous_hash, 'hex') AS "previousHash", encode(a.hash, 'hex') AS hash`;

type EntryRow = Omit<AuditEntry, 'actor' | 'resource'> & {
  readonly actorKind: AuditEntry['actor']['kind'];
  readonly actorId: string;
  readonly keyId: string | null;
  readonly resourceType: AuditEntry['resource']['type'];
  readonly resourceId: string;
};

/** The rows of one owner. What is in the first parameter is looked at either way, so that the others keep their numbers. */
const ownedBy = (organizationId: string | null, alias: string): string =>
  organizationId === null
    ? `${alias}.organization_id IS NULL AND $1::uuid IS NULL`
    : `${alias}.organization_id = $1::uuid`;

@Injectable()
export class AuditLogRepository {
  /** Makes the head of a chain that has not begun. */
  async lockHead(tx: Tx, organizationId: string | null, chain: AuditChain): Promise<LockedHead> {
    const known = await this.findHeadForUpdate(tx, organizationId, chain);
    if (known) return known;
    await tx.execute(
      `INSERT INTO audit_heads (id, organization_id, chain) VALUES ($1, $2, $3)
       ON CONFLICT (organization_id, chain) DO NOTHING`,
      [newId(), organizationId, chain],
    );
    const made = await this.findHeadForUpdate(tx, organizationId, chain);
    if (!made) throw invariantViolated('the head of an audit chain is neither there nor can it be made');
    return made;
  }

  /** Entries that follow their heads, which are locked, and where the heads are then. */
  async append(
    tx: Tx,
    entries: readonly AuditEntry[],
    heads: readonly Pick<LockedHead, 'id' | 'sequence' | 'hash'>[],
  ): Promise<void> {
    const column = <T>(pick: (entry: AuditEntry) => T): T[] => entries.map(pick);
    await tx.execute(APPEND, [
      column((entry) => entry.id),
      column((entry) => entry.organizationId),
      column((entry) => entry.chain),
      column((entry) => entry.sequence),
      column((entry) => entry.occurredAt),
      column((entry) => entry.action),
      column((entry) => entry.actor.kind),
      column((entry) => entry.actor.id),
      column((entry) => entry.actor.keyId),
      column((entry) => entry.requestId),
      column((entry) => entry.resource.type),
      column((entry) => entry.resource.id),
      column((entry) => entry.reason),
      column((entry) => jsonOf(entry.before)),
      column((entry) => jsonOf(entry.after)),
      column((entry) => entry.previousHash),
      column((entry) => entry.hash),
      heads.map((head) => head.id),
      heads.map((head) => head.sequence),
      heads.map((head) => head.hash),
    ]);
  }

  /** Newest first, from before `beforeId` on. */
  async list(
    on: Queryable,
    organizationId: string | null,
    filter: EntryFilter,
    { limit, idFrom, beforeId }: { limit: number; idFrom: string | null; beforeId: string | null },
  ): Promise<AuditEntry[]> {
    const { action, actorId, resourceType, resourceId, chain, sequence, from, before } = filter;
    const rows = await on.query<EntryRow>(
      `SELECT ${ENTRY} FROM audit_log a
        WHERE ${ownedBy(organizationId, 'a')}
          AND ($2::uuid IS NULL OR a.id < $2) AND ($3::uuid IS NULL OR a.id >= $3)
          AND ($4::text IS NULL OR a.action = $4) AND ($5::text IS NULL OR a.actor_id = $5)
          AND ($6::text IS NULL OR a.resource_type = $6) AND ($7::text IS NULL OR a.resource_id = $7)
          AND ($8::text IS NULL OR a.chain = $8) AND ($9::bigint IS NULL OR a.sequence = $9)
          AND ($10::timestamptz IS NULL OR a.occurred_at >= $10) AND ($11::timestamptz IS NULL OR a.occurred_at < $11)
        ORDER BY a.id DESC LIMIT $12`,
      [
        ...[organizationId, beforeId, idFrom, action, actorId, resourceType, resourceId],
        ...[chain, sequence, from, before, limit],
      ],
    );
    return rows.map(entryOf);
  }

  /** The next entries of a chain up to a number, in its own order, whatever somebody has made of it. */
  async listChain(
    on: Queryable,
    organizationId: string | null,
    chain: AuditChain,
    { after, through, limit }: { after: ChainPlace | null; through: number; limit: number },
  ): Promise<AuditEntry[]> {
    const rows = await on.query<EntryRow>(
      `SELECT ${ENTRY} FROM audit_log a
        WHERE ${ownedBy(organizationId, 'a')} AND a.chain = $2
          AND a.sequence <= $5 AND ($3::bigint IS NULL OR (a.sequence, a.id) > ($3, $4::uuid))
        ORDER BY a.sequence, a.id LIMIT $6`,
      [organizationId, chain, after?.sequence ?? null, after?.id ?? null, through, limit],
    );
    return rows.map(entryOf);
  }

  /** One statement, and so one moment: whoever writes an entry moves the head with it. */
  async listEnds(on: Queryable, organizationId: string | null): Promise<ChainEnd[]> {
    const rows = await on.query<AuditHead & { readonly id: string | null; readonly lastSequence: number }>(
      `SELECT h.id, c.name AS chain, h.sequence::float8 AS sequence, encode(h.hash, 'hex') AS hash,
              (SELECT coalesce(max(a.sequence), 0)::float8 FROM audit_log a
                WHERE ${ownedBy(organizationId, 'a')} AND a.chain = c.name) AS "lastSequence"
         FROM unnest($2::text[]) WITH ORDINALITY AS c (name, place)
         LEFT JOIN audit_heads h ON h.chain = c.name AND ${ownedBy(organizationId, 'h')}
        ORDER BY c.place`,
      [organizationId, AUDIT_CHAINS],
    );
    return rows.map(({ id, lastSequence, chain, sequence, hash }) => ({
      ...{ chain, lastSequence },
      head: id === null ? null : { organizationId, chain, sequence, hash },
    }));
  }

  /** Of everybody, the platform's own first. */
  async listAllHeads(on: Queryable): Promise<AuditHead[]> {
    return on.query<AuditHead>(`SELECT ${HEAD} FROM audit_heads h ORDER BY h.organization_id NULLS FIRST, h.chain`);
  }

  private async findHeadForUpdate(
    tx: Tx,
    organizationId: string | null,
    chain: AuditChain,
  ): Promise<LockedHead | null> {
    const [head] =
      organizationId === null
        ? await tx.query<LockedHead>(LOCK_PLATFORM_HEAD, [chain])
        : await tx.query<LockedHead>(LOCK_HEAD, [organizationId, chain]);
    return head ?? null;
  }
}

const jsonOf = (state: AuditState): string | null => (state === null ? null : canonicalJson(state));

function entryOf({ actorKind, actorId, keyId, resourceType, resourceId, ...row }: EntryRow): AuditEntry {
  return {
    ...row,
    actor: { kind: actorKind, id: actorId, keyId },
    resource: { type: resourceType, id: resourceId },
  };
}
