import { canonicalJson } from '../../../domain/canonical-json.js';
import type { AuditAction, AuditResource } from './action.js';

/** `changes`: what was done, in the transaction that did it. `refusals`: what somebody tried to do and was not let. */
export const AUDIT_CHAINS = ['changes', 'refusals'] as const;
export type AuditChain = (typeof AUDIT_CHAINS)[number];

export const ACTOR_KINDS = ['admin', 'key', 'token', 'system', 'rail', 'anonymous'] as const;

export interface AuditActor {
  readonly kind: (typeof ACTOR_KINDS)[number];
  readonly id: string;
  readonly keyId: string | null;
}

/** What JSON can say. Amounts are strings of minor units; never an IBAN, a person's name or a secret. */
export type AuditState =
  string | number | boolean | null | readonly AuditState[] | { readonly [member: string]: AuditState | undefined };

/** What a module says about something it did. */
export interface AuditNote {
  /** Whose log it goes into; null: the platform's own. */
  readonly organizationId: string | null;
  readonly action: AuditAction;
  readonly resource: { readonly type: AuditResource; readonly id: string };
  readonly reason?: string | null;
  readonly before?: AuditState;
  readonly after?: AuditState;
}

/** An entry before it has its place in a chain. */
export interface UnchainedEntry extends Required<AuditNote> {
  readonly id: string;
  readonly occurredAt: Date;
  readonly actor: AuditActor;
  readonly requestId: string | null;
}

/** Hashes are SHA-256 in lower-case hex. */
export interface AuditEntry extends UnchainedEntry {
  readonly chain: AuditChain;
  /** 1, 2, 3 and so on within the chain of one owner. */
  readonly sequence: number;
  readonly previousHash: string;
  readonly hash: string;
}

/** Where a chain ends. */
export interface AuditHead {
  readonly organizationId: string | null;
  readonly chain: AuditChain;
  readonly sequence: number;
  readonly hash: string;
}

/** What the first entry of a chain follows. */
export const NO_HASH = '0'.repeat(64);

/**
 * What an entry's hash is taken of, as UTF-8: all of its fields, its place and the hash before it, in canonical JSON (RFC 8785). It is
 * part of the contract of docs/audit-log.md: once changed, old entries would not verify any more.
 */
export function textOfEntry(entry: Omit<AuditEntry, 'hash'>): string {
  return canonicalJson({
    id: entry.id,
    organization_id: entry.organizationId,
    chain: entry.chain,
    sequence: entry.sequence,
    occurred_at: entry.occurredAt.toISOString(),
    action: entry.action,
    actor_kind: entry.actor.kind,
    actor_id: entry.actor.id,
    key_id: entry.actor.keyId,
    request_id: entry.requestId,
    resource_type: entry.resource.type,
    resource_id: entry.resource.id,
    reason: entry.reason,
    before: entry.before,
    after: entry.after,
    previous_hash: entry.previousHash,
  });
}
