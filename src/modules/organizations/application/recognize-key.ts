import { Injectable } from '@nestjs/common';
import { FieldCipher } from '../../../platform/encryption/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { type ApiKey, apiKeyStatus, isUseWorthNoting } from '../domain/api-key.js';
import { publicIdOf } from '../domain/key-text.js';
import {
  type KnownApiKey,
  OrganizationsRepository,
  type RenewedSecrets,
} from '../persistence/organizations.repository.js';
import { KeyHasher } from './key-hasher.js';

/** Why a presented key opens nothing. Callers are told only that it does not. */
export type KeyRefusal = 'unknown' | 'wrong_secret' | 'expired' | 'revoked';

export type RecognizedKey =
  | { readonly key: ApiKey; readonly signingSecret: string | null }
  /** `keyId`: the key that was meant. */
  | { readonly refused: KeyRefusal; readonly keyId: string | null };

const UNKNOWN = { refused: 'unknown', keyId: null } as const;

const logger = createLogger('organizations');

/** Finds out whose key it is. It asks the database each time, with nothing cached: a revoked key opens nothing from then on, anywhere. */
@Injectable()
export class RecognizeKey {
  constructor(
    private readonly repository: OrganizationsRepository,
    private readonly hasher: KeyHasher,
    private readonly cipher: FieldCipher,
  ) {}

  async recognize(text: string): Promise<RecognizedKey> {
    const publicId = publicIdOf(text);
    if (publicId === null) return UNKNOWN;
    const found = await this.repository.findApiKeyByPublicId(publicId);
    const key = found !== null && this.isReadable(found) ? found : null;
    const isRight = this.hasher.isHashOf(key, text);
    if (key === null) return UNKNOWN;
    if (!isRight) return { refused: 'wrong_secret', keyId: key.id };
    const now = new Date();
    const status = apiKeyStatus(key, now);
    if (status !== 'active') return { refused: status, keyId: key.id };
    const signingSecret = key.signingSecret && this.cipher.open(key.signingSecret, signingSecretOf(key));
    this.noteUse(key, { text, signingSecret }, now);
    return { key, signingSecret };
  }

  private isReadable(key: KnownApiKey): boolean {
    if (this.hasher.isKnown(key)) return true;
    logger.error({ event: 'api_key_unreadable', api_key_id: key.id, hash_key_id: key.hashKeyId });
    return false;
  }

  /** Nobody waits for this, and a request does not fail over it. */
  private noteUse(key: KnownApiKey, secrets: Secrets, now: Date): void {
    const renewed = this.hasher.isCurrent(key) ? null : this.renewed(key, secrets);
    if (renewed === null && !isUseWorthNoting(key, now)) return;
    this.repository.noteApiKeyUse(key.id, renewed).catch((error: unknown) => {
      logger.warn({ event: 'api_key_use_not_noted', api_key_id: key.id, err: error });
    });
  }

  /** Hash and signing secret are made under one ring key, and so both are made anew when it is not the current one any more. */
  private renewed(key: KnownApiKey, { text, signingSecret }: Secrets): RenewedSecrets {
    const sealed = signingSecret === null ? null : this.cipher.seal(signingSecret, signingSecretOf(key));
    return { ...this.hasher.hash(text), signingSecret: sealed };
  }
}

interface Secrets {
  readonly text: string;
  readonly signingSecret: string | null;
}

/** What a sealed signing secret belongs to: in the row of another key it does not open. */
export const signingSecretOf = ({ organizationId, id }: Pick<ApiKey, 'organizationId' | 'id'>): string =>
  `api_keys.signing_secret\n${organizationId}\n${id}`;
