import type { CancellationDto } from '../../src/modules/bulk-requests/http/bulk-request-control.dto.js';
import type { BulkRequestDto } from '../../src/modules/bulk-requests/http/bulk-requests.dto.js';
import type { TransferDto } from '../../src/modules/transfers/http/transfers.dto.js';
import { createApiKey, createFundedAccount, createOrganization } from '../factories/organizations.js';
import { bulk, bulkOf, line, lines, unlike } from '../factories/submissions.js';
import { type Acme, startAcme } from '../support/acme.js';
import { eventually } from '../support/eventually.js';
import type { ApiAnswer } from '../support/test-api.js';
import { verdict } from '../support/verdict.js';

const ACTIONS = ['cancel', 'pause', 'resume', 'retry-failed'] as const;
type Action = (typeof ACTIONS)[number];
const PATHS = ['/bulk-requests', '/transfers/bulk'];

describe('controlling a bulk request over HTTP', () => {
  let acme: Acme;
  beforeAll(async () => {
    // One chunk of five lines at a time: there is always something left to hold back.
    acme = await startAcme({ CHUNK_SIZE: '5' }, { workerEnv: { DISPATCH_IN_FLIGHT: '1' } });
  });
  afterAll(() => acme.close());

  const act = (action: Action, id: string, path = PATHS[0], headers: Record<string, string> = {}): Promise<ApiAnswer> =>
    acme.call(`${path}/${id}/${action}`, { method: 'POST', headers });
  const read = async (id: string): Promise<BulkRequestDto> =>
    (await acme.call(`/bulk-requests/${id}`)).body as unknown as BulkRequestDto;
  const transfersOf = async (id: string): Promise<TransferDto[]> =>
    (await acme.call(`/bulk-requests/${id}/transfers?limit=100`)).body.data as TransferDto[];
  /** A bulk that takes its time, with its first lines under way. */
  const underWay = async (test: string): Promise<string> => {
    const slow = lines(40, () => ({ description: 'sandbox:slow:100' }));
    const { id } = await acme.submit(bulk({ credit_transfers: slow, ...unlike(test) }));
    const isUnderWay = async (): Promise<boolean> => (await read(id)).counts.pending < 40;
    await eventually(isUnderWay, { what: 'the first lines to be under way' });
    return id;
  };
  const inState = (id: string, status: string) => ({
    status: 409,
    body: { code: 'invalid_state', current_status: status },
    id,
  });
  const refusal = (id: string, answer: ApiAnswer) => {
    verdict(answer);
    const { code, current_status } = answer.body;
    return { status: answer.status, body: { code, current_status }, id };
  };

  it.each(PATHS)('cancels what was not sent, says what may still be paid, and keeps its word (%s)', async (path) => {
    const { reserved } = await acme.balance();
    const id = await underWay(`cancel ${path}`);
    const answer = await act('cancel', id, path);
    expect([answer.status, answer.body]).toEqual([
      200,
      { cancelled: expect.any(Number), in_flight: expect.any(Number) },
    ]);
    const { cancelled, in_flight } = answer.body as unknown as CancellationDto;
    expect(cancelled).toBeGreaterThan(0);
    const { status, counts, amounts } = await acme.ended(id);
    expect(['cancelled', 'partially_completed']).toContain(status);
    expect(counts.cancelled).toBeGreaterThanOrEqual(cancelled);
    expect(counts.settled).toBeLessThanOrEqual(40 - cancelled);
    expect(counts.cancelled).toBeLessThanOrEqual(cancelled + in_flight);
    expect(counts.settled + counts.cancelled).toBe(40);
    expect(amounts).toMatchObject({ cancelled: `${counts.cancelled}.00`, open: '0.00' });
    expect((await acme.balance()).reserved).toBe(reserved);
    for (const action of ['cancel', 'pause', 'resume'] as const) {
      expect(refusal(id, await act(action, id, path))).toEqual(inState(id, status));
    }
    const line = (await transfersOf(id)).find((transfer) => transfer.status === 'cancelled');
    expect(line).toMatchObject({ attempts_made: 0, failure: null, settled_at: null });
  });

  it.each(PATHS)('pauses and resumes it, and shows it as it is (%s)', async (path) => {
    const id = await underWay(`pause ${path}`);
    const paused = await act('pause', id, path);
    expect([paused.status, paused.body.id, paused.body.status]).toEqual([200, id, 'paused']);
    const at = (counts: BulkRequestDto['counts']): boolean => counts.submitting === 0;
    const held = await eventually(
      async () => {
        const view = await read(id);
        return at(view.counts) && view;
      },
      { what: 'the lines under way to end' },
    );
    expect(held).toMatchObject({ status: 'paused', completed_at: null });
    expect(held.counts.pending).toBeGreaterThan(0);
    const listed = await acme.call('/bulk-requests?status=paused');
    expect((listed.body.data as BulkRequestDto[]).map((one) => one.id)).toEqual([id]);
    // Another one is worked off meanwhile: the worker is free, and this one stays where it was.
    const other = await acme.submit(bulk(unlike(`meanwhile ${path}`)));
    await acme.ended(other.id);
    expect(await read(id)).toEqual(held);
    expect((await act('pause', id, path)).body).toEqual(held);
    expect(refusal(id, await act('retry-failed', id, path))).toEqual(inState(id, 'paused'));

    const resumed = await act('resume', id, path);
    expect([resumed.status, resumed.body.status]).toEqual([200, 'processing']);
    expect((await act('resume', id, path)).status).toBe(200);
    expect(await acme.ended(id)).toMatchObject({ status: 'completed', counts: { settled: 40 } });
  });

  it.each(PATHS)('pays failed lines again, once, in a bulk request of their own (%s)', async (path) => {
    const iban = path === PATHS[0] ? 'DE02120300000000202051' : 'DE02500105170137075030';
    const { id: theirs } = await createFundedAccount(acme.api.app, { organizationId: acme.organizationId, iban });
    const become = (status: string) => acme.call(`/accounts/${theirs}`, { method: 'PATCH', body: { status } });
    await become('frozen');
    const failing = line({ counterparty_iban: iban, amount: '7.00', client_transfer_id: 'rent', description: 'Rent' });
    const { id } = await acme.submit({ ...bulkOf(line(), failing), metadata: { path }, priority: 'urgent' });
    const failed = await acme.ended(id);
    expect(failed).toMatchObject({ status: 'partially_completed', counts: { settled: 1, failed: 1 }, origin: null });
    await become('active');

    const answer = await act('retry-failed', id, path);
    const retry = answer.body as unknown as BulkRequestDto;
    expect([answer.status, answer.headers.location]).toEqual([202, `/api/v1/bulk-requests/${retry.id}`]);
    expect(retry).toMatchObject({
      status: 'processing',
      request_id: null,
      total_amount: '7.00',
      transfer_count: 1,
      metadata: { path },
      priority: 'urgent',
      debtor_account_id: acme.accountId,
      origin: { kind: 'retry', bulk_request_id: id },
    });
    expect(await acme.ended(retry.id)).toMatchObject({
      status: 'completed',
      counts: { settled: 1 },
      origin: retry.origin,
    });
    const [again] = await transfersOf(retry.id);
    const first = (await transfersOf(id))[1];
    expect(again).toMatchObject({
      ...{ line: 1, client_transfer_id: 'rent', description: 'Rent', amount: '7.00', rail: 'book', status: 'settled' },
      origin_transfer_id: first?.id,
    });
    expect(first).toMatchObject({ status: 'failed', failure: { code: 'AC06' }, origin_transfer_id: null });
    expect(await acme.balance(theirs)).toMatchObject({ posted: '1007.00' });

    const twice = await act('retry-failed', id, path);
    expect(verdict(twice)).toEqual([409, 'duplicate_bulk_request']);
    expect(twice.body.existing_id).toBe(retry.id);
    expect(verdict(await act('retry-failed', retry.id, path))).toEqual([422, 'nothing_to_retry']);
  });

  it('gives the first answer again under the same key, at both addresses, whatever has happened since', async () => {
    const key = (action: Action) => ({ 'idempotency-key': `${action}-1` });
    // The others take their time: the bulk must not end before it is cancelled.
    const slow = lines(19, () => ({ description: 'sandbox:slow:1000' }));
    const { id } = await acme.submit(bulkOf(line({ description: 'sandbox:reject:AC04' }), ...slow));
    await eventually(async () => (await read(id)).counts.failed === 1, { what: 'it to fail' });
    const first: Partial<Record<Action, ApiAnswer>> = {};
    for (const action of ['pause', 'resume', 'cancel', 'retry-failed'] as const) {
      if (action === 'retry-failed') await acme.ended(id);
      const answer = await act(action, id, PATHS[0], key(action));
      const expected = action === 'retry-failed' ? 202 : 200;
      expect([action, answer.status === expected ? expected : answer.text]).toEqual([action, expected]);
      expect(answer.headers['idempotent-replayed']).toBeUndefined();
      first[action] = answer;
    }
    const before = await acme.rowCounts();
    for (const action of ACTIONS) {
      for (const path of PATHS) {
        const again = await act(action, id, path, key(action));
        expect(again.headers['idempotent-replayed']).toBe('true');
        expect([again.status, again.text, again.headers.location]).toEqual([
          first[action]?.status,
          first[action]?.text,
          first[action]?.headers.location,
        ]);
      }
    }
    const { id: other } = await acme.submit(bulk(unlike('another bulk')));
    expect(verdict(await act('cancel', other, PATHS[0], key('cancel')))).toEqual([422, 'idempotency_key_reused']);
    await acme.ended(other);
    const after = await acme.rowCounts();
    expect(after.bulk_requests).toBe((before.bulk_requests ?? 0) + 1);
  });

  it('is for keys of its organization that may write, and refuses what is no id', async () => {
    const { id } = await acme.submit(bulk(unlike('theirs')));
    await acme.ended(id);
    const other = await createOrganization(acme.api.app);
    const { secret: theirs } = await createApiKey(acme.api.app, { organizationId: other.id });
    const { organizationId } = acme;
    const { secret: reader } = await createApiKey(acme.api.app, { organizationId, scopes: ['bulk-requests:read'] });
    for (const path of PATHS) {
      for (const action of ACTIONS) {
        const post = async (bulkId: string, key = acme.key): Promise<unknown[]> =>
          verdict(await acme.call(`${path}/${bulkId}/${action}`, { method: 'POST', key }));
        expect(await post(id, theirs)).toEqual([404, 'not_found']);
        expect(await post(id, reader)).toEqual([403, 'forbidden']);
        expect(await post(acme.accountId)).toEqual([404, 'not_found']);
        expect(await post('none')).toEqual([400, 'invalid_id']);
      }
    }
  });
});
