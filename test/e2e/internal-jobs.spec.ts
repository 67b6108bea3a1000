import { SCOPES } from '../../src/modules/organizations/index.js';
import { createApiKey, createOrganization } from '../factories/organizations.js';
import { bulkOf, line, lines } from '../factories/submissions.js';
import { type Acme, startAcme } from '../support/acme.js';
import { eventually } from '../support/eventually.js';
import { verdict } from '../support/verdict.js';

describe('stepping through a bulk request by hand, without a worker', () => {
  let acme: Acme;
  beforeAll(async () => {
    acme = await startAcme({ CHUNK_SIZE: '2', RETRY_BASE_MS: '10', RETRY_MAX_MS: '10' }, { working: false });
  });
  afterAll(() => acme.close());

  const step = async (job: 'transfers' | 'bulk-completions'): Promise<Record<string, unknown>> => {
    const answer = await acme.step(job);
    expect(answer.status).toBe(200);
    return answer.body;
  };
  const nothing = { bulk_request_id: null, status: null };
  const status = async (id: string): Promise<object> => (await acme.call(`/bulk-requests/${id}/status`)).body;

  it('executes one chunk a call, then completes', async () => {
    const { id } = await acme.submit(bulkOf(...lines(5), line({ description: 'sandbox:reject:AC04' })));
    expect(await step('bulk-completions')).toEqual(nothing);
    expect(await status(id)).toMatchObject({ status: 'processing', percent: 0, eta_seconds: null });
    const executed = { chunk_id: expect.any(String), bulk_request_id: id, ended: 'recorded', purpose: 'submit' };
    for (const [moved_to, percent] of [
      [{ settled: 2 }, 33.3],
      [{ settled: 2 }, 66.6],
      [{ settled: 1, failed: 1 }, 100],
    ]) {
      expect(await step('transfers')).toEqual({ chunk: { ...executed, rail: 'sandbox', lines: 2, moved_to } });
      expect(await status(id)).toMatchObject({ status: 'processing', percent, eta_seconds: expect.any(Number) });
    }
    expect(await step('transfers')).toEqual({ chunk: null });
    expect((await acme.balance()).reserved).toBe('0.00');
    expect(await step('bulk-completions')).toEqual({ bulk_request_id: id, status: 'partially_completed' });
    expect(await step('bulk-completions')).toEqual(nothing);
    expect(await status(id)).toMatchObject({ status: 'partially_completed', percent: 100, eta_seconds: 0 });
  });

  it('shows each turn of a line that is retried, and of one that is asked about', async () => {
    const { id } = await acme.submit(
      bulkOf(line({ description: 'sandbox:retry:1' }), line({ description: 'sandbox:timeout' })),
    );
    const turns: unknown[] = [];
    while (turns.length < 3) {
      const { chunk } = await eventually(
        async () => {
          const answer = (await step('transfers')) as { chunk: { purpose: string; moved_to: object } | null };
          return answer.chunk !== null && (answer as { chunk: { purpose: string; moved_to: object } });
        },
        { what: 'the next chunk to be due' },
      );
      turns.push([chunk.purpose, chunk.moved_to]);
      expect(await step('bulk-completions')).toEqual(
        turns.length < 3 ? nothing : { bulk_request_id: id, status: 'completed' },
      );
    }
    expect(turns[0]).toEqual(['submit', { pending: 1, in_doubt: 1 }]);
    expect(turns.slice(1).sort()).toEqual([
      ['inquire', { settled: 1 }],
      ['submit', { settled: 1 }],
    ]);
  });

  it('takes an urgent bulk request first', async () => {
    const normal = await acme.submit(bulkOf(line({ amount: '1.01' })));
    const urgent = await acme.submit({ ...bulkOf(line({ amount: '1.02' })), priority: 'urgent' });
    for (const { id } of [urgent, normal]) {
      expect(await step('transfers')).toMatchObject({ chunk: { bulk_request_id: id } });
      expect(await step('bulk-completions')).toEqual({ bulk_request_id: id, status: 'completed' });
    }
  });

  it('is for operators, and moves no money of another organization', async () => {
    const { id } = await acme.submit(bulkOf(line({ amount: '1.03' })));
    const { id: strangersId } = await createOrganization(acme.api.app);
    const { secret: stranger } = await createApiKey(acme.api.app, { organizationId: strangersId, scopes: SCOPES });
    const { organizationId } = acme;
    const { secret: clerk } = await createApiKey(acme.api.app, { organizationId, scopes: ['bulk-requests:write'] });
    const call = (job: string, key: string) => acme.api.call(`/internal/jobs/${job}`, { method: 'POST', key });
    for (const job of ['transfers', 'bulk-completions']) {
      expect(verdict(await call(job, clerk))).toEqual([403, 'forbidden']);
      expect(verdict(await call(job, 'trk_unknown'))).toEqual([401, 'unauthenticated']);
    }
    expect((await call('transfers', stranger)).body).toEqual({ chunk: null });
    expect(await status(id)).toMatchObject({ status: 'processing', percent: 0 });
    expect((await call('transfers', acme.key)).body).toMatchObject({ chunk: { bulk_request_id: id } });
    expect((await call('bulk-completions', stranger)).body).toEqual(nothing);
    expect((await call('bulk-completions', acme.key)).body).toEqual({ bulk_request_id: id, status: 'completed' });
  });
});
