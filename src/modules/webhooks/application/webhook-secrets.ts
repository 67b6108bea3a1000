import { Injectable } from '@nestjs/common';
import { invariantViolated } from '../../../domain/errors.js';
import { newId } from '../../../domain/ids.js';
import type { Queryable, Tx } from '../../../platform/database/index.js';
import { FieldCipher } from '../../../platform/encryption/index.js';
import { newSecret, type SecretOwner, type SecretTimes } from '../domain/webhook-secret.js';
import { type SealedSecret, SecretRepository } from '../persistence/secret.repository.js';

/** Secrets that messages are signed with. Shown when they are made, and sealed from then on. */
@Injectable()
export class WebhookSecrets {
  constructor(
    private readonly repository: SecretRepository,
    private readonly cipher: FieldCipher,
  ) {}

  /** The first one of an endpoint. */
  async issue(tx: Tx, owner: SecretOwner): Promise<string> {
    const text = newSecret();
    // Shown and not stored, it would never sign anything.
    if (!(await this.repository.insert(tx, this.sealed(owner, text)))) {
      throw invariantViolated('a new webhook secret was not stored: there is another one');
    }
    return text;
  }

  /** Makes the organization's own when it has none yet; of two at the same time, one does. Nobody waits who finds one. */
  async ensureDefault(tx: Tx, organizationId: string): Promise<void> {
    const owner = { organizationId, endpointId: null };
    if (await this.repository.hasCurrent(tx, owner)) return;
    await this.repository.lockDefault(tx, organizationId);
    if (!(await this.repository.hasCurrent(tx, owner))) await this.issue(tx, owner);
  }

  /** A new one; the one until now signs on beside it for so long. An endpoint is locked already. */
  async rotate(tx: Tx, owner: SecretOwner, overlapSeconds: number): Promise<string> {
    if (owner.endpointId === null) await this.repository.lockDefault(tx, owner.organizationId);
    await this.repository.retire(tx, owner, overlapSeconds);
    return this.issue(tx, owner);
  }

  deleteAll(tx: Tx, owner: SecretOwner): Promise<void> {
    return this.repository.deleteAll(tx, owner);
  }

  /** Those that sign now, the current one first. @throws Unsealable */
  async signing(on: Queryable, owner: SecretOwner): Promise<string[]> {
    const secrets = await this.repository.listSigning(on, owner);
    return secrets.map((secret) => this.cipher.open(secret.sealed, associatedWith(secret)));
  }

  /** When they were made and end; the current one first. */
  times(on: Queryable, owner: SecretOwner): Promise<SecretTimes[]> {
    return this.repository.listTimes(on, owner);
  }

  private sealed(owner: SecretOwner, text: string): SealedSecret {
    const id = newId();
    return { ...owner, id, sealed: this.cipher.seal(text, associatedWith({ ...owner, id })) };
  }
}

/** What a sealed secret belongs to: in another row it does not open. */
export const associatedWith = ({ organizationId, id }: Pick<SealedSecret, 'organizationId' | 'id'>): string =>
  `webhook_secrets/${organizationId}/${id}`;
