import type { INestApplicationContext } from '@nestjs/common';
import { DataSource, type QueryRunner } from 'typeorm';
import { BeginAuditChains1795252518700 } from '../../migrations/1795252518700-begin-audit-chains.js';
import { newId } from '../../src/domain/ids.js';
import {
  type CreateApiKey,
  type Organization,
  OrganizationsModule,
  OrganizationsQueries,
  OrganizationsService,
} from '../../src/modules/organizations/index.js';
import { RecognizeKey } from '../../src/modules/organizations/application/recognize-key.js';
import { Reply } from '../../src/platform/idempotency/index.js';
import { createApiKey, createOrganization } from '../factories/organizations.js';
import { eventually } from '../support/eventually.js';
import { startFeatures, type TestFeatures } from '../support/test-features.js';
import { ownerOf } from '../support/owner.js';

describe('organizations and their API keys', () => {
  let features: TestFeatures;
  let app: INestApplicationContext;
  let service: OrganizationsService;
  let keys: RecognizeKey;
  let organization: Organization;

  beforeAll(async () => {
    features = await startFeatures([OrganizationsModule]);
    ({ app } = features);
    service = app.get(OrganizationsService);
    keys = app.get(RecognizeKey);
    organization = await createOrganization(app);
  });
  afterAll(() => features.close());

  const answer = (key: object, secret: string | null): Reply => Reply.of(201, { ...key, secret });
  const rows = <Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> =>
    ownerOf(app).query<Row>(sql, parameters);

  it('never share a slug', async () => {
    await createOrganization(app, { slug: 'only-one' });
    await expect(createOrganization(app, { slug: 'only-one' })).rejects.toMatchObject({
      kind: 'conflict',
      code: 'slug_taken',
    });
  });

  it('start without any account', async () => {
    await expect(rows('SELECT FROM accounts WHERE organization_id = $1', [organization.id])).resolves.toEqual([]);
  });

  it('have begun their audit log, also those that are older than it', async () => {
    const id = newId();
    await rows(`INSERT INTO organizations (id, name, slug) VALUES ($1, 'Old Corp', 'old-corp')`, [id]);
    await app.get(DataSource).transaction(async ({ queryRunner }) => {
      await new BeginAuditChains1795252518700().up(queryRunner as QueryRunner);
    });
    const heads = `SELECT chain, sequence::int AS sequence FROM audit_heads WHERE organization_id = $1`;
    await expect(rows(heads, [id])).resolves.toEqual([{ chain: 'changes', sequence: 0 }]);
    await expect(rows(heads, [organization.id])).resolves.toMatchObject([{ chain: 'changes' }]);
  });

  it('keep no secret, only its hash', async () => {
    const { id, secret } = await createApiKey(app, { organizationId: organization.id });
    const [stored] = await rows<{ text: string }>('SELECT api_keys::text AS text FROM api_keys WHERE id = $1', [id]);
    expect(stored?.text).not.toContain(secret.split('_')[2]);
  });

  it('keep no secret in the answer that an idempotency key gives again', async () => {
    const command: CreateApiKey = {
      organizationId: organization.id,
      name: 'payroll',
      scopes: ['accounts:read'],
      expiresAt: null,
    };
    const first = await service.createApiKey(command, 'create-once', answer);
    const again = await service.createApiKey(command, 'create-once', answer);
    const { id, secret } = JSON.parse(first.json) as { id: string; secret: string };
    await expect(keys.recognize(secret)).resolves.toMatchObject({ key: { id } });
    expect(again.replayed).toBe(true);
    expect(JSON.parse(again.json)).toMatchObject({ id, secret: null });
    const stored = await rows<{ text: string }>('SELECT idempotency_keys::text AS text FROM idempotency_keys');
    expect(stored.map((row) => row.text).join()).not.toContain(secret.split('_')[2]);
  });

  it('open with a key from its creation until its revocation', async () => {
    const { id, secret } = await createApiKey(app, { organizationId: organization.id, scopes: ['accounts:read'] });
    await expect(keys.recognize(secret)).resolves.toMatchObject({
      key: { id, organizationId: organization.id, scopes: ['accounts:read'], requiresSignature: false },
      signingSecret: null,
    });
    await service.revokeApiKey(organization.id, id);
    await expect(keys.recognize(secret)).resolves.toEqual({ refused: 'revoked', keyId: id });
    await expect(service.revokeApiKey(organization.id, id)).resolves.toBeUndefined();
  });

  it('do not open with a key that expired', async () => {
    const { id, secret } = await createApiKey(app, {
      organizationId: organization.id,
      expiresAt: '2999-01-01T00:00:00.000Z',
    });
    await expect(keys.recognize(secret)).resolves.toMatchObject({ key: { id } });
    await rows(`UPDATE api_keys SET expires_at = now() WHERE id = $1`, [id]);
    await expect(keys.recognize(secret)).resolves.toEqual({ refused: 'expired', keyId: id });
  });

  it('do not open with a known key id and another secret', async () => {
    const { id, secret } = await createApiKey(app, { organizationId: organization.id });
    const changed = secret.slice(0, -1) + (secret.endsWith('A') ? 'B' : 'A');
    await expect(keys.recognize(changed)).resolves.toEqual({ refused: 'wrong_secret', keyId: id });
    await expect(keys.recognize('trk_0000000000000000_'.padEnd(secret.length, 'x'))).resolves.toEqual({
      refused: 'unknown',
      keyId: null,
    });
  });

  it('give no key an expiry that has passed', async () => {
    const create = createApiKey(app, { organizationId: organization.id, expiresAt: '2020-01-01T00:00:00.000Z' });
    await expect(create).rejects.toMatchObject({
      code: 'validation_failed',
      details: { errors: [{ pointer: '/expires_at', code: 'in_the_past' }] },
    });
  });

  it('give no key to an organization that does not exist', async () => {
    await expect(createApiKey(app, { organizationId: newId() })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('rotate a key into one with the same rights, and the old one stops at once', async () => {
    const old = await createApiKey(app, {
      organizationId: organization.id,
      name: 'rotating',
      scopes: ['operator', 'accounts:read'],
      expiresAt: '2999-01-01T00:00:00.000Z',
    });
    const command = { organizationId: organization.id, apiKeyId: old.id };
    const reply = await service.rotateApiKey(command, 'rotate-once', answer);
    const rotated = JSON.parse(reply.json) as { id: string; secret: string };
    await expect(keys.recognize(old.secret)).resolves.toEqual({ refused: 'revoked', keyId: old.id });
    await expect(keys.recognize(rotated.secret)).resolves.toMatchObject({
      key: {
        id: rotated.id,
        name: 'rotating',
        scopes: ['operator', 'accounts:read'],
        expiresAt: new Date('2999-01-01T00:00:00.000Z'),
        lineageId: old.id,
      },
    });
    const again = await service.rotateApiKey(command, 'rotate-once', answer);
    expect(JSON.parse(again.json)).toMatchObject({ id: rotated.id, secret: null });
    await expect(service.rotateApiKey(command, null, answer)).rejects.toMatchObject({
      code: 'invalid_state',
      details: { members: { current_status: 'revoked' } },
    });
  });

  it('rotate a key once, however many ask at the same time', async () => {
    const { id: apiKeyId } = await createApiKey(app, { organizationId: organization.id });
    const rotations = await Promise.allSettled(
      Array.from({ length: 8 }, () =>
        service.rotateApiKey({ organizationId: organization.id, apiKeyId }, null, answer),
      ),
    );
    expect(rotations.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('do not see, revoke or rotate the keys of another organization', async () => {
    const stranger = await createOrganization(app);
    const { id: apiKeyId, secret } = await createApiKey(app, { organizationId: organization.id });
    const { id: organizationId } = stranger;
    const notFound = { kind: 'not_found' };
    await expect(app.get(OrganizationsQueries).getApiKey(organizationId, apiKeyId)).rejects.toMatchObject(notFound);
    await expect(service.revokeApiKey(organizationId, apiKeyId)).rejects.toMatchObject(notFound);
    await expect(service.rotateApiKey({ organizationId, apiKeyId }, null, answer)).rejects.toMatchObject(notFound);
    await expect(keys.recognize(secret)).resolves.toMatchObject({ key: { id: apiKeyId } });
  });

  it('have the use of a key noted, without the request waiting for it', async () => {
    const { id, secret } = await createApiKey(app, { organizationId: organization.id });
    await keys.recognize(secret);
    await eventually(
      async () => {
        const [key] = await rows<{ at: Date | null }>('SELECT last_used_at AS at FROM api_keys WHERE id = $1', [id]);
        return key?.at !== null;
      },
      { what: 'the use of the key to be noted' },
    );
  });

  it('are listed newest first, page by page, each once', async () => {
    const { id: organizationId } = await createOrganization(app);
    const created: string[] = [];
    for (let i = 0; i < 5; i++) created.push((await createApiKey(app, { organizationId })).id);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await app.get(OrganizationsQueries).listApiKeys(organizationId, { limit: 2, cursor });
      seen.push(...page.data.map((key) => key.id));
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(created.reverse());
  });
});
