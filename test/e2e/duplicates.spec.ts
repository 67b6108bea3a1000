import type { BulkRequestDiffDto } from '../../src/modules/bulk-requests/http/bulk-request-diff.dto.js';
import { createApiKey } from '../factories/organizations.js';
import { bulk, bulkOf, line, lines, unlike } from '../factories/submissions.js';
import { type Acme, startAcme } from '../support/acme.js';
import { assertInvariants } from '../support/invariants.js';
import { ownerOf } from '../support/owner.js';
import { invalid, verdict } from '../support/verdict.js';

const ANN = { counterparty_name: 'Ann Example', counterparty_iban: 'DE02120300000000202051' };
const BOB = { counterparty_name: 'Bob Example', counterparty_iban: 'DE02500105170137075030' };
const EVE = { counterparty_name: 'Eve Example', counterparty_iban: 'DE88100900001234567892' };

describe('payments that look like others', () => {
  let acme: Acme;
  const open: string[] = [];
  let amount = 100;
  /** No other test pays it. */
  const nextAmount = (): string => `${amount++}.00`;
  beforeAll(async () => {
    acme = await startAcme();
  });
  afterAll(async () => {
    await assertInvariants(ownerOf(acme.api.app), { open });
    await acme.close();
  });

  const pay = async (change: object, values: object = {}) =>
    acme.ended((await acme.submit({ ...bulkOf(line(change)), ...values })).id);
  const idOf = async (bulkId: string): Promise<string> => {
    const { body } = await acme.call(`/bulk-requests/${bulkId}/transfers`);
    return (body as unknown as { data: { id: string }[] }).data[0]?.id ?? '';
  };

  describe('are told, and paid all the same', () => {
    it('when the counterparty was paid the same in the last days, with the transfer they look like', async () => {
      const change = { ...ANN, amount: nextAmount() };
      const first = await pay(change, { metadata: { run: '1' } });
      expect(first.warnings).toEqual([]);
      const again = await pay({ ...change, counterparty_name: 'A. Example' }, { metadata: { run: '2' } });
      const transferId = await idOf(first.id);
      const warnings = [`suspected_duplicate: /credit_transfers/0 looks like the transfer ${transferId}`];
      expect(again).toMatchObject({ status: 'completed', warnings, counts: { settled: 1 } });
    });

    it('when two lines of one request are alike, each but the first', async () => {
      const { status, warnings } = await pay(
        {},
        bulk({ credit_transfers: lines(3, () => ({ ...BOB, amount: '9.13' })) }),
      );
      const alike = (index: number) => `suspected_duplicate: /credit_transfers/${index} looks like /credit_transfers/0`;
      expect({ status, warnings }).toEqual({ status: 'completed', warnings: [alike(1), alike(2)] });
    });

    it('the first hundred of them by their lines, the others by their number', async () => {
      const values = bulk({ credit_transfers: lines(150, () => ({ ...EVE, amount: '0.17' })) });
      const { body } = await acme.post('/bulk-requests?dry_run=true', values);
      const { warnings } = body as unknown as { warnings: string[] };
      expect(warnings).toHaveLength(101);
      expect(warnings.at(-1)).toBe('suspected_duplicate: 49 more');
    });

    it.each<[string, object, object, object]>([
      ['of another amount', {}, { amount: '7.77' }, {}],
      ['for another purpose', { purpose_code: 'SALA' }, { purpose_code: 'BONU' }, {}],
      ['for another period', {}, {}, { metadata: { period: '2026-12' } }],
    ])('but not those %s', async (_, first, second, values) => {
      const change = { ...EVE, amount: nextAmount() };
      await pay({ ...change, ...first }, { metadata: { period: '2026-11' } });
      const { warnings } = await pay({ ...change, ...second }, { metadata: { period: '2026-11' }, ...values });
      expect(warnings).toEqual([]);
    });

    it('and not those whose payment failed', async () => {
      const change = { ...ANN, amount: nextAmount() };
      await pay({ ...change, description: 'sandbox:reject:AC04' });
      await expect(pay(change)).resolves.toMatchObject({ warnings: [], status: 'completed' });
    });
  });

  describe('are refused where the request says so', () => {
    it('with a pointer to each, and nothing is stored', async () => {
      const change = { ...BOB, amount: nextAmount() };
      await pay(change);
      const before = await acme.rowCounts();
      const answer = await acme.post('/bulk-requests', {
        ...bulkOf(line(EVE), line(change)),
        duplicate_policy: 'block',
      });
      expect(verdict(answer)).toEqual([422, 'suspected_duplicate', '/credit_transfers/1 suspected_duplicate']);
      expect(await acme.rowCounts()).toEqual(before);
    });

    it('as a single transfer, too', async () => {
      const change = { ...BOB, amount: nextAmount() };
      await pay(change);
      const single = { ...line(change), ...bulk(), credit_transfers: undefined, duplicate_policy: 'block' };
      expect(verdict(await acme.post('/transfers', single))).toEqual([
        422,
        'suspected_duplicate',
        ' suspected_duplicate',
      ]);
    });

    it('unless somebody says why they are none, which the audit log keeps', async () => {
      const change = { ...BOB, amount: nextAmount() };
      await pay(change);
      const reason = 'Two shifts in one week';
      const paid = await pay(change, { duplicate_policy: 'block', duplicate_override_reason: reason });
      expect(paid).toMatchObject({ status: 'completed', warnings: [expect.stringMatching(/^suspected_duplicate: /)] });
      const { body } = await acme.call(`/audit-log?action=bulk_request.duplicates_overridden&resource_id=${paid.id}`);
      expect(body).toMatchObject({ data: [{ reason, after: { lines: 1 } }] });
    });
  });

  it('wait for somebody else where the request says so, whatever reason is given', async () => {
    const change = { ...ANN, amount: nextAmount() };
    await pay(change);
    const values = { duplicate_policy: 'hold', duplicate_override_reason: 'Believe me' };
    const held = await acme.submit({ ...bulkOf(line(change)), ...values });
    expect(held.status).toBe('awaiting_approval');
    const { body: approval } = await acme.call(`/bulk-requests/${held.id}/approval`);
    expect(approval).toMatchObject({ reasons: [{ code: 'suspected_duplicates', over: '0', actual: '1' }] });
    const scopes = ['bulk-requests:approve'] as const;
    const { secret } = await createApiKey(acme.api.app, { organizationId: acme.organizationId, scopes: [...scopes] });
    const { payload_hash: payloadHash } = approval as unknown as { payload_hash: string };
    const body = { payload_hash: payloadHash };
    const path = `/bulk-requests/${held.id}/approve`;
    expect((await acme.call(path, { method: 'POST', key: secret, body })).status).toBe(200);
    await expect(acme.ended(held.id)).resolves.toMatchObject({ status: 'completed' });
  });

  describe('are looked for again when failed lines are retried', () => {
    const REJECTED = { description: 'sandbox:reject:AC04' };
    const retry = (id: string, body?: object) =>
      acme.call(`/bulk-requests/${id}/retry-failed`, { method: 'POST', ...(body && { body }) });
    const setPolicy = async (duplicatePolicy: string): Promise<void> => {
      const path = `/organizations/${acme.organizationId}/payment-policy`;
      const platform = { key: acme.api.adminKey };
      const { body: current } = await acme.call('/payment-policy');
      const body = { approval: null, duplicate_policy: duplicatePolicy, version: current.version };
      expect((await acme.call(path, { ...platform, method: 'PUT', body })).status).toBe(200);
    };
    /** A bulk request that failed, and was then paid as another one. */
    const failedAndPaid = async (): Promise<{ failed: string; paid: string }> => {
      const change = { ...EVE, amount: nextAmount() };
      const { id: failed } = await pay({ ...change, ...REJECTED });
      return { failed, paid: await idOf((await pay(change)).id) };
    };
    afterAll(() => setPolicy('warn'));

    it('and are told, though not how the failed lines are like each other', async () => {
      const { failed, paid } = await failedAndPaid();
      const warnings = [`suspected_duplicate: /credit_transfers/0 looks like the transfer ${paid}`];
      expect(await retry(failed)).toMatchObject({ status: 202, body: { status: 'processing', warnings } });
      const alike = lines(2, () => ({ ...EVE, ...REJECTED, amount: '8.88' }));
      const { id, warnings: first } = await pay({}, bulk({ credit_transfers: alike }));
      expect(first).toHaveLength(1);
      expect(await retry(id)).toMatchObject({ status: 202, body: { warnings: [], transfer_count: 2 } });
    });

    it('are refused where the organization says so, unless somebody says why they are none', async () => {
      const { failed } = await failedAndPaid();
      await setPolicy('block');
      const before = await acme.rowCounts();
      const pointer = '/credit_transfers/0 suspected_duplicate';
      expect(verdict(await retry(failed))).toEqual([422, 'suspected_duplicate', pointer]);
      expect(await acme.rowCounts()).toEqual(before);
      const reason = 'The first payment was called back';
      const answer = await retry(failed, { duplicate_override_reason: reason });
      const told = { origin: { kind: 'retry' }, warnings: [expect.stringMatching(/^suspected_duplicate: /)] };
      expect(answer).toMatchObject({ status: 202, body: told });
      const id = String(answer.body.id);
      const { body } = await acme.call(`/audit-log?action=bulk_request.duplicates_overridden&resource_id=${id}`);
      expect(body).toMatchObject({ data: [{ reason, after: { lines: 1 } }] });
    });

    it('wait for somebody else where the organization says so', async () => {
      const { failed } = await failedAndPaid();
      await setPolicy('hold');
      const { status, body } = await retry(failed, { duplicate_override_reason: 'Believe me' });
      expect([status, body.status]).toEqual([202, 'awaiting_approval']);
      open.push(String(body.id));
    });

    it('one is paid when they come at the same moment as others', async () => {
      await setPolicy('block');
      const change = { ...EVE, amount: nextAmount() };
      const failed: { id: string }[] = [];
      for (const text of ['a', 'b', 'c']) failed.push(await pay({ ...change, ...REJECTED }, unlike(text)));
      // Else the one that is accepted may fail before the next one looks, which then rightly takes its place.
      const mend = `UPDATE transfers SET description = 'Salary' WHERE bulk_id = ANY($1::uuid[])`;
      await ownerOf(acme.api.app).execute(mend, [failed.map(({ id }) => id)]);
      const others = Array.from({ length: 3 }, (_, index) => ({ ...bulkOf(line(change)), ...unlike(`paid ${index}`) }));
      const answers = await Promise.all([
        ...failed.map(({ id }) => retry(id)),
        ...others.map((body) => acme.post('/bulk-requests', body)),
      ]);
      expect(answers.map(({ status }) => status).sort()).toEqual([202, ...Array<number>(5).fill(422)]);
    });

    it('but not with a reason that is none', async () => {
      const { id } = await pay({ ...EVE, ...REJECTED, amount: nextAmount() });
      expect(verdict(await retry(id, { duplicate_override_reason: '' }))).toEqual(
        invalid('/duplicate_override_reason too_short'),
      );
      expect(verdict(await retry(id, { reason: 'x' }))).toEqual(invalid('/reason unknown_field'));
    });
  });

  describe('see each other when they come at the same moment', () => {
    const AT_ONCE = 6;
    const submitAtOnce = (policy: string) => {
      const values = { ...bulkOf(line({ ...BOB, amount: nextAmount() })), duplicate_policy: policy };
      const bodies = Array.from({ length: AT_ONCE }, (_, index) => ({ ...values, ...unlike(`${policy} ${index}`) }));
      return Promise.all(bodies.map((body) => acme.post('/bulk-requests', body)));
    };

    it('one is paid, the others are refused where the request says so', async () => {
      const answers = await submitAtOnce('block');
      const refused = answers.filter(({ status }) => status !== 202);
      const pointer = '/credit_transfers/0 suspected_duplicate';
      expect(refused.map(verdict)).toEqual(Array(AT_ONCE - 1).fill([422, 'suspected_duplicate', pointer]));
    });

    it('one is paid without a warning', async () => {
      const answers = await submitAtOnce('warn');
      const told = answers.map(({ body }) => (body as unknown as { warnings: string[] }).warnings.length);
      expect(told.sort()).toEqual([0, ...Array<number>(AT_ONCE - 1).fill(1)]);
    });

    it('one is paid at once, the others wait for somebody else', async () => {
      const answers = await submitAtOnce('hold');
      const bulks = answers.map(({ body }) => body as unknown as { id: string; status: string });
      const waiting = bulks.filter(({ status }) => status === 'awaiting_approval');
      expect(waiting).toHaveLength(AT_ONCE - 1);
      open.push(...waiting.map(({ id }) => id));
      for (const { id } of waiting) {
        const { body } = await acme.call(`/bulk-requests/${id}/approval`);
        expect(body).toMatchObject({ reasons: [{ code: 'suspected_duplicates', over: '0', actual: '1' }] });
      }
    });
  });

  describe('and the difference to the last payroll', () => {
    const PAYROLL = { metadata: { kind: 'payroll' } };
    const diffOf = async (id: string, query = ''): Promise<BulkRequestDiffDto> => {
      const { secret } = await createApiKey(acme.api.app, {
        organizationId: acme.organizationId,
        scopes: ['bulk-requests:read', 'transfers:read'],
      });
      const { status, body } = await acme.call(`/bulk-requests/${id}/diff${query}`, { key: secret });
      expect(status).toBe(200);
      return body as unknown as BulkRequestDiffDto;
    };

    it('names who is new, missing, at another IBAN, or paid another amount, with masked IBANs', async () => {
      const before = bulkOf(
        line({ ...ANN, amount: '1000.00' }),
        line({ ...BOB, amount: '2000.00' }),
        line({ counterparty_name: 'Zoe', counterparty_iban: 'FR7630006000011234567890189', amount: '5.00' }),
      );
      const first = await acme.submit({ ...before, ...PAYROLL });
      const now = bulkOf(
        line({ ...ANN, amount: '1000.00' }),
        line({ ...BOB, amount: '2300.00' }),
        line({ counterparty_name: 'zoe', counterparty_iban: 'GB82WEST12345698765432', amount: '5.00' }),
        line({ ...EVE, amount: '10.00' }),
      );
      const second = await acme.submit({ ...now, ...PAYROLL });
      await Promise.all([first, second].map(({ id }) => acme.ended(id)));
      const diff = await diffOf(second.id, '?tolerance_percent=10');
      expect(diff).toMatchObject({
        current: { id: second.id, transfer_count: 4 },
        previous: { id: first.id, total_amount: '3005.00' },
        currency: 'EUR',
        unchanged: 1,
        new_counterparties: { count: 1, counterparties: [{ name: 'Eve Example', line: 3, iban: 'DE88••••7892' }] },
        missing_counterparties: { count: 0 },
        changed_ibans: {
          count: 1,
          counterparties: [{ previous: { iban: 'FR76••••0189' }, current: { iban: 'GB82••••5432' } }],
        },
        changed_amounts: {
          count: 1,
          counterparties: [{ previous: { amount: '2000.00' }, current: { amount: '2300.00' } }],
        },
      });
      await expect(diffOf(second.id, '?tolerance_percent=15')).resolves.toMatchObject({ unchanged: 2 });
    });

    it('compares with the one that is asked for, and without any everybody is new', async () => {
      const other = await acme.submit({ ...bulkOf(line(ANN)), metadata: { kind: 'refunds' } });
      await acme.ended(other.id);
      await expect(diffOf(other.id)).resolves.toMatchObject({ previous: null, new_counterparties: { count: 1 } });
      await expect(diffOf(other.id, `?previous_id=${other.id}`)).resolves.toMatchObject({ unchanged: 1 });
      const missing = await acme.call(`/bulk-requests/${other.id}/diff?previous_id=${acme.accountId}`);
      expect(verdict(missing)).toEqual([404, 'not_found']);
    });
  });
});
