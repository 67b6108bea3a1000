import type { BulkRequestProofDto } from '../../src/modules/bulk-requests/http/bulk-request-proof.dto.js';
import type { BulkRequestDto } from '../../src/modules/bulk-requests/http/bulk-requests.dto.js';
import type { TransferDto } from '../../src/modules/transfers/http/transfers.dto.js';
import { newId } from '../../src/domain/ids.js';
import { bulkOf, line, unlike } from '../factories/submissions.js';
import { type Acme, startAcme } from '../support/acme.js';
import { eventually } from '../support/eventually.js';
import { verdict } from '../support/verdict.js';

describe('a bulk request with on_failure: reverse, over HTTP and with a worker', () => {
  let acme: Acme;
  beforeAll(async () => {
    acme = await startAcme({ CHUNK_SIZE: '3' });
  });
  afterAll(() => acme.close());

  const submit = async (words: string[]): Promise<string> => {
    const lines = words.map((description) => line({ description }));
    const body = { ...bulkOf(...lines), ...unlike(newId()), rail: 'sandbox', on_failure: 'reverse' };
    return (await acme.submit(body)).id;
  };
  const read = async (id: string): Promise<BulkRequestDto> =>
    (await acme.call(`/bulk-requests/${id}`)).body as unknown as BulkRequestDto;
  const transfersOf = async (id: string): Promise<TransferDto[]> =>
    (await acme.call(`/bulk-requests/${id}/transfers?limit=100`)).body.data as TransferDto[];
  const proofOf = async (id: string): Promise<BulkRequestProofDto> =>
    (await acme.call(`/bulk-requests/${id}/proof`)).body as unknown as BulkRequestProofDto;
  /** The bulk requests that take this one's payments back, oldest first, as the list shows them. */
  const reversalsOf = async (id: string): Promise<BulkRequestDto[]> => {
    const { data } = (await acme.call('/bulk-requests?limit=100')).body as unknown as { data: BulkRequestDto[] };
    return data.filter(({ origin }) => origin?.kind === 'reversal' && origin.bulk_request_id === id).reverse();
  };
  const post = (path: string, body: object = {}) => acme.post(path, body);

  it('takes back what it paid after its first failure, and ends as reversed with the money back', async () => {
    const before = await acme.balance();
    const id = await submit(['a', 'b', 'c', 'd', 'sandbox:reject:AC04', 'sandbox:retry:1']);
    const { status, counts, amounts, completed_at } = await acme.ended(id);
    expect([status, counts.failed, amounts.open, completed_at]).toEqual([
      'reversed',
      1,
      '0.00',
      expect.any(String) as unknown,
    ]);
    // The one that is sent twice may have been paid by then, or was cancelled.
    expect(counts.settled + counts.cancelled).toBe(5);
    expect(counts.settled).toBeGreaterThanOrEqual(4);
    await expect(acme.balance()).resolves.toEqual(before);

    const [reversal, ...others] = await reversalsOf(id);
    expect(others).toEqual([]);
    expect(reversal).toMatchObject({
      status: 'completed',
      request_id: null,
      on_failure: 'continue',
      origin: { kind: 'reversal', bulk_request_id: id },
      transfer_count: counts.settled,
      total_amount: `${counts.settled}.00`,
      counts: { settled: counts.settled },
    });
    const paid = (await transfersOf(id)).filter((transfer) => transfer.status === 'settled');
    const takenBack = await transfersOf(reversal?.id ?? '');
    expect(takenBack.map((transfer) => [transfer.origin_transfer_id, transfer.line, transfer.status])).toEqual(
      paid.map((transfer) => [transfer.id, transfer.line, 'settled']),
    );
    expect(takenBack.map(({ rail_reference }) => rail_reference)).not.toEqual(
      paid.map(({ rail_reference }) => rail_reference),
    );

    const sum = { entries: counts.settled, sum: `${counts.settled}.00` };
    const none = { entries: 0, sum: '0.00' };
    const settled = `${counts.settled}.00`;
    await expect(proofOf(id)).resolves.toMatchObject({
      balanced: true,
      status: 'reversed',
      settled,
      ledger: { settlement: sum, reversal: none },
    });
    await expect(proofOf(reversal?.id ?? '')).resolves.toMatchObject({
      balanced: true,
      ...{ reserved: '0.00', settled: '0.00', hold: null },
      ledger: { settlement: none, reversal: sum },
    });

    for (const action of ['cancel', 'pause', 'resume', 'retry-failed']) {
      expect(verdict(await post(`/bulk-requests/${reversal?.id}/${action}`))).toEqual([409, 'invalid_state']);
    }
    for (const action of ['cancel', 'pause', 'resume']) {
      const refused = await post(`/bulk-requests/${id}/${action}`);
      expect([...verdict(refused), refused.body.current_status]).toEqual([409, 'invalid_state', 'reversed']);
    }
  });

  it('whoever comes first, the job that stops it or the one that completes it', async () => {
    const before = await acme.balance();
    const ids: string[] = [];
    // All lines of each in one chunk: the commit that fails it is the one that ends its last line.
    for (let at = 0; at < 12; at++) ids.push(await submit(['a', 'sandbox:reject:AC04', 'b']));
    for (const id of ids) {
      expect(await acme.ended(id)).toMatchObject({ status: 'reversed', counts: { settled: 2, failed: 1 } });
      expect(await reversalsOf(id)).toMatchObject([{ status: 'completed', counts: { settled: 2 } }]);
    }
    await expect(acme.balance()).resolves.toEqual(before);
  });

  it('takes nothing back when nothing failed', async () => {
    const id = await submit(['a', 'b']);
    expect(await acme.ended(id)).toMatchObject({ status: 'completed', counts: { settled: 2 } });
    expect(await reversalsOf(id)).toEqual([]);
  });

  it.each([
    ['failed', '1.00'],
    ['settled', '0.00'],
  ] as const)('waits for a person where the rail refuses, who says that it %s', async (outcome, lost) => {
    const before = await acme.balance();
    const id = await submit(['sandbox:irreversible', 'b', 'sandbox:reject:AC04']);
    const stuck = await eventually(
      async () => {
        const [reversal] = await reversalsOf(id);
        return reversal?.counts.manual_review === 1 && reversal.counts.settled === 1 && reversal;
      },
      { what: 'the reversal to wait for a person' },
    );
    expect(await read(id)).toMatchObject({ status: 'reversing', completed_at: null, counts: { settled: 2 } });
    expect(verdict(await post(`/bulk-requests/${id}/cancel`))).toEqual([409, 'invalid_state']);
    expect(verdict(await post(`/bulk-requests/${stuck.id}/cancel`))).toEqual([409, 'invalid_state']);
    const [refused] = (await transfersOf(stuck.id)).filter((transfer) => transfer.status === 'manual_review');
    expect(refused).toMatchObject({ line: 0, failure: { code: 'NOOR' } });
    expect(verdict(await post(`/transfers/${refused?.id}/cancel`))).toEqual([409, 'in_flight']);

    const evidence = 'Agreed with the bank on the telephone';
    const resolved = await post(`/transfers/${refused?.id}/resolve`, { outcome, evidence });
    expect([resolved.status, resolved.body.status]).toEqual([200, outcome]);
    expect(await acme.ended(id)).toMatchObject({ status: 'reversed' });
    expect((await read(stuck.id)).status).toBe(outcome === 'settled' ? 'completed' : 'partially_completed');
    const after = await acme.balance();
    expect((Number(before.posted) - Number(after.posted)).toFixed(2)).toBe(lost);
    expect(after.reserved).toBe(before.reserved);
    await expect(proofOf(stuck.id)).resolves.toMatchObject({ balanced: true });
  });
});
