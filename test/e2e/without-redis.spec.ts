import { freePort } from '../../scripts/local-servers/ports.mjs';
import { bulk, unlike } from '../factories/submissions.js';
import { type Acme, startAcme } from '../support/acme.js';

describe('the API without Redis', () => {
  let acme: Acme;
  beforeAll(async () => {
    acme = await startAcme({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` }, { working: false });
  });
  afterAll(() => acme.close());

  it('is ready, and says that Redis is away', async () => {
    const { statusCode, payload } = await acme.api.app.inject('/health/ready');
    expect(statusCode).toBe(200);
    expect(JSON.parse(payload)).toMatchObject({ status: 'ready', checks: { postgres: 'up', redis: 'down' } });
  });

  it('accepts bulk requests, repeats answers and executes by hand', async () => {
    const body = bulk(unlike('no Redis'));
    const first = await acme.post('/bulk-requests', body, { 'idempotency-key': 'no-redis' });
    expect(first.status).toBe(202);
    const again = await acme.post('/bulk-requests', body, { 'idempotency-key': 'no-redis' });
    expect([again.status, again.text]).toEqual([202, first.text]);
    expect((await acme.balance()).reserved).toBe('1.00');
    const { body: step } = await acme.step('transfers');
    expect(step.chunk).toMatchObject({ bulk_request_id: first.body.id, moved_to: { settled: 1 } });
    expect((await acme.call(`/bulk-requests/${first.body.id as string}/status`)).body).toMatchObject({ percent: 100 });
  });
});
