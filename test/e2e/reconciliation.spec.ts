import { newId } from '../../src/domain/ids.js';
import { createApiKey, createOrganization } from '../factories/organizations.js';
import { bulkOf, line } from '../factories/submissions.js';
import { type Acme, startAcme } from '../support/acme.js';
import { eventually } from '../support/eventually.js';
import { bookStranger, tamper } from '../support/reconciliation-steps.js';
import type { ApiAnswer } from '../support/test-api.js';

type Body = Record<string, unknown>;

describe('reconciliation over HTTP', () => {
  let acme: Acme;
  let otherKey: string;
  beforeAll(async () => {
    acme = await startAcme({}, { workerEnv: { RAIL_VISIBILITY_HORIZON_MS: '0' } });
    const { id: organizationId } = await createOrganization(acme.api.app);
    ({ secret: otherKey } = await createApiKey(acme.api.app, { organizationId }));
  });
  afterAll(() => acme.close());

  const period = (): { from: string; to: string } => {
    const to = new Date();
    return { from: new Date(to.getTime() - 3_600_000).toISOString(), to: to.toISOString() };
  };
  const asPlatform = (path: string, body?: object, headers: Record<string, string> = {}): Promise<ApiAnswer> =>
    acme.api.call(path, { key: acme.api.adminKey, headers, ...(body && { method: 'POST' as const, body }) });
  const dataOf = (answer: ApiAnswer): Body[] => answer.body['data'] as Body[];
  const breaks = async (query = ''): Promise<Body[]> => dataOf(await acme.call(`/reconciliation/breaks${query}`));

  /** The run, once a worker has made it. */
  async function ended(answer: ApiAnswer, key = acme.key): Promise<Body> {
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ status: 'running', trigger: 'requested', ended_at: null, invariants: null });
    const location = String(answer.headers['location']);
    expect(location).toBe(`/api/v1/reconciliation/runs/${String(answer.body['id'])}`);
    return eventually(
      async () => {
        const { body } = await acme.api.call(location.replace('/api/v1', ''), { key });
        return body['status'] !== 'running' && body;
      },
      { what: 'the run to end' },
    );
  }
  const reconcile = async (): Promise<Body> =>
    ended(await acme.post('/reconciliation/runs', { rail: 'sandbox', ...period() }));

  it('goes from a run over its breaks to their resolution', async () => {
    const { id } = await acme.submit(
      bulkOf(
        line({ amount: '10.00' }),
        line({ amount: '20.00', description: 'sandbox:reject:AC04' }),
        line({ amount: '30.00' }),
      ),
    );
    await acme.ended(id);
    await tamper(acme.api.app, id, 0, 'amount_minor = 1001');
    await tamper(acme.api.app, id, 1, `status = 'settled', reason_code = NULL`);
    const run = await reconcile();
    expect(run).toMatchObject({
      status: 'completed',
      organization_id: acme.organizationId,
      rail: 'sandbox',
      statement_lines: 3,
      new_lines: 3,
      matched: 1,
      evidence: 1,
      breaks_opened: 1,
      failure: null,
      invariants: { kept: true, checks: expect.arrayContaining([{ check: 'settlement_booked_once', violations: 0 }]) },
    });
    const status = await eventually(async () => (await breaks('?class=status'))[0], { what: 'the contradiction' });
    expect(status).toMatchObject({
      class: 'status',
      status: 'open',
      source: 'evidence',
      organization_id: acme.organizationId,
      bulk_request_id: id,
      amount: '20.00',
      currency: 'EUR',
      suspense: '-20.00',
      expected: 'failed, 20.00 EUR',
      later_findings: [],
      resolution: null,
    });
    const [amount] = await breaks('?class=amount&status=open&rail=sandbox');
    expect(amount).toMatchObject({ run_id: run['id'], amount: '10.01', suspense: '0.00', rail_id: expect.any(String) });
    await expect(breaks('?status=resolved')).resolves.toEqual([]);

    const assigned = await acme.post(`/reconciliation/breaks/${String(amount?.['id'])}/assign`, { assignee: 'Ann' });
    expect(assigned).toMatchObject({ status: 200, body: { status: 'assigned', assignee: 'Ann' } });
    const path = `/reconciliation/breaks/${String(status['id'])}`;
    const refused = await acme.post(`${path}/resolve`, { resolution: 'no_action', note: 'Nothing to do' });
    expect(refused).toMatchObject({ status: 422, body: { code: 'suspense_not_empty' } });
    const charge = { resolution: 'charged_to_debtor', note: 'The payee was paid after all' };
    const before = await acme.balance();
    const key = { 'idempotency-key': newId() };
    const resolved = await acme.post(`${path}/resolve`, charge, key);
    expect(resolved).toMatchObject({
      status: 200,
      body: { status: 'resolved', resolution: 'charged_to_debtor', note: charge.note, resolved_by: expect.any(String) },
    });
    const after = await acme.balance();
    expect(Number(before.posted) - Number(after.posted)).toBeCloseTo(20);
    const replayed = await acme.post(`${path}/resolve`, charge, key);
    expect(replayed).toMatchObject({ status: 200, headers: { 'idempotent-replayed': 'true' }, text: resolved.text });
    const again = await acme.post(`${path}/resolve`, charge);
    expect(again).toMatchObject({ status: 409, body: { code: 'invalid_state', current_status: 'resolved' } });
    await expect(acme.balance()).resolves.toEqual(after);
    await expect(acme.call(path)).resolves.toMatchObject({ status: 200, body: { status: 'resolved' } });
    const entries = await acme.call(`/accounts/${acme.accountId}/entries?limit=1`);
    expect(dataOf(entries)).toMatchObject([
      { kind: 'correction', direction: 'debit', amount: '20.00', reference: status['id'], transfer_id: null },
    ]);
  });

  it('keeps what is another organization’s to itself', async () => {
    await reconcile();
    const [run] = dataOf(await acme.call('/reconciliation/runs'));
    const { id } = await acme.submit(bulkOf(line({ amount: '11.00' })));
    await acme.ended(id);
    await tamper(acme.api.app, id, 0, 'amount_minor = 1');
    await reconcile();
    const [found] = await breaks('?class=amount&limit=1');
    const asOther = (path: string, body?: object) =>
      acme.api.call(path, { key: otherKey, ...(body && { method: 'POST' as const, body }) });
    for (const path of ['/reconciliation/runs', '/reconciliation/breaks']) {
      await expect(asOther(path)).resolves.toMatchObject({ status: 200, body: { data: [], has_more: false } });
    }
    const notFound = { status: 404, body: { code: 'not_found' } };
    await expect(asOther(`/reconciliation/runs/${String(run?.['id'])}`)).resolves.toMatchObject(notFound);
    const path = `/reconciliation/breaks/${String(found?.['id'])}`;
    await expect(asOther(path)).resolves.toMatchObject(notFound);
    await expect(asOther(`${path}/assign`, { assignee: 'Eve' })).resolves.toMatchObject(notFound);
    await expect(asOther(`${path}/resolve`, { resolution: 'no_action', note: 'Not mine' })).resolves.toMatchObject(
      notFound,
    );
    const own = await ended(await asOther('/reconciliation/runs', { rail: 'sandbox', ...period() }), otherKey);
    expect(own).toMatchObject({ statement_lines: 0, matched: 0, breaks_opened: 0 });
  });

  it('shows the platform everything, and what is nobody’s; and one organization when it names it', async () => {
    await bookStranger(acme.api.app, 'somebody-else');
    const answer = await asPlatform('/reconciliation/runs', { rail: 'sandbox', ...period() });
    expect(await ended(answer, acme.api.adminKey)).toMatchObject({ organization_id: null, status: 'completed' });
    const missing = dataOf(await asPlatform('/reconciliation/breaks?class=missing_here'));
    expect(missing).toMatchObject([
      { organization_id: null, reference: 'somebody-else', amount: '7.77', suspense: '0.00', transfer_id: null },
    ]);
    await expect(breaks('?class=missing_here')).resolves.toEqual([]);
    const named = await asPlatform('/reconciliation/breaks', undefined, { 'x-organization-id': acme.organizationId });
    expect(new Set(dataOf(named).map((one) => one['organization_id']))).toEqual(new Set([acme.organizationId]));
    const resolved = await asPlatform(`/reconciliation/breaks/${String(missing[0]?.['id'])}/resolve`, {
      resolution: 'no_action',
      note: 'Another customer of the bank',
    });
    expect(resolved).toMatchObject({ status: 200, body: { resolved_by: 'admin' } });
  });

  it('makes a run once per key', async () => {
    const body = { rail: 'sandbox', ...period() };
    const key = { 'idempotency-key': newId() };
    const first = await acme.post('/reconciliation/runs', body, key);
    const again = await acme.post('/reconciliation/runs', body, key);
    expect(again).toMatchObject({ status: 202, text: first.text, headers: { 'idempotent-replayed': 'true' } });
    await ended(first);
  });

  it('pages', async () => {
    const all = dataOf(await acme.call('/reconciliation/runs'));
    expect(all.length).toBeGreaterThanOrEqual(2);
    const first = await acme.call('/reconciliation/runs?limit=1');
    expect(first.body).toMatchObject({ has_more: true, data: [all[0]] });
    const second = await acme.call(`/reconciliation/runs?limit=1&cursor=${String(first.body['next_cursor'])}`);
    expect(dataOf(second)).toEqual([all[1]]);
  });

  it.each<[object, number, string, string]>([
    [{ rail: 'book' }, 400, 'invalid_request', 'enum'],
    [{ from: 'yesterday' }, 400, 'invalid_request', 'pattern'],
    [{ extra: 1 }, 400, 'invalid_request', 'unknown_field'],
    [{ to: '2999-01-01T00:00:00.000Z' }, 422, 'validation_failed', 'in_the_future'],
    [{ from: '2020-01-02T00:00:00Z', to: '2020-01-02T00:00:00Z' }, 422, 'validation_failed', 'empty_period'],
    [{ rail: 'http' }, 422, 'rail_not_configured', 'rail_not_configured'],
  ])('refuses a run of %o', async (change, status, code, field) => {
    const answer = await acme.post('/reconciliation/runs', { rail: 'sandbox', ...period(), ...change });
    expect(answer).toMatchObject({ status, body: { code, errors: [expect.objectContaining({ code: field })] } });
  });

  it('needs the scope operator', async () => {
    const { organizationId } = acme;
    const { secret: key } = await createApiKey(acme.api.app, { organizationId, scopes: ['transfers:read'] });
    for (const path of ['/reconciliation/runs', '/reconciliation/breaks']) {
      await expect(acme.api.call(path, { key })).resolves.toMatchObject({ status: 403, body: { code: 'forbidden' } });
    }
  });

  it('is watched by metrics', async () => {
    const { payload } = await acme.api.app.inject({ method: 'GET', url: '/metrics' });
    expect(payload).toMatch(/^reconciliation_breaks_open\{class="amount"\} \d+$/m);
    expect(payload).toMatch(/^reconciliation_last_run_age_seconds\{rail="sandbox"\} [\d.]+$/m);
    expect(payload).toContain('# TYPE reconciliation_runs_total counter');
  });
});
