import { startWorking } from '../../src/app/start-working.js';
import { createApiKey, createOrganization } from '../factories/organizations.js';
import { eventually } from '../support/eventually.js';
import { startTestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

describe('housekeeping', () => {
  it('deletes expired idempotency keys and nonces, and leaves the others', async () => {
    const worker = await startTestWorker({}, { working: false });
    const database = ownerOf(worker.app);
    await database.execute(
      `INSERT INTO idempotency_keys (organization_id, operation, key, body_hash, expires_at)
       SELECT gen_random_uuid(), 'test', n::text, '', now() + CASE WHEN n <= 1500 THEN interval '-1 s' ELSE interval '1 h' END
         FROM generate_series(1, 1502) AS n`,
    );
    const { id: organizationId } = await createOrganization(worker.app);
    const { id: keyId } = await createApiKey(worker.app, { organizationId });
    await database.execute(
      `INSERT INTO request_nonces (organization_id, api_key_id, nonce, expires_at)
       SELECT $1, $2, n::text, now() + CASE WHEN n <= 5500 THEN interval '-1 s' ELSE interval '1 h' END
         FROM generate_series(1, 5502) AS n`,
      [organizationId, keyId],
    );
    startWorking(worker.app);
    const left = () => database.query<{ key: string }>(`SELECT key FROM idempotency_keys ORDER BY key`);
    await eventually(async () => (await left()).length === 2, { what: 'the expired keys to go' });
    expect((await left()).map((row) => row.key)).toEqual(['1501', '1502']);
    const nonces = () => database.query<{ nonce: string }>(`SELECT nonce FROM request_nonces ORDER BY nonce`);
    await eventually(async () => (await nonces()).length === 2, { what: 'the expired nonces to go' });
    expect((await nonces()).map((row) => row.nonce)).toEqual(['5501', '5502']);
    await worker.close();
  });
});
