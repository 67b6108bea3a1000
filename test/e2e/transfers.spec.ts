import type { TransferDetailDto, TransferDto } from '../../src/modules/transfers/http/transfers.dto.js';
import { createApiKey, createFundedAccount, createOrganization } from '../factories/organizations.js';
import { bulkOf, line } from '../factories/submissions.js';
import { ACME_DEBTOR, type Acme, startAcme } from '../support/acme.js';
import { ownerOf } from '../support/owner.js';
import { tablesWith } from '../support/plain-text.js';
import { eventually } from '../support/eventually.js';
import { against, invalid, verdict } from '../support/verdict.js';

const single = (change: object = {}): object => ({ ...ACME_DEBTOR, ...line(change) });

describe('a transfer', () => {
  let acme: Acme;
  beforeAll(async () => {
    acme = await startAcme();
  });
  afterAll(() => acme.close());

  const detail = async (id: string): Promise<TransferDetailDto> =>
    (await acme.call(`/transfers/${id}`)).body as unknown as TransferDetailDto;
  const reached = (id: string, status: string): Promise<TransferDetailDto> =>
    eventually(
      async () => {
        const transfer = await detail(id);
        return transfer.status === status && transfer;
      },
      { what: `transfer ${id} to be ${status}` },
    );

  describe('by itself', () => {
    it('is a bulk request of one line, answered as the transfer', async () => {
      const answer = await acme.post('/transfers', single({ client_transfer_id: 'inv-1', description: 'Invoice 1' }));
      expect(answer.status).toBe(202);
      const transfer = answer.body as unknown as TransferDto;
      expect(answer.headers.location).toBe(`/api/v1/transfers/${transfer.id}`);
      expect(transfer).toEqual({
        id: expect.any(String),
        bulk_request_id: expect.any(String),
        line: 0,
        client_transfer_id: 'inv-1',
        rail: 'sandbox',
        rail_reference: transfer.id.replaceAll('-', ''),
        status: 'pending',
        amount: '1.00',
        currency: 'EUR',
        counterparty: { name: 'John Doe', iban: 'DE89370400440532013000', bic: null },
        description: 'Invoice 1',
        purpose_code: null,
        failure: null,
        origin_transfer_id: null,
        attempts_made: 0,
        next_attempt_at: expect.any(String),
        created_at: expect.any(String),
        settled_at: null,
      });
      expect(await reached(transfer.id, 'settled')).toMatchObject({ next_attempt_at: null, attempts_made: 1 });
      expect(await acme.ended(transfer.bulk_request_id)).toMatchObject({ status: 'completed', transfer_count: 1 });
    });

    it('is made once under its idempotency key', async () => {
      const body = single({ client_transfer_id: 'once' });
      const first = await acme.post('/transfers', body, { 'idempotency-key': '"once"' });
      const again = await acme.post('/transfers', body, { 'idempotency-key': 'once' });
      expect(again.headers['idempotent-replayed']).toBe('true');
      expect([again.status, again.headers.location, again.text]).toEqual([202, first.headers.location, first.text]);
      const other = await acme.post('/transfers', single({ amount: '2.00' }), { 'idempotency-key': 'once' });
      expect(verdict(other)).toEqual([422, 'idempotency_key_reused']);
      const dup = await acme.post('/transfers', single({ client_transfer_id: 'no key' }));
      expect(dup.status).toBe(202);
      const same = await acme.post('/transfers', single({ client_transfer_id: 'no key' }));
      expect(verdict(same)).toEqual([409, 'duplicate_bulk_request']);
      expect(same.body.existing_id).toBe(dup.body.bulk_request_id);
      for (const { body: made } of [first, dup]) await acme.ended(made.bulk_request_id as string);
    });

    it('is found by its IBAN and replayed with it, though the database has that nowhere', async () => {
      const iban = 'GB33BUKB20201555555555';
      const made = await acme.post('/transfers', single({ counterparty_iban: iban }), { 'idempotency-key': 'sealed' });
      const id = made.body.id as string;
      await reached(id, 'settled');
      const { body: list } = await acme.call(`/transfers?counterparty_iban=${iban}`);
      expect((list.data as TransferDto[]).map((transfer) => [transfer.id, transfer.counterparty.iban])).toEqual([
        [id, iban],
      ]);
      const again = await acme.post('/transfers', single({ counterparty_iban: iban }), { 'idempotency-key': 'sealed' });
      expect([again.headers['idempotent-replayed'], again.text]).toEqual(['true', made.text]);
      expect(made.text).toContain(iban);
      expect(await tablesWith(ownerOf(acme.api.app), iban)).toEqual([]);
    });

    it('is refused with pointers into its own body', async () => {
      const before = await acme.rowCounts();
      const post = async (body: object): Promise<unknown[]> => verdict(await acme.post('/transfers', body));
      expect(await post(single({ amount: 1 }))).toEqual(invalid('/amount type'));
      expect(await post(single({ amount: '0' }))).toEqual(against('/amount zero_amount'));
      expect(await post(single({ counterparty_iban: 'DE00' }))).toEqual(against('/counterparty_iban iban_length'));
      expect(await post(single({ credit_transfers: [] }))).toEqual(invalid('/credit_transfers unknown_field'));
      expect(await post(single({ on_failure: 'stop' }))).toEqual(invalid('/on_failure unknown_field'));
      expect(await post(line())).toEqual(invalid('/organization_iban required', '/organization_bic required'));
      expect(await post(single({ amount: '99999999.00' }))).toEqual([422, 'insufficient_funds']);
      expect(await post(single({ rail: 'http' }))).toEqual([422, 'rail_not_configured', '/rail rail_not_configured']);
      expect(await acme.rowCounts()).toEqual(before);
    });

    it('needs its own scope, and is answered masked to who may not see IBANs', async () => {
      const { organizationId } = acme;
      const keyOf = async (scopes: ('transfers:write' | 'bulk-requests:write')[]): Promise<string> =>
        (await createApiKey(acme.api.app, { organizationId, scopes })).secret;
      const post = async (key: string) =>
        acme.call('/transfers', { method: 'POST', key, body: single({ amount: '1.23' }) });
      expect(verdict(await post(await keyOf(['bulk-requests:write'])))).toEqual([403, 'forbidden']);
      const answer = await post(await keyOf(['transfers:write']));
      expect(answer.status).toBe(202);
      expect(answer.body.counterparty).toMatchObject({ iban: 'DE89\u2022\u2022\u2022\u20223000' });
      await acme.ended(answer.body.bulk_request_id as string);
    });
  });

  it('to an account held here settles on the books', async () => {
    const { organizationId } = acme;
    const own = { organizationId, iban: 'DE02120300000000202051', amount: '1.00' };
    const { id: ownId } = await createFundedAccount(acme.api.app, own);
    const other = await createOrganization(acme.api.app);
    const theirs = { organizationId: other.id, iban: 'DE02500105170137075030', amount: '1.00' };
    const { id: theirId } = await createFundedAccount(acme.api.app, theirs);
    const asAdmin = { key: acme.api.adminKey, headers: { 'x-organization-id': other.id } };
    await acme.call(`/accounts/${theirId}/verify`, { method: 'POST', ...asAdmin });

    for (const { iban } of [own, theirs]) {
      const { body } = await acme.post('/transfers', single({ counterparty_iban: iban, amount: '2.50' }));
      expect(body.rail).toBe('book');
      await reached(body.id as string, 'settled');
    }
    expect(await acme.balance(ownId)).toEqual({ posted: '3.50', reserved: '0.00', available: '3.50' });
    await eventually(
      async () => {
        const { body } = await acme.call(`/accounts/${theirId}`, asAdmin);
        return (body.balance as { posted: string }).posted === '3.50';
      },
      { what: 'the other organization to be credited' },
    );
  });

  describe('tells what became of it', () => {
    const transfers: Record<string, TransferDetailDto> = {};

    beforeAll(async () => {
      const words = ['settles', 'retry:2', 'retry:99', 'reject:AC04', 'timeout', 'lost', 'accept', 'return'];
      const { id } = await acme.submit(bulkOf(...words.map((word) => line({ description: `sandbox:${word}` }))));
      expect(await acme.ended(id)).toMatchObject({ status: 'partially_completed', counts: { failed: 2 } });
      const { body } = await acme.call(`/bulk-requests/${id}/transfers`);
      for (const transfer of body.data as TransferDto[]) {
        const word = words[transfer.line] ?? '';
        transfers[word] = word === 'return' ? await reached(transfer.id, 'returned') : await detail(transfer.id);
      }
      const { counts, amounts } = await acme.ended(id);
      expect(counts).toMatchObject({ settled: 5, failed: 2, returned: 1 });
      expect(amounts).toEqual({ settled: '5.00', failed: '2.00', cancelled: '0.00', returned: '1.00', open: '0.00' });
    });

    const BUSY = ['pending', 'sandbox_busy'];
    const busyTimes = (count: number): string[][] => Array.from({ length: count }, () => BUSY);
    it.each<[string, string, (string | null)[][], string[]]>([
      ['settles', 'settled', [['settled', null]], ['acceptance pending', 'submission settled']],
      [
        'retry:2',
        'settled',
        [...busyTimes(2), ['settled', null]],
        ['acceptance pending', 'submission pending', 'submission pending', 'submission settled'],
      ],
      [
        'retry:99',
        'failed',
        [...busyTimes(7), ['failed', 'attempts_exhausted']],
        ['acceptance pending', ...Array<string>(7).fill('submission pending'), 'submission failed'],
      ],
      ['reject:AC04', 'failed', [['failed', 'AC04']], ['acceptance pending', 'submission failed']],
      [
        'timeout',
        'settled',
        [['in_doubt', 'timeout']],
        ['acceptance pending', 'submission in_doubt', 'inquiry settled'],
      ],
      [
        'lost',
        'settled',
        [
          ['in_doubt', 'timeout'],
          ['settled', null],
        ],
        ['acceptance pending', 'submission in_doubt', 'inquiry pending', 'submission settled'],
      ],
      ['accept', 'settled', [['submitted', null]], ['acceptance pending', 'submission submitted', 'inquiry settled']],
      ['return', 'returned', [['settled', null]], ['acceptance pending', 'submission settled', 'evidence returned']],
    ])('when the sandbox is told %s', (word, status, attempts, history) => {
      const transfer = transfers[word];
      expect(transfer?.status).toBe(status);
      expect(transfer?.attempts.map(({ outcome, code }) => [outcome, code])).toEqual(attempts);
      expect(transfer?.attempts.map(({ number }) => number)).toEqual(attempts.map((_, index) => index + 1));
      expect(transfer?.attempts_made).toBe(attempts.length);
      expect(transfer?.history.map((item) => `${item.source} ${item.status}`)).toEqual(history);
      const instants = transfer?.history.map(({ at }) => at) ?? [];
      expect([...instants].sort()).toEqual(instants);
      for (const { started_at, ended_at } of transfer?.attempts ?? []) {
        expect(Date.parse(started_at ?? '')).toBeLessThanOrEqual(Date.parse(ended_at ?? ''));
      }
    });

    it('with the reason of a failure, and of a return', () => {
      const reasons = Object.entries(transfers).map(([word, { failure }]) => [word, failure?.code ?? null]);
      expect(Object.fromEntries(reasons)).toEqual({
        settles: null,
        'retry:2': null,
        'retry:99': 'attempts_exhausted',
        'reject:AC04': 'AC04',
        timeout: null,
        lost: null,
        accept: null,
        return: 'AC04',
      });
    });

    it('with the time it settled, if it did', () => {
      const unsettled = Object.keys(transfers).filter((word) => transfers[word]?.settled_at === null);
      expect(unsettled.sort()).toEqual(['reject:AC04', 'retry:99']);
    });
  });
});
