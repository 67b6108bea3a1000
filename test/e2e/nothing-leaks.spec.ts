import { newId } from '../../src/domain/ids.js';
import { signRequest } from '../../src/platform/request-signing/index.js';
import { eventually } from '../support/eventually.js';
import { bulkOf, HOSTILE_REQUESTS, payment, spaced } from '../support/leaks/hostile-requests.js';
import { type Answer, LeakLab, type Sent } from '../support/leaks/leak-lab.js';
import { OWN, PAYEES, PERSONAL_DATA, STRAY } from '../support/leaks/made-up.js';
import { type Finding, LeakScanner } from '../support/leaks/needles.js';
import type { TestProcess } from '../support/processes.js';

/** Whom we pay and what we are called ourselves: docs/personal-data.md says that these are kept. No secret is, anywhere. */
const KEPT = [
  ...['transfers.counterparty_name', 'transfers.description', 'bulk_requests.metadata'],
  ...['accounts.name', 'accounts.iban'],
];
/** What people write for people, and are asked to write no names and no IBANs into. */
const FREE_TEXT = [
  ...['bank_transactions.reason', 'bulk_approvals.reason', 'kill_switches.reason', 'transfer_transitions.detail'],
  ...['transfers.failure_detail', 'audit_log.reason', 'idempotency_keys.key'],
];
const SAID = `${STRAY.name} says: not ${spaced(STRAY.iban)}`;
const OWN_DEBTOR = { organization_iban: OWN.iban, organization_bic: OWN.bic };
const PATIENCE_MS = 60_000;

describe('nothing of whom we pay, and no secret,', () => {
  let lab: LeakLab;
  let worker: TestProcess;
  const found = new Set<string>();

  beforeAll(async () => {
    lab = await LeakLab.start();
  });
  afterAll(() => lab.close());

  const must = async (status: number, path: string, sent?: Sent): Promise<Answer['body']> => {
    const answer = await lab.send(path, sent);
    expect({ path, ...answer }).toMatchObject({ path, status });
    return answer.body;
  };
  const submit = async (lines: unknown[], change: object = {}, headers = {}): Promise<string> =>
    String((await must(202, '/bulk-requests', { body: bulkOf(lines, change), headers })).id);
  const ends = (id: string, ...statuses: string[]) =>
    eventually(async () => statuses.includes(String((await lab.send(`/bulk-requests/${id}`)).body.status)), {
      what: `bulk request ${id} to be ${statuses.join(' or ')}`,
    });
  const inReview = (bulkId: string) =>
    eventually(
      async () => {
        const list = await must(200, `/transfers?status=manual_review&bulk_request_id=${bulkId}`);
        return (list.data as { id: string }[])[0]?.id;
      },
      { what: 'a line to be in manual review' },
    );
  const withAdmin = (body: object, method = 'PUT'): Sent => ({ key: lab.adminKey, method, body });

  const isKept = ({ kind, where }: Finding): boolean =>
    kind !== 'secret' && (KEPT.includes(where) || FREE_TEXT.includes(where));

  /** Looks at everything there is. What is found says what it is and where, and not what was written there. */
  async function look(when: string): Promise<void> {
    const scanner = new LeakScanner([...PERSONAL_DATA, ...lab.secrets]);
    for (const { where, text } of await lab.sources()) {
      for (const finding of scanner.scan(where, text)) {
        if (!isKept(finding)) found.add(`${finding.label}, ${finding.form}, in ${where}, ${when}`);
      }
    }
  }

  it('is told by requests that are refused', async () => {
    const taken: string[] = [];
    for (const { what, path = '/bulk-requests', method, body, headers = {} } of HOSTILE_REQUESTS) {
      const { status } = await lab.send(path, {
        headers,
        ...(method && { method }),
        ...(body !== undefined && { body }),
      });
      if (status < 400) taken.push(what);
    }
    expect(taken).toEqual([]);
  });

  it('is told by keys and tokens that open nothing', async () => {
    const reader = await lab.issueKey('reader', ['accounts:read']);
    const { id: revokedId, secret: revoked } = await lab.issueKey('revoked', ['accounts:read']);
    await must(204, `/organizations/${lab.organizationId}/api-keys/${revokedId}`, {
      key: lab.adminKey,
      method: 'DELETE',
    });
    const wrong = `trk_${'0'.repeat(16)}_${lab.secret('secret of a wrong key', 'WrongButStillSomebodysSecretAnyway0123456789')}`;
    const [good, bad] = [await lab.token('accounts:read'), `${await lab.token('admin')}x`];
    await must(200, '/accounts', { key: good });
    for (const key of [revoked, wrong, bad, STRAY.iban, lab.secret('not even a key')])
      await must(401, '/accounts', { key });
    await must(401, `/accounts?api_key=${wrong}`, { key: '' });
    await must(403, '/bulk-requests', { key: reader.secret, body: bulkOf([payment(0)]) });
    await must(404, '/accounts', { key: reader.secret, headers: { 'x-organization-id': newId() } });
    const rotated = `/organizations/${lab.organizationId}/api-keys/${reader.id}/rotate`;
    const { secret } = await must(201, rotated, withAdmin({ overlap_seconds: 60 }, 'POST'));
    lab.secret('secret of a rotated key', String(secret).split('_').slice(2).join('_'));
  });

  it('is told by requests that are signed', async () => {
    const key = await lab.issueKey('signing', ['accounts:read'], { require_signature: true });
    const parts = {
      method: 'GET',
      target: '/api/v1/accounts',
      timestamp: String(Math.floor(Date.now() / 1_000)),
      nonce: newId(),
    };
    const signature = signRequest(key.signing_secret ?? '', parts);
    const headers = {
      'x-tranche-timestamp': parts.timestamp,
      'x-tranche-nonce': parts.nonce,
      'x-tranche-signature': signature,
    };
    await must(200, '/accounts', { key: key.secret, headers });
    await must(401, '/accounts', { key: key.secret, headers });
    await must(401, '/accounts', { key: key.secret, headers: { ...headers, 'x-tranche-signature': STRAY.iban } });
    const event = { reference: STRAY.iban, status: 'settled', name: STRAY.name };
    await must(401, '/rails/http/events', {
      body: event,
      headers: { 'webhook-id': STRAY.iban, 'webhook-signature': 'v1,x' },
    });
  });

  it(
    'is told by payments, however they end',
    async () => {
      worker = await lab.worker();
      const scripts = ['sandbox:reject:AC04', 'sandbox:timeout', 'sandbox:accept', 'sandbox:return', 'sandbox:retry:1'];
      const lines = [...PAYEES.keys()].map((index) => payment(index));
      const scripted = scripts.map((description, index) => payment(index, { description }));
      const headers = { 'idempotency-key': STRAY.iban, 'x-request-id': STRAY.iban.toLowerCase() };
      const mixed = await submit([...lines, ...scripted], { metadata: { payee: STRAY.name } }, headers);
      await submit([...lines, ...scripted], { metadata: { payee: STRAY.name } }, headers); // replayed
      await must(422, '/bulk-requests', { body: bulkOf(lines), headers });
      const partial = await submit(
        [payment(0), payment(1, { counterparty_iban: STRAY.name }), payment(2, { amount: '0' })],
        {
          validation: 'partial',
        },
      );
      const overHttp = await submit(lines, { rail: 'http' }, { 'x-request-id': `pay.${STRAY.iban}` });
      const { id: single } = await must(202, '/transfers', {
        body: { ...OWN_DEBTOR, ...payment(3, { amount: '7.00' }) },
      });
      await must(200, `/transfers/${String(single)}`);
      await must(200, `/transfers?counterparty_iban=${PAYEES[0].iban.toLowerCase()}`);
      for (const id of [mixed, partial, overHttp]) await ends(id, 'completed', 'partially_completed');
      await must(202, `/bulk-requests/${mixed}/retry-failed`, { method: 'POST' });
      await must(200, `/bulk-requests/${mixed}/proof`);
      await must(409, `/bulk-requests/${mixed}/cancel`, { method: 'POST' });
    },
    PATIENCE_MS,
  );

  it(
    'is told by what people do about them',
    async () => {
      const lost = await submit([payment(4, { description: 'sandbox:lost' })]);
      const line = await inReview(lost);
      await must(409, `/transfers/${line}/cancel`, { method: 'POST' });
      await must(200, `/transfers/${line}/resolve`, { body: { outcome: 'failed', evidence: SAID } });
      const reversed = await submit(
        [payment(1, { description: 'sandbox:irreversible' }), payment(2, { description: 'sandbox:reject:AC04' })],
        { on_failure: 'reverse' },
      );
      await ends(reversed, 'failed', 'partially_completed', 'reversing', 'completed');
      await must(200, '/kill-switches/organization', { method: 'PUT', body: { engaged: true, reason: SAID } });
      const stopped = await submit([payment(3), payment(4)]);
      await must(200, `/bulk-requests/${stopped}/pause`, { method: 'POST' });
      await must(200, `/bulk-requests/${stopped}/cancel`, { method: 'POST' });
      await look('while a kill switch is engaged');
      await must(200, '/kill-switches/organization', { method: 'PUT', body: { engaged: false } });
      const correction = { dst_account_id: lab.accountId, amount: '1.00', direction: 'credit', reason: SAID };
      await must(201, '/bank-transactions', { body: correction });
      const run = { rail: 'sandbox', from: '2026-01-01T00:00:00.000Z', to: new Date().toISOString() };
      await must(202, '/reconciliation/runs', { key: lab.adminKey, body: run });
    },
    PATIENCE_MS,
  );

  it(
    'is told by approvals and limits',
    async () => {
      const ofOrganization = `/organizations/${lab.organizationId}`;
      const approval = {
        ...{ amount_over: [], transfer_count_over: 0, new_counterparties_over: null },
        ...{ approvers: 1, expires_after_hours: 24 },
      };
      await must(
        200,
        `${ofOrganization}/payment-policy`,
        withAdmin({ approval, duplicate_policy: 'warn', version: 0 }),
      );
      const approver = (await lab.issueKey('approver', ['bulk-requests:approve'])).secret;
      const [approved, rejected] = [await submit([payment(0)]), await submit([payment(5), payment(1)])];
      const { payload_hash: hash } = await must(200, `/bulk-requests/${approved}/approval`);
      await must(403, `/bulk-requests/${approved}/approve`, { body: { payload_hash: hash } });
      await must(400, `/bulk-requests/${approved}/approve`, { key: approver, body: { payload_hash: STRAY.iban } });
      await must(200, `/bulk-requests/${approved}/approve`, { key: approver, body: { payload_hash: hash } });
      await must(200, `/bulk-requests/${rejected}/reject`, { key: approver, body: { reason: SAID } });
      const limit = { account_id: null, currency: 'EUR', per: 'bulk', max_amount: '5.00', max_count: null };
      await must(200, `${ofOrganization}/limits`, withAdmin({ limits: [limit], version: 0 }));
      await must(422, '/bulk-requests', { body: bulkOf([payment(0, { amount: '5.01' })]) });
      const none = withAdmin({ approval: null, duplicate_policy: 'warn', version: 1 });
      await must(200, `${ofOrganization}/payment-policy`, none);
    },
    PATIENCE_MS,
  );

  it('is told by a database that breaks, and lines that do not open', async () => {
    // A constraint that our code knows nothing of: it fails while a name is in its hands.
    const refuse = `ALTER TABLE transfers ADD CONSTRAINT no_such_payee CHECK (counterparty_name <> '${PAYEES[3].name}') NOT VALID`;
    await lab.owner.query(refuse);
    await must(500, '/bulk-requests', { body: bulkOf([payment(3)]) });
    await lab.owner.query(`ALTER TABLE transfers DROP CONSTRAINT no_such_payee`);
    lab.proxy.cutNextCommit('before', 'INSERT INTO bulk_requests');
    expect((await lab.send('/bulk-requests', { body: bulkOf([payment(2)]) })).status).toBeGreaterThanOrEqual(500);
    const { data } = (await must(200, '/transfers?limit=1')) as { data: { id: string }[] };
    const id = data[0]?.id ?? '';
    await lab.owner.query(
      `UPDATE transfers SET counterparty_iban_sealed = set_byte(counterparty_iban_sealed, 40, 255 - get_byte(counterparty_iban_sealed, 40)) WHERE id = $1`,
      [id],
    );
    await must(500, `/transfers/${id}`);
  });

  it(
    'is told by a worker that dies',
    async () => {
      const slow = await submit([payment(0, { description: 'sandbox:slow:2000' }), payment(1)]);
      const isSent = async () => {
        const { counts } = await must(200, `/bulk-requests/${slow}/status`);
        return (counts as { submitting: number }).submitting > 0;
      };
      await eventually(isSent, { what: 'the lines to be sent' });
      await worker.kill();
      await submit([payment(2), payment(3)], { priority: 'urgent' });
      await look('while no worker runs');
      worker = await lab.worker();
      await ends(slow, 'completed', 'partially_completed', 'failed');
    },
    PATIENCE_MS,
  );

  it('is told by the audit log, or to who guesses keys', async () => {
    const { data } = (await must(200, '/audit-log?limit=100')) as { data: unknown[] };
    const scanner = new LeakScanner(PERSONAL_DATA);
    expect(scanner.scan('the audit log', JSON.stringify(data)).filter(({ kind }) => kind === 'iban')).toEqual([]);
    await must(200, '/audit-log/verify');
    const statuses: number[] = [];
    for (let n = 0; n < 40 && !statuses.includes(429); n++) {
      const key = `trk_${'1'.repeat(16)}_${String(n).padStart(43, 'x')}`;
      statuses.push((await lab.send('/accounts', { key })).status);
    }
    expect(statuses).toContain(429);
  });

  it('is found in logs, metrics, Redis, errors or tables afterwards', async () => {
    await look('at the end');
    expect([...found]).toEqual([]);
    const statuses = new Set(lab.refusals.map(({ status }) => status));
    expect([...statuses].sort()).toEqual(expect.arrayContaining([400, 401, 403, 404, 409, 413, 415, 422, 429, 500]));
  });

  it('would be found, wherever it were', async () => {
    const { redis, owner } = lab;
    const [text] = lab.secrets.map((secret) => secret.text);
    const planted = String(text);
    await redis.set(`planted-key-${planted}`, '');
    await redis.set('planted-string', planted);
    await redis.rpush('planted-list', planted);
    await redis.sadd('planted-set', planted);
    await redis.zadd('planted-zset', 1, planted);
    await redis.hset('planted-hash', 'a', planted);
    await redis.xadd('planted-stream', '*', 'a', planted);
    await owner.query(`CREATE TABLE planted (a text, b jsonb, c bytea, d text[])`);
    const values = [planted, JSON.stringify({ a: planted }), Buffer.from(planted), [planted]];
    await owner.query(`INSERT INTO planted VALUES ($1, $2, $3, $4)`, values);
    const sources = await lab.sources();
    const scanner = new LeakScanner(lab.secrets);
    const places = new Set(
      sources.flatMap((source) => scanner.scan(source.where, source.text)).map(({ where }) => where),
    );
    const inRedis = ['string', 'list', 'set', 'zset', 'hash', 'stream'].map((type) => `Redis planted-${type}`);
    const columns = ['a', 'b', 'c', 'd'].map((column) => `planted.${column}`);
    const everywhere = [`Redis planted-key-${planted}`, 'command to Redis', ...inRedis, ...columns];
    expect([...places].sort()).toEqual(everywhere.sort());
    const looked = new Set(sources.map(({ where }) => where));
    for (const process of ['main.api.js', 'main.worker.js']) {
      expect([...looked]).toEqual(expect.arrayContaining([`log of ${process}`, `metrics of ${process}`]));
    }
  });
});
