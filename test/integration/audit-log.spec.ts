import { Client } from 'pg';
import { AuditTrail, AuditTrailModule, type AuditNote } from '../../src/modules/audit/index.js';
import { VerifyChains } from '../../src/modules/audit/application/verify-chains.js';
import { AuditLogRepository } from '../../src/modules/audit/persistence/audit-log.repository.js';
import { newId } from '../../src/domain/ids.js';
import {
  DISCOVERY,
  ofOrganization,
  PLATFORM,
  type Queryable,
  type Tx,
  UnitOfWork,
} from '../../src/platform/database/index.js';
import { RefusalRecorder } from '../../src/platform/http/index.js';
import { actAs, setLogLevel, withRequestId } from '../../src/platform/logging/index.js';
import { ownerOf } from '../support/owner.js';
import { startFeatures, type TestFeatures } from '../support/test-features.js';
import { startTestWorker } from '../support/test-worker.js';

describe('the audit log', () => {
  let features: TestFeatures;
  let unitOfWork: UnitOfWork;
  let database: Queryable;
  let trail: AuditTrail;
  let chains: VerifyChains;
  let log: AuditLogRepository;
  beforeAll(async () => {
    setLogLevel('silent');
    features = await startFeatures([
      { module: class Audit {}, imports: [AuditTrailModule], providers: [VerifyChains] },
    ]);
    unitOfWork = features.app.get(UnitOfWork);
    database = ownerOf(features.app);
    trail = features.app.get(AuditTrail, { strict: false });
    chains = features.app.get(VerifyChains, { strict: false });
    log = features.app.get(AuditLogRepository, { strict: false });
  });
  afterAll(() => features.close());

  const noteOf = (organizationId: string | null, id = newId()): AuditNote => ({
    organizationId,
    action: 'account.status_changed',
    resource: { type: 'account', id },
    before: { status: 'active' },
    after: { status: 'frozen', nested: { b: [1, 'x'], a: null } },
  });
  const write = (organizationId: string | null, count = 1, also?: (tx: Tx) => Promise<void>): Promise<void> =>
    unitOfWork.run(PLATFORM, async (tx) => {
      for (let i = 0; i < count; i++) trail.record(tx, noteOf(organizationId));
      await also?.(tx);
    });
  const entriesOf = (organizationId: string | null) =>
    log.listChain(database, organizationId, 'changes', { after: null, through: 10_000, limit: 10_000 });
  const sequencesOf = async (organizationId: string | null) =>
    (await entriesOf(organizationId)).map(({ sequence }) => sequence);
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

  it('has no gap and no fork under twenty writers, and verifies', async () => {
    const organizationId = newId();
    await Promise.all(Array.from({ length: 20 }, (_, index) => write(organizationId, 1 + (index % 3))));
    const count = Array.from({ length: 20 }, (_, index) => 1 + (index % 3)).reduce((sum, one) => sum + one);
    await expect(sequencesOf(organizationId)).resolves.toEqual(upTo(count));
    const { checked, firstBroken, heads } = await chains.verify(organizationId, null);
    const last = (await entriesOf(organizationId)).at(-1);
    expect({ checked, firstBroken }).toEqual({ checked: count, firstBroken: null });
    expect(heads).toEqual([expect.objectContaining({ chain: 'changes', sequence: count, hash: last?.hash })]);
  });

  it('says who, for which request, what, before and after', async () => {
    const organizationId = newId();
    const keyId = newId();
    await withRequestId('req-1', () => {
      actAs({ kind: 'key', id: keyId, keyId });
      return write(organizationId);
    });
    await withRequestId('job-1', () => write(organizationId));
    await write(organizationId);
    const entries = await entriesOf(organizationId);
    expect(entries.map(({ actor, requestId }) => ({ ...actor, requestId }))).toEqual([
      { kind: 'key', id: keyId, keyId, requestId: 'req-1' },
      { kind: 'system', id: 'system', keyId: null, requestId: 'job-1' },
      { kind: 'system', id: 'system', keyId: null, requestId: null },
    ]);
    const { before, after, reason } = noteOf(organizationId);
    expect(entries[0]).toMatchObject({ organizationId, before, after, reason: reason ?? null });
  });

  it('takes IBANs and keys out of a reason', async () => {
    const organizationId = newId();
    const reason = 'Paid twice to DE89370400440532013000 with trk_abc_def';
    await unitOfWork.run(PLATFORM, async (tx) => trail.record(tx, { ...noteOf(organizationId), reason }));
    expect((await entriesOf(organizationId))[0]?.reason).toBe('Paid twice to [redacted] with [redacted]');
  });

  it('knows nothing of work that was rolled back, or undone to a savepoint', async () => {
    const organizationId = newId();
    const failing = write(organizationId, 2, async () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await write(organizationId, 1, async (tx) => {
      const undone = tx.savepoint(async () => {
        trail.record(tx, noteOf(organizationId, 'undone'));
        throw new Error('undone');
      });
      await expect(undone).rejects.toThrow('undone');
      await tx.savepoint(async () => trail.record(tx, noteOf(organizationId, 'kept')));
    });
    const entries = await entriesOf(organizationId);
    expect(entries.map(({ resource }) => resource.id).slice(1)).toEqual(['kept']);
    await expect(sequencesOf(organizationId)).resolves.toEqual([1, 2]);
  });

  it('has one entry of work that PostgreSQL made run twice', async () => {
    const organizationId = newId();
    let runs = 0;
    await write(organizationId, 1, async (tx) => {
      runs += 1;
      if (runs === 1) await tx.execute(`DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$`);
    });
    expect(runs).toBe(2);
    await expect(sequencesOf(organizationId)).resolves.toEqual([1]);
  });

  it('takes the heads of several owners in one order, whatever order they were named in', async () => {
    const [one, other] = [newId(), newId()];
    const both = (first: string | null, second: string | null) =>
      unitOfWork.run(PLATFORM, async (tx) => {
        trail.record(tx, noteOf(first));
        trail.record(tx, noteOf(second));
        trail.record(tx, noteOf(null));
      });
    const before = (await sequencesOf(null)).length;
    await Promise.all(upTo(10).flatMap(() => [both(one, other), both(other, one)]));
    for (const owner of [one, other]) await expect(sequencesOf(owner)).resolves.toEqual(upTo(20));
    await expect(sequencesOf(null)).resolves.toEqual(upTo(before + 20));
    for (const owner of [one, other, null]) expect((await chains.verify(owner, null)).firstBroken).toBeNull();
  });

  it('has what was refused in the last moment of a process', async () => {
    const organizationId = newId();
    const { app, close } = await startTestWorker({}, { working: false, databaseUrl: features.databaseUrl });
    app.get(RefusalRecorder, { strict: false }).record({
      ...{ at: new Date(), organizationId, actor: { kind: 'key', id: 'k', keyId: 'k' }, requestId: 'r' },
      ...{ method: 'POST', route: '/api/v1/accounts', status: 403, code: 'forbidden' },
    });
    await close();
    const { checked, firstBroken, heads } = await chains.verify(organizationId, 'refusals');
    expect({ checked, firstBroken, heads: heads.length }).toEqual({ checked: 1, firstBroken: null, heads: 1 });
  });

  describe('when a superuser tampers with it', () => {
    /** The triggers do not stop who owns the database; what was done is found all the same. */
    async function tamper(organizationId: string, ...statements: string[]): Promise<void> {
      const client = new Client({ connectionString: features.databaseUrl });
      await client.connect();
      try {
        await client.query(`BEGIN`);
        await client.query(`SET LOCAL session_replication_role = replica`);
        for (const statement of statements) await client.query(statement.replaceAll('$org', `'${organizationId}'`));
        await client.query(`COMMIT`);
      } finally {
        await client.end();
      }
    }
    const at = (sequence: number): string => `organization_id = $org AND chain = 'changes' AND sequence = ${sequence}`;
    const copyOf = (sequence: number, as: string): string =>
      `INSERT INTO audit_log SELECT (jsonb_populate_record(a, '${as}')).* FROM audit_log a WHERE ${at(sequence)}`;
    const FORGED = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d';
    const HASH = '\\\\x' + 'ab'.repeat(32);

    it.each([
      ['a changed field', [`UPDATE audit_log SET after = '{"status":"active"}' WHERE ${at(3)}`], 3, 'hash'],
      ['a changed actor', [`UPDATE audit_log SET actor_id = 'nobody' WHERE ${at(1)}`], 1, 'hash'],
      [
        'a changed time',
        [`UPDATE audit_log SET occurred_at = occurred_at + interval '1 ms' WHERE ${at(2)}`],
        2,
        'hash',
      ],
      ['a changed hash', [`UPDATE audit_log SET hash = decode(repeat('ab', 32), 'hex') WHERE ${at(2)}`], 2, 'hash'],
      ['a deleted entry', [`DELETE FROM audit_log WHERE ${at(3)}`], 3, 'gap'],
      ['the first entry deleted', [`DELETE FROM audit_log WHERE ${at(1)}`], 1, 'gap'],
      [
        'an entry deleted and the rest renumbered',
        [`DELETE FROM audit_log WHERE ${at(3)}`, ...renumbered()],
        3,
        'previous_hash',
      ],
      ['the end cut off', [`DELETE FROM audit_log WHERE organization_id = $org AND sequence > 4`], 5, 'head'],
      [
        'an entry added at the end',
        [copyOf(5, `{"id":"${FORGED}","sequence":6,"hash":"${HASH}"}`)],
        6,
        'previous_hash',
      ],
      ['two entries exchanged', exchanged(), 2, 'previous_hash'],
      ['a head set back', [`UPDATE audit_heads SET sequence = 4 WHERE organization_id = $org`], 5, 'head'],
      ['a head set forward', [`UPDATE audit_heads SET sequence = 9 WHERE organization_id = $org`], 6, 'head'],
      [
        'another hash in the head',
        [`UPDATE audit_heads SET hash = decode(repeat('ab', 32), 'hex') WHERE organization_id = $org`],
        5,
        'head',
      ],
      ['a head deleted', [`DELETE FROM audit_heads WHERE organization_id = $org`], 5, 'head'],
      ['everything deleted but the head', [`DELETE FROM audit_log WHERE organization_id = $org`], 1, 'head'],
      [
        'everything deleted',
        ['log', 'heads'].map((table) => `DELETE FROM audit_${table} WHERE organization_id = $org`),
        1,
        'head',
      ],
    ])('finds %s', async (_, statements, sequence, problem) => {
      const organizationId = newId();
      await write(organizationId, 5);
      await expect(chains.verify(organizationId, null)).resolves.toMatchObject({ checked: 5, firstBroken: null });
      await tamper(organizationId, ...statements);
      const { firstBroken } = await chains.verify(organizationId, null);
      expect(firstBroken).toMatchObject({ chain: 'changes', sequence, problem });
      const now = (await entriesOf(organizationId)).find((entry) => entry.sequence === sequence);
      expect(firstBroken?.id).toBe(now?.id ?? null);
    });

    it('finds an entry that was put in between, even twice under one number', async () => {
      const organizationId = newId();
      await write(organizationId, 3);
      await database.execute(`ALTER TABLE audit_log DROP CONSTRAINT audit_log_in_order`);
      try {
        const id = newId();
        await tamper(organizationId, copyOf(2, `{"id":"${id}"}`));
        const { firstBroken } = await chains.verify(organizationId, 'changes');
        expect(firstBroken).toEqual({ chain: 'changes', sequence: 2, id, problem: 'gap' });
        await tamper(organizationId, `DELETE FROM audit_log WHERE id = '${id}'`);
      } finally {
        await database.execute(
          `ALTER TABLE audit_log ADD CONSTRAINT audit_log_in_order UNIQUE NULLS NOT DISTINCT (organization_id, chain, sequence)`,
        );
      }
    });

    it('follows a chain over more than one batch, and finds what is wrong in the last', async () => {
      const organizationId = newId();
      await write(organizationId, 2_100);
      expect((await chains.verify(organizationId, null)).checked).toBe(2_100);
      await tamper(organizationId, `UPDATE audit_log SET reason = 'x' WHERE ${at(2_050)}`);
      const { firstBroken, checked } = await chains.verify(organizationId, null);
      expect({ ...firstBroken, checked }).toMatchObject({ sequence: 2_050, problem: 'hash', checked: 2_050 });
    });

    function renumbered(): string[] {
      return [4, 5].map((sequence) => `UPDATE audit_log SET sequence = ${sequence - 1} WHERE ${at(sequence)}`);
    }
    function exchanged(): string[] {
      return [
        `UPDATE audit_log SET sequence = 99 WHERE ${at(2)}`,
        `UPDATE audit_log SET sequence = 2 WHERE ${at(3)}`,
        `UPDATE audit_log SET sequence = 3 WHERE ${at(99)}`,
      ];
    }
  });

  describe('is append-only', () => {
    it.each([
      ['UPDATE audit_log SET reason = NULL', 'the audit log is append-only: UPDATE refused'],
      ['DELETE FROM audit_log', 'the audit log is append-only: DELETE refused'],
      ['TRUNCATE audit_log', 'the audit log is append-only: TRUNCATE refused'],
      ['DELETE FROM audit_heads', 'the audit log is append-only: DELETE refused'],
      ['TRUNCATE audit_heads', 'the audit log is append-only: TRUNCATE refused'],
    ])('even for its owner: %s', async (statement, message) => {
      await write(newId());
      await expect(database.execute(statement)).rejects.toThrow(message);
    });

    it.each([ofOrganization(newId()), PLATFORM, DISCOVERY])('for the role $role', async (access) => {
      for (const statement of ['UPDATE audit_log SET reason = NULL', 'DELETE FROM audit_log', 'TRUNCATE audit_log']) {
        const refused = unitOfWork.run(access, (tx) => tx.execute(statement));
        await expect(refused).rejects.toThrow('permission denied for table audit_log');
      }
    });

    it('and an organization sees and writes nothing but its own, of the platform nothing', async () => {
      const [own, other] = [newId(), newId()];
      for (const owner of [own, other, null]) await write(owner);
      await unitOfWork.run(ofOrganization(own), async (tx) => {
        const owners = `SELECT DISTINCT organization_id FROM`;
        await expect(tx.query(`${owners} audit_log`)).resolves.toEqual([{ organization_id: own }]);
        await expect(tx.query(`${owners} audit_heads`)).resolves.toEqual([{ organization_id: own }]);
        trail.record(tx, noteOf(own));
      });
      await expect(sequencesOf(own)).resolves.toEqual([1, 2]);
      const foreign = unitOfWork.run(ofOrganization(own), async (tx) => {
        trail.record(tx, noteOf(null));
      });
      await expect(foreign).rejects.toThrow('row-level security');
    });
  });
});
