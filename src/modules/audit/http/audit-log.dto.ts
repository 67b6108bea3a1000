import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsInt, IsISO8601, IsOptional, Length, Max, Min } from 'class-validator';
import { PageQuery, QuerySchema } from '../../../platform/http/index.js';
import type { Verification } from '../application/verify-chains.js';
import { AUDIT_ACTIONS, AUDIT_RESOURCES, type AuditAction, type AuditResource } from '../domain/action.js';
import {
  ACTOR_KINDS,
  AUDIT_CHAINS,
  type AuditActor,
  type AuditChain,
  type AuditEntry,
  type AuditState,
} from '../domain/audit-entry.js';
import { type BrokenLink, CHAIN_PROBLEMS, type ChainProblem } from '../domain/chain-check.js';

@QuerySchema()
export class AuditLogQuery extends PageQuery {
  /** Only entries of this action. */
  @ApiProperty({ enum: AUDIT_ACTIONS, required: false })
  @IsOptional()
  @IsIn(AUDIT_ACTIONS)
  action?: AuditAction;

  /** Only what this actor did: the id of a key, `admin`, `system`, `anonymous`. */
  @ApiProperty({ required: false })
  @IsOptional()
  @Length(1, 255)
  actor_id?: string;

  /** Only entries about resources of this type. */
  @ApiProperty({ enum: AUDIT_RESOURCES, required: false })
  @IsOptional()
  @IsIn(AUDIT_RESOURCES)
  resource_type?: AuditResource;

  /** Only entries about this resource. */
  @ApiProperty({ required: false })
  @IsOptional()
  @Length(1, 255)
  resource_id?: string;

  /** Only entries of this chain. */
  @ApiProperty({ enum: AUDIT_CHAINS, required: false })
  @IsOptional()
  @IsIn(AUDIT_CHAINS)
  chain?: AuditChain;

  /** Only the entry with this number; each chain has its own. */
  @ApiProperty({ type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER, required: false })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  sequence?: number;

  /**
   * What happened at or after this instant (ISO 8601).
   * @example "2026-11-01T00:00:00.000Z"
   */
  @ApiProperty({ format: 'date-time', required: false })
  @IsOptional()
  @IsISO8601()
  from?: string;

  /**
   * What happened before this instant (ISO 8601).
   * @example "2026-12-01T00:00:00.000Z"
   */
  @ApiProperty({ format: 'date-time', required: false })
  @IsOptional()
  @IsISO8601()
  to?: string;
}

@QuerySchema()
export class VerifyAuditLogQuery {
  /** Only this chain; both, if left out. */
  @ApiProperty({ enum: AUDIT_CHAINS, required: false })
  @IsOptional()
  @IsIn(AUDIT_CHAINS)
  chain?: AuditChain;
}

export class AuditActorDto {
  /**
   * `admin`: the platform's own key. `key`, `token`: a caller. `system`: jobs and loops of the platform. `rail`: the bank behind a rail.
   * `anonymous`: a caller who showed no key that anybody knows.
   * @example key
   */
  @ApiProperty({ enum: ACTOR_KINDS })
  kind: AuditActor['kind'];

  /**
   * The id of the key, the subject of the token, the name of the rail; or the kind again.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d
   */
  id: string;

  /**
   * Null when there was none.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d
   */
  @ApiProperty({ type: String, nullable: true })
  key_id: string | null;
}

export class AuditResourceDto {
  /** @example account */
  @ApiProperty({ enum: AUDIT_RESOURCES })
  type: AuditResource;

  /**
   * Mostly a UUID. Of a kill switch what it stops, of a refused request its route.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e
   */
  id: string;
}

const STATE = { nullable: true, type: 'object', additionalProperties: true } as const;

export class AuditEntryDto {
  /** @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6f */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * Whose log this is; null: the platform's own.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c60
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  organization_id: string | null;

  /**
   * `changes`: what was done. `refusals`: what was tried, and refused.
   * @example changes
   */
  @ApiProperty({ enum: AUDIT_CHAINS })
  chain: AuditChain;

  /**
   * 1, 2, 3 and so on within the chain, without a gap.
   * @example 17
   */
  @ApiProperty({ type: 'integer' })
  sequence: number;

  /** @example "2026-11-21T09:30:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  occurred_at: string;

  /** @example account.status_changed */
  @ApiProperty({ enum: AUDIT_ACTIONS })
  action: AuditAction;

  /** Who did it. */
  actor: AuditActorDto;

  /**
   * The `X-Request-Id` of the request, also of work that it led to later. Null for what nobody asked for.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c61
   */
  @ApiProperty({ type: String, nullable: true })
  request_id: string | null;

  /** What it was done to. */
  resource: AuditResourceDto;

  /**
   * As it was given, if it was; of a refused request the code of its problem.
   * @example null
   */
  @ApiProperty({ type: String, nullable: true })
  reason: string | null;

  /**
   * What changed, as it was. Null when there was nothing.
   * @example { "status": "active" }
   */
  @ApiProperty(STATE)
  before: AuditState;

  /**
   * What changed, as it is since then. Ids, states and amounts in minor units; no IBAN, no name.
   * @example { "status": "frozen" }
   */
  @ApiProperty(STATE)
  after: AuditState;

  /**
   * The `hash` of the entry before it in the chain; of the first one 64 zeros.
   * @example "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
   */
  previous_hash: string;

  /**
   * SHA-256 of everything above, in canonical JSON (RFC 8785).
   * @example "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
   */
  hash: string;
}

export class AuditHeadDto {
  /** @example changes */
  @ApiProperty({ enum: AUDIT_CHAINS })
  chain: AuditChain;

  /** @example 17 */
  @ApiProperty({ type: 'integer' })
  sequence: number;

  /** @example "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" */
  hash: string;
}

export class BrokenLinkDto {
  /** @example changes */
  @ApiProperty({ enum: AUDIT_CHAINS })
  chain: AuditChain;

  /** @example 17 */
  @ApiProperty({ type: 'integer' })
  sequence: number;

  /**
   * Null when the entry with this number is missing.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6f
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  id: string | null;

  /**
   * `hash`: the entry was changed. `gap`: an entry is missing, or one too many is there. `previous_hash`: it does not follow the entry
   * before it. `head`: the chain does not end where it should.
   * @example hash
   */
  @ApiProperty({ enum: CHAIN_PROBLEMS })
  problem: ChainProblem;
}

export class AuditVerificationDto {
  /** @example intact */
  @ApiProperty({ enum: ['intact', 'broken'] })
  status: 'intact' | 'broken';

  /**
   * Entries that were recomputed. A broken chain is not followed any further.
   * @example 1024
   */
  @ApiProperty({ type: 'integer' })
  checked: number;

  /** Where the chains that were looked at end. One that has no entry yet is not there. */
  @ApiProperty({ type: [AuditHeadDto] })
  heads: AuditHeadDto[];

  /** The first entry that is not as it was written; null when all are. */
  @ApiProperty({ type: BrokenLinkDto, nullable: true, example: null })
  first_broken: BrokenLinkDto | null;
}

export function auditEntryDto(entry: AuditEntry): AuditEntryDto {
  const { id, chain, sequence, action, actor, resource, reason, before, after, hash } = entry;
  return {
    id,
    organization_id: entry.organizationId,
    chain,
    sequence,
    occurred_at: entry.occurredAt.toISOString(),
    action,
    actor: { kind: actor.kind, id: actor.id, key_id: actor.keyId },
    request_id: entry.requestId,
    resource: { type: resource.type, id: resource.id },
    reason,
    before,
    after,
    previous_hash: entry.previousHash,
    hash,
  };
}

export function auditVerificationDto({ checked, heads, firstBroken }: Verification): AuditVerificationDto {
  return {
    status: firstBroken ? 'broken' : 'intact',
    checked,
    heads: heads.map(({ chain, sequence, hash }) => ({ chain, sequence, hash })),
    first_broken: firstBroken && brokenLinkDto(firstBroken),
  };
}

const brokenLinkDto = ({ chain, sequence, id, problem }: BrokenLink): BrokenLinkDto => ({
  chain,
  sequence,
  id,
  problem,
});
