import { createHash, createSecretKey, randomBytes } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { KeyHasher } from '../../src/modules/organizations/application/key-hasher.js';
import { RecognizeKey } from '../../src/modules/organizations/application/recognize-key.js';
import {
  type Organization,
  OrganizationsModule,
  OrganizationsQueries,
  OrganizationsService,
  type RotateApiKey,
} from '../../src/modules/organizations/index.js';
import { Database } from '../../src/platform/database/index.js';
import { Authenticator } from '../../src/platform/http/index.js';
import { KeyRing } from '../../src/platform/encryption/index.js';
import { Reply } from '../../src/platform/idempotency/index.js';
import { RequestNonces } from '../../src/platform/request-signing/index.js';
import { createApiKey, createOrganization } from '../factories/organizations.js';
import { eventually } from '../support/eventually.js';
import { ownerOf } from '../support/owner.js';
import { startFeatures, type TestFeatures } from '../support/test-features.js';

const [OLD_KEY, NEW_KEY] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];

describe('API keys', () => {
  let features: TestFeatures;
  let app: INestApplicationContext;
  let keys: RecognizeKey;
  let organization: Organization;

  beforeAll(async () => {
    features = await startFeatures([OrganizationsModule], { DATA_ENCRYPTION_KEYS: `${NEW_KEY},${OLD_KEY}` });
    ({ app } = features);
    keys = app.get(RecognizeKey);
    organization = await createOrganization(app);
  });
  afterAll(() => features.close());

  const rows = <Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> =>
    ownerOf(app).query<Row>(sql, parameters);
  const create = (values: { requireSignature?: boolean; expiresAt?: string | null } = {}) =>
    createApiKey(app, { organizationId: organization.id, ...values });

  interface Shown {
    id: string;
    secret: string;
    signingSecret: string | null;
  }
  async function rotate(apiKeyId: string, options: Partial<RotateApiKey> = {}): Promise<Shown> {
    const command = { organizationId: organization.id, apiKeyId, ...options };
    const reply = await app
      .get(OrganizationsService)
      .rotateApiKey(command, null, (key, secret, signingSecret) =>
        Reply.of(201, { id: key.id, secret, signingSecret }),
      );
    return JSON.parse(reply.json) as Shown;
  }

  it('are never the platform, whatever is written into their row', async () => {
    const { id, secret } = await create();
    const become = () => rows(`UPDATE api_keys SET scopes = '{admin,operator,own:universe}' WHERE id = $1`, [id]);
    await expect(become()).rejects.toMatchObject({ constraint: 'api_keys_are_of_organizations' });
    await rows('ALTER TABLE api_keys DROP CONSTRAINT api_keys_are_of_organizations');
    await become();
    await expect(app.get(Authenticator).authenticate(secret)).resolves.toMatchObject({ scopes: new Set(['operator']) });
  });

  describe('are kept as keyed hashes', () => {
    interface Kept {
      hash: Buffer;
      ring: number | null;
    }
    const kept = async (id: string): Promise<Kept | undefined> =>
      (
        await rows<Kept>('SELECT secret_hash AS hash, hash_key_id::float8 AS ring FROM api_keys WHERE id = $1', [id])
      )[0];
    const sha256 = (text: string) => createHash('sha256').update(text).digest();
    const setHash = (id: string, hash: Buffer, ring: number | null) =>
      rows('UPDATE api_keys SET secret_hash = $2, hash_key_id = $3, last_used_at = now() WHERE id = $1', [
        id,
        hash,
        ring,
      ]);

    it('that nobody can make without the ring', async () => {
      const { id, secret } = await create();
      const hash = await kept(id);
      expect(hash?.ring).toBe(app.get(KeyRing).currentId);
      expect(hash?.hash).not.toEqual(sha256(secret));
    });

    it('and made anew on use, when they were plain ones from before', async () => {
      const { id, secret } = await create();
      const now = await kept(id);
      await setHash(id, sha256(secret), null);
      await expect(keys.recognize(`${secret.slice(0, -3)}xyz`)).resolves.toMatchObject({ refused: 'wrong_secret' });
      await expect(keys.recognize(secret)).resolves.toMatchObject({ key: { id } });
      const isAnew = async () => (await kept(id))?.ring === now?.ring;
      await eventually(isAnew, { what: 'the hash to be made anew' });
      expect(await kept(id)).toEqual(now);
      await expect(keys.recognize(secret)).resolves.toMatchObject({ key: { id } });
    });

    it('and made anew on use, when the ring has another current key', async () => {
      const { id, secret } = await create({ requireSignature: true });
      const sealed = async () =>
        (await rows<{ sealed: Buffer }>('SELECT signing_secret AS sealed FROM api_keys WHERE id = $1', [id]))[0]
          ?.sealed;
      const sealedBefore = await sealed();
      const old = new KeyHasher(new KeyRing([{ name: undefined, secret: createSecretKey(OLD_KEY, 'hex') }])).hash(
        secret,
      );
      const now = await kept(id);
      expect(old.hashKeyId).not.toBe(now?.ring);
      await setHash(id, old.secretHash, old.hashKeyId);
      await expect(keys.recognize(secret)).resolves.toMatchObject({ key: { id } });
      await eventually(async () => (await kept(id))?.ring === now?.ring, { what: 'the hash to be made anew' });
      expect(await kept(id)).toEqual(now);
      expect(await sealed()).not.toEqual(sealedBefore);
      await expect(keys.recognize(secret)).resolves.toMatchObject({ signingSecret: expect.stringMatching(/^trs_/) });
    });

    it('and open nothing without the key of the ring that made them', async () => {
      const { id, secret } = await create();
      await rows('UPDATE api_keys SET hash_key_id = hash_key_id + 1 WHERE id = $1', [id]);
      await expect(keys.recognize(secret)).resolves.toEqual({ refused: 'unknown', keyId: null });
    });
  });

  describe('are rotated', () => {
    const find = (id: string) => app.get(OrganizationsQueries).getApiKey(organization.id, id);

    it('with an overlap, in which both work', async () => {
      const old = await create();
      const asked = Date.now();
      const fresh = await rotate(old.id, { overlapSeconds: 3_600 });
      await expect(keys.recognize(old.secret)).resolves.toMatchObject({ key: { successorId: fresh.id } });
      await expect(keys.recognize(fresh.secret)).resolves.toMatchObject({ key: { lineageId: old.id } });
      const { expiresAt, revokedAt } = await find(old.id);
      expect(revokedAt).toBeNull();
      const leftMs = (expiresAt?.getTime() ?? 0) - asked;
      expect(leftMs).toBeGreaterThanOrEqual(3_600_000);
      expect(leftMs).toBeLessThan(3_700_000);
      expect((await find(fresh.id)).expiresAt).toBeNull();
      await rows(`UPDATE api_keys SET expires_at = now() WHERE id = $1`, [old.id]);
      await expect(keys.recognize(old.secret)).resolves.toMatchObject({ refused: 'expired' });
      await expect(keys.recognize(fresh.secret)).resolves.toHaveProperty('key');
    });

    it('into a line that does not fork and has one name', async () => {
      const first = await create({ expiresAt: '2999-01-01T00:00:00.000Z' });
      const second = await rotate(first.id, { overlapSeconds: 3_600 });
      await expect(rotate(first.id)).rejects.toMatchObject({
        code: 'invalid_state',
        details: { members: { current_status: 'active', rotated_to: second.id } },
      });
      const third = await rotate(second.id);
      for (const id of [first.id, second.id, third.id]) expect((await find(id)).lineageId).toBe(first.id);
      expect((await find(third.id)).expiresAt).toEqual(new Date('2999-01-01T00:00:00.000Z'));
      expect((await find(second.id)).revokedAt).not.toBeNull();
    });

    it('once, however many ask at the same time for an overlap', async () => {
      const { id } = await create();
      const rotations = await Promise.allSettled(Array.from({ length: 8 }, () => rotate(id, { overlapSeconds: 60 })));
      expect(rotations.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const successors = await rows('SELECT FROM api_keys WHERE lineage_id = $1 AND id <> $1', [id]);
      expect(successors).toHaveLength(1);
    });
  });

  describe('that sign', () => {
    it('have a secret of their own that is kept sealed, for their row alone', async () => {
      const { id } = await create({ requireSignature: true });
      const { signingSecret, secret, id: rotated } = await rotate(id);
      expect(signingSecret).toMatch(/^trs_[A-Za-z0-9]{43}$/);
      await expect(keys.recognize(secret)).resolves.toMatchObject({ signingSecret });
      const [stored] = await rows<{ text: string }>(
        `SELECT encode(signing_secret, 'escape') || api_keys::text AS text FROM api_keys WHERE id = $1`,
        [rotated],
      );
      expect(stored?.text).toContain(rotated);
      expect(stored?.text).not.toContain(String(signingSecret));
      const other = await create({ requireSignature: true });
      await rows(
        'UPDATE api_keys SET signing_secret = (SELECT signing_secret FROM api_keys WHERE id = $2) WHERE id = $1',
        [other.id, rotated],
      );
      await expect(keys.recognize(other.secret)).rejects.toMatchObject({ code: 'sealed_value_refused' });
    });

    it('can be made from those that do not, and the reverse', async () => {
      const plain = await create();
      const signing = await rotate(plain.id, { requireSignature: true });
      expect(signing.signingSecret).not.toBeNull();
      const again = await rotate(signing.id, { requireSignature: false });
      expect(again.signingSecret).toBeNull();
      await expect(keys.recognize(again.secret)).resolves.toMatchObject({ signingSecret: null });
    });

    it('spend a nonce once, however many try at the same time, and each its own', async () => {
      const nonces = new RequestNonces(app.get(Database));
      const [one, other] = [await create(), await create()];
      const spend = (keyId: string) => nonces.spend(organization.id, keyId, 'nonce-0123456789', 600);
      const spent = await Promise.all(Array.from({ length: 8 }, () => spend(one.id)));
      expect(spent.filter(Boolean)).toHaveLength(1);
      await expect(spend(other.id)).resolves.toBe(true);
    });
  });
});
