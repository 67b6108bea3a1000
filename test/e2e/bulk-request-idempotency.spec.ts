import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { createApiKey, createFundedAccount, createOrganization, moveBankMoney } from '../factories/organizations.js';
import { bulk, bulkOf, line, lines, unlike } from '../factories/submissions.js';
import { ACME_BIC, ACME_IBAN, type Acme, startAcme } from '../support/acme.js';
import { eventually } from '../support/eventually.js';
import type { ApiAnswer } from '../support/test-api.js';
import { verdict } from '../support/verdict.js';
import { ownerOf } from '../support/owner.js';

describe('a bulk request sent again', () => {
  let acme: Acme;
  beforeAll(async () => {
    acme = await startAcme({}, { working: false });
  });
  afterAll(() => acme.close());

  const keyed = (key: string) => ({ 'idempotency-key': key });
  const post = (body: object, headers?: Record<string, string>, path = '/bulk-requests'): Promise<ApiAnswer> =>
    acme.post(path, body, headers);
  const bulkCount = async (): Promise<number> => (await acme.rowCounts()).bulk_requests ?? 0;

  function expectReplay(again: ApiAnswer, first: ApiAnswer): void {
    expect(first.headers).not.toHaveProperty('idempotent-replayed');
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect([again.status, again.headers.location, again.text]).toEqual([
      first.status,
      first.headers.location,
      first.text,
    ]);
    expect(again.headers['content-type']).toBe(first.headers['content-type']);
  }

  it('with its key gets its first answer, byte for byte, with or without quotes and at both addresses', async () => {
    const body = bulk(unlike('key'));
    const first = await post(body, keyed('salaries-06'));
    expect(first.status).toBe(202);
    const before = await acme.rowCounts();
    expectReplay(await post(body, keyed('salaries-06')), first);
    expectReplay(await post(body, keyed('"salaries-06"')), first);
    expectReplay(await post(body, keyed('salaries-06'), '/transfers/bulk'), first);
    expect(await acme.rowCounts()).toEqual(before);
  });

  it('gets its first answer also when its fields come in another order', async () => {
    const body = bulk(unlike('order'));
    const first = await post(body, keyed('order'));
    const reordered = Object.fromEntries(Object.entries(body).reverse());
    expectReplay(await post(reordered, keyed('order')), first);
  });

  it('with its request_id gets its first answer, in either case', async () => {
    const request_id = randomUUID();
    const first = await post(bulk({ request_id }));
    expect(first.body.request_id).toBe(request_id);
    expectReplay(await post(bulk({ request_id })), first);
    expectReplay(await post(bulk({ request_id }), {}, '/transfers/bulk'), first);
    expect(verdict(await post(bulk({ request_id, ...unlike('other') })))).toEqual([422, 'idempotency_key_reused']);
  });

  it('with both gets its first answer only when both are those of the first call', async () => {
    const request_id = randomUUID();
    const body = bulk({ request_id });
    const first = await post(body, keyed('both'));
    expectReplay(await post(body, keyed('both')), first);
    expectReplay(await post(body), first);
    const before = await bulkCount();
    const reused = [422, 'idempotency_key_reused'];
    expect(verdict(await post(body, keyed('another')))).toEqual(reused);
    expect(verdict(await post(bulk({ request_id: randomUUID() }), keyed('both')))).toEqual(reused);
    expect(verdict(await post(bulk(unlike('both')), keyed('both')))).toEqual(reused);
    expect(await bulkCount()).toBe(before);
  });

  it('with its key and another body is refused', async () => {
    expect((await post(bulk(unlike('a')), keyed('reused'))).status).toBe(202);
    expect(verdict(await post(bulk(unlike('b')), keyed('reused')))).toEqual([422, 'idempotency_key_reused']);
    const another = { organization_iban: ACME_IBAN, organization_bic: ACME_BIC, ...line() };
    expect((await post(another, keyed('reused'), '/transfers')).status).toBe(202); // another operation
  });

  it('without any key is recognized by its content, which names the first one', async () => {
    const body = bulk(unlike('fingerprint'));
    const first = await post(body);
    expect(first.status).toBe(202);
    const before = await acme.rowCounts();
    for (const again of [await post(body), await post(body, {}, '/transfers/bulk')]) {
      expect(verdict(again)).toEqual([409, 'duplicate_bulk_request']);
      expect(again.body.existing_id).toBe(first.body.id);
    }
    expect(await acme.rowCounts()).toEqual(before);
    expect((await post(body, keyed('wanted-twice'))).status).toBe(202);
    expect((await post(bulk(unlike('fingerprint 2')))).status).toBe(202);
  });

  it('by another organization is another bulk request', async () => {
    const other = await createOrganization(acme.api.app);
    const { secret } = await createApiKey(acme.api.app, { organizationId: other.id });
    await createFundedAccount(acme.api.app, { organizationId: other.id, iban: ACME_IBAN, bic: ACME_BIC });
    const body = bulk({ request_id: randomUUID() });
    const first = await post(body, keyed('shared'));
    const theirs = await acme.call('/bulk-requests', { method: 'POST', key: secret, body, headers: keyed('shared') });
    expect(theirs.status).toBe(202);
    expect(theirs.headers).not.toHaveProperty('idempotent-replayed');
    expect(theirs.body.id).not.toBe(first.body.id);
  });

  it('is refused for ever under a request_id that was used, beyond the time its answer is kept', async () => {
    const body = bulk({ request_id: randomUUID() });
    const first = await post(body);
    await ownerOf(acme.api.app).execute(`UPDATE idempotency_keys SET expires_at = now() - interval '1 second'`);
    const again = await post(body);
    expect(verdict(again)).toEqual([409, 'duplicate_bulk_request']);
    expect(again.body.existing_id).toBe(first.body.id);
  });

  it('after a lack of funds gets the same answer under its key, and a new chance without one', async () => {
    const account = { organizationId: acme.organizationId, amount: '1.00' };
    const { id: accountId } = await createFundedAccount(acme.api.app, account);
    const body = { debtor_account_id: accountId, credit_transfers: [line({ amount: '2.00' })] };
    const before = await acme.rowCounts();
    const refused = await post(body, keyed('broke'));
    expect(verdict(refused)).toEqual([422, 'insufficient_funds']);
    expect(await acme.rowCounts()).toEqual({ ...before, idempotency_keys: (before.idempotency_keys ?? 0) + 1 });
    expect(verdict(await post(body))).toEqual([422, 'insufficient_funds']);
    await moveBankMoney(acme.api.app, { ...account, accountId });
    const again = await post(body, keyed('broke'));
    expectReplay(again, refused);
    expect((await post(body)).status).toBe(202);
  });

  it('after a refusal of its form or its lines starts afresh under the same key', async () => {
    const request_id = randomUUID();
    const before = await acme.rowCounts();
    const bad = [line({ amount: 'x' }), line({ amount: '0' }), line({ counterparty_iban: 'XX00' })];
    for (const credit_transfer of bad) {
      const answer = await post(bulk({ request_id, credit_transfers: [credit_transfer] }), keyed('corrected'));
      expect([400, 422]).toContain(answer.status);
    }
    expect(await acme.rowCounts()).toEqual(before);
    expect((await post(bulk({ request_id }), keyed('corrected'))).status).toBe(202);
  });

  it.each(['a'.repeat(256), 'two words', '""', 'caf\u00e9'])('is refused with the key %j', async (key) => {
    expect(verdict(await post(bulk(unlike(key)), keyed(key)))).toEqual([400, 'invalid_idempotency_key']);
  });

  it('may have a key of 255 characters', async () => {
    expect((await post(bulk(unlike('long')), keyed('~'.repeat(255)))).status).toBe(202);
  });

  it('while the first is being accepted is told to come back, at once', async () => {
    const body = bulk({ request_id: randomUUID() });
    const client = new Client({ connectionString: acme.api.databaseUrl });
    await client.connect();
    try {
      // The first one stands still where it wants to reserve.
      await client.query('BEGIN');
      await client.query('SELECT 1 FROM accounts WHERE id = $1 FOR UPDATE', [acme.accountId]);
      const first = post(body, keyed('slow'));
      const waiting = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      await eventually(async () => (await client.query(waiting)).rowCount === 1, { what: 'the first to wait' });
      for (const early of await Promise.all([post(body, keyed('slow')), post(body)])) {
        expect(verdict(early)).toEqual([409, 'idempotency_in_progress']);
        expect(early.headers['retry-after']).toMatch(/^[1-9]\d*$/);
      }
      await client.query('ROLLBACK');
      const accepted = await first;
      expect(accepted.status).toBe(202);
      expectReplay(await post(body, keyed('slow')), accepted);
    } finally {
      await client.end();
    }
  });

  it('twenty times at once is accepted once', async () => {
    const body = bulkOf(...lines(20));
    const before = await bulkCount();
    const answers = await Promise.all(lines(20).map(() => post(body, keyed('parallel'))));
    const accepted = answers.filter(({ status }) => status === 202);
    const early = answers.filter(({ status }) => status === 409);
    expect(accepted.length).toBeGreaterThan(0);
    expect(accepted.length + early.length).toBe(20);
    expect(new Set(accepted.map(({ text }) => text)).size).toBe(1);
    expect(accepted.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1);
    for (const answer of early) expect(answer.body.code).toBe('idempotency_in_progress');
    expect(await bulkCount()).toBe(before + 1);
  });
});
