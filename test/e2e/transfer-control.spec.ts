import type { TransferDetailDto, TransferDto } from '../../src/modules/transfers/http/transfers.dto.js';
import { newId } from '../../src/domain/ids.js';
import { type Scope, SCOPES } from '../../src/modules/organizations/index.js';
import { createApiKey, createOrganization } from '../factories/organizations.js';
import { bulk, bulkOf, line, lines, unlike } from '../factories/submissions.js';
import { type Acme, startAcme } from '../support/acme.js';
import { eventually } from '../support/eventually.js';
import type { ApiAnswer } from '../support/test-api.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { invalid, verdict } from '../support/verdict.js';

const MASKED = 'DE89\u2022\u2022\u2022\u20223000';
const RESOLUTION = { outcome: 'settled', evidence: 'Statement 118, entry 4' };

describe('what people decide about one transfer', () => {
  let acme: Acme;
  let worker: TestWorker | undefined;
  beforeAll(async () => {
    acme = await startAcme({}, { working: false });
  });
  afterAll(async () => {
    await worker?.close();
    await acme.close();
  });

  const transfersOf = async (bulkId: string): Promise<TransferDto[]> =>
    (await acme.call(`/bulk-requests/${bulkId}/transfers`)).body.data as TransferDto[];
  const cancel = (id: string, headers?: Record<string, string>): Promise<ApiAnswer> =>
    acme.call(`/transfers/${id}/cancel`, { method: 'POST', ...(headers && { headers }) });
  const resolve = (id: string, body: object, headers?: Record<string, string>): Promise<ApiAnswer> =>
    acme.post(`/transfers/${id}/resolve`, body, headers);
  const keyOf = async (...scopes: Scope[]): Promise<string> =>
    (await createApiKey(acme.api.app, { organizationId: acme.organizationId, scopes })).secret;
  const allBut = (scope: Scope): Promise<string> => keyOf(...SCOPES.filter((one) => one !== scope));
  const strangerKey = async (): Promise<string> => {
    const { id: organizationId } = await createOrganization(acme.api.app);
    return (await createApiKey(acme.api.app, { organizationId })).secret;
  };

  describe('before any worker has seen it', () => {
    let bulkId: string;
    let ids: string[];
    beforeAll(async () => {
      ({ id: bulkId } = await acme.submit({ ...bulk(unlike('cancel')), credit_transfers: lines(4) }));
      ids = (await transfersOf(bulkId)).map(({ id }) => id);
    });
    const at = (index: number): string => ids[index] ?? '';

    it('it is cancelled once, and a key answers it again', async () => {
      const before = await acme.balance();
      const answer = await cancel(at(1), { 'idempotency-key': 'cancel-it' });
      expect([answer.status, answer.body.id, answer.body.status]).toEqual([200, at(1), 'cancelled']);
      expect((await acme.call(`/transfers/${at(1)}`)).body).toEqual(answer.body);
      const { history } = answer.body as unknown as TransferDetailDto;
      expect(history.at(-1)).toMatchObject({ status: 'cancelled', source: 'stop', code: 'cancelled' });
      const again = await cancel(at(1), { 'idempotency-key': 'cancel-it' });
      expect([again.status, again.text, again.headers['idempotent-replayed']]).toEqual([200, answer.text, 'true']);
      expect(verdict(await cancel(at(0), { 'idempotency-key': 'cancel-it' }))).toEqual([422, 'idempotency_key_reused']);
      const refused = await cancel(at(1));
      expect([...verdict(refused), refused.body.current_status]).toEqual([409, 'invalid_state', 'cancelled']);
      const freed = Number((await acme.balance()).available) - Number(before.available);
      expect(freed).toBe(1);
    });

    it('by those who may, and they see as much of it as they may', async () => {
      const post = (id: string, key: string) => acme.call(`/transfers/${id}/cancel`, { method: 'POST', key });
      expect(verdict(await post(at(0), await allBut('transfers:write')))).toEqual([403, 'forbidden']);
      expect(verdict(await post(at(0), await strangerKey()))).toEqual([404, 'not_found']);
      expect(verdict(await post('4711', acme.key))).toEqual([400, 'invalid_id']);
      const answer = await post(at(2), await keyOf('transfers:write'));
      expect(answer.body).toMatchObject({ status: 'cancelled', counterparty: { iban: MASKED } });
      const asAdmin = { method: 'POST' as const, key: acme.api.adminKey };
      const headers = { 'x-organization-id': acme.organizationId };
      expect((await acme.call(`/transfers/${at(3)}/cancel`, { ...asAdmin, headers })).status).toBe(200);
    });

    it('and the others are paid when one comes', async () => {
      // One attempt only: what may have been sent, and was not found, is never sent again.
      worker = await startTestWorker({ TRANSFER_MAX_ATTEMPTS: '1' }, { databaseUrl: acme.api.databaseUrl });
      expect(await acme.ended(bulkId)).toMatchObject({
        status: 'partially_completed',
        counts: { settled: 1, cancelled: 3 },
        amounts: { settled: '1.00', cancelled: '3.00', open: '0.00' },
      });
      const refused = await cancel(at(0));
      expect([...verdict(refused), refused.body.current_status]).toEqual([409, 'invalid_state', 'settled']);
    });
  });

  describe('after the engine could not', () => {
    /** A bulk request of one line, which the rail never got and did not refuse. */
    async function lost(values: object = {}): Promise<{ bulkId: string; id: string }> {
      const submission = bulkOf(line({ description: 'sandbox:lost' }));
      const { id: bulkId } = await acme.submit({ ...submission, ...unlike(newId()), ...values });
      const listed = `/transfers?status=manual_review&bulk_request_id=${bulkId}`;
      const [found] = await eventually(
        async () => {
          const data = (await acme.call(listed)).body.data as TransferDto[];
          return data.length === 1 && data;
        },
        { what: 'the transfer to be on the list of those in manual review' },
      );
      return { bulkId, id: found?.id ?? '' };
    }

    it('it is not cancelled, and says why it is there', async () => {
      const { id } = await lost();
      expect((await acme.call(`/transfers/${id}`)).body).toMatchObject({ failure: { code: 'not_found' } });
      expect(verdict(await cancel(id))).toEqual([409, 'in_flight']);
      expect((await resolve(id, { ...RESOLUTION, outcome: 'failed' })).status).toBe(200);
    });

    it('an operator says that it was paid: it is, and its bulk request completes', async () => {
      const { id, bulkId } = await lost();
      const before = await acme.balance();
      const answer = await resolve(id, RESOLUTION, { 'idempotency-key': 'resolve-it' });
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ id, status: 'settled', failure: null, settled_at: expect.any(String) });
      const { history } = answer.body as unknown as TransferDetailDto;
      expect(history.map(({ source, status }) => `${source} ${status}`)).toEqual([
        'acceptance pending',
        'submission in_doubt',
        'inquiry manual_review',
        'operator settled',
      ]);
      expect(history.at(-1)).toMatchObject({ code: 'resolved_by_operator', detail: RESOLUTION.evidence });
      expect((await acme.call(`/transfers/${id}`)).body).toEqual(answer.body);
      expect(await acme.ended(bulkId)).toMatchObject({ status: 'completed', counts: { settled: 1 } });
      const after = await acme.balance();
      expect(Number(before.posted) - Number(after.posted)).toBe(1);
      expect(Number(before.reserved) - Number(after.reserved)).toBe(1);
      const again = await resolve(id, RESOLUTION, { 'idempotency-key': 'resolve-it' });
      expect([again.text, again.headers['idempotent-replayed']]).toEqual([answer.text, 'true']);
      const other = await resolve(id, { ...RESOLUTION, outcome: 'failed' });
      expect([...verdict(other), other.body.current_status]).toEqual([409, 'invalid_state', 'settled']);
    });

    it('an operator says that it was not: its money is free, and the failure policy applies', async () => {
      const { id, bulkId } = await lost({ on_failure: 'stop' });
      const before = await acme.balance();
      const answer = await resolve(id, { outcome: 'failed', evidence: 'Never arrived' });
      expect(answer.body).toMatchObject({
        status: 'failed',
        failure: { code: 'resolved_by_operator', detail: 'Never arrived' },
      });
      expect(await acme.ended(bulkId)).toMatchObject({ status: 'failed', amounts: { failed: '1.00' } });
      const after = await acme.balance();
      expect(after.posted).toBe(before.posted);
      expect(Number(before.reserved) - Number(after.reserved)).toBe(1);
    });

    it('nobody else says anything', async () => {
      const { id } = await lost();
      const post = (key: string) => acme.call(`/transfers/${id}/resolve`, { method: 'POST', key, body: RESOLUTION });
      expect(verdict(await post(await allBut('operator')))).toEqual([403, 'forbidden']);
      expect(verdict(await post(await strangerKey()))).toEqual([404, 'not_found']);
      const answer = await post(await keyOf('operator'));
      expect(answer.body).toMatchObject({ status: 'settled', counterparty: { iban: MASKED } });
    });

    describe('it is not resolved', () => {
      let id: string;
      beforeAll(async () => {
        ({ id } = await lost());
      });
      afterEach(async () => {
        expect((await acme.call(`/transfers/${id}`)).body).toMatchObject({ status: 'manual_review' });
      });

      it.each<[string, object, unknown[]]>([
        ['without saying what', { evidence: 'x' }, invalid('/outcome required')],
        ['without evidence', { outcome: 'failed' }, invalid('/evidence required')],
        ['with evidence of nothing but spaces', { ...RESOLUTION, evidence: '   ' }, invalid('/evidence pattern')],
        ['with a line break', { ...RESOLUTION, evidence: 'a\nb' }, invalid('/evidence pattern')],
        ['with too much', { ...RESOLUTION, evidence: 'x'.repeat(256) }, invalid('/evidence too_long')],
        ['with too much in NFC', { ...RESOLUTION, evidence: '\u0958'.repeat(128) }, invalid('/evidence too_long')],
        ['as something else', { ...RESOLUTION, outcome: 'cancelled' }, invalid('/outcome enum')],
        ['with more', { ...RESOLUTION, status: 'settled' }, invalid('/status unknown_field')],
      ])('%s', async (_, body, refusal) => {
        expect(verdict(await resolve(id, body))).toEqual(refusal);
      });
    });
  });
});
