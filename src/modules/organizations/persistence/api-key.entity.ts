import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { ApiKey } from '../domain/api-key.js';
import type { Scope } from '../domain/scopes.js';

/** 32 bits without a sign: more than `integer` holds, and exact as a number. */
const NUMBER = {
  to: (value: number | null) => value,
  from: (value: string | null) => (value === null ? null : Number(value)),
};

@Entity('api_keys')
export class ApiKeyEntity implements ApiKey {
  @PrimaryColumn('uuid')
  id: string;

  @Column('uuid', { name: 'organization_id' })
  organizationId: string;

  @Column('text', { name: 'public_id' })
  publicId: string;

  @Column('bytea', { name: 'secret_hash' })
  secretHash: Buffer;

  /** The ring key that the hash was made under; null: it is a plain SHA-256, from before there was a ring. */
  @Column('bigint', { name: 'hash_key_id', nullable: true, transformer: NUMBER })
  hashKeyId: number | null;

  @Column('text')
  name: string;

  @Column('text', { array: true })
  scopes: Scope[];

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;

  @Column('timestamptz', { name: 'expires_at', nullable: true })
  expiresAt: Date | null;

  @Column('timestamptz', { name: 'revoked_at', nullable: true })
  revokedAt: Date | null;

  @Column('timestamptz', { name: 'last_used_at', nullable: true })
  lastUsedAt: Date | null;

  @Column('uuid', { name: 'lineage_id' })
  lineageId: string;

  @Column('uuid', { name: 'successor_id', nullable: true })
  successorId: string | null;

  /** Sealed; null: requests are not signed. */
  @Column('bytea', { name: 'signing_secret', nullable: true })
  signingSecret: Buffer | null;

  get requiresSignature(): boolean {
    return this.signingSecret !== null;
  }
}
