import { DispatchRepository } from '../../src/modules/transfers/persistence/dispatch.repository.js';
import { PLATFORM, type Queryable, UnitOfWork } from '../../src/platform/database/index.js';
import { creditTransfers } from '../factories/bulk-requests.js';
import { createAccount } from '../factories/organizations.js';
import { createPayer, type Payer } from '../factories/payer.js';
import {
  executeDue,
  finish,
  openChunksOf,
  runLoop,
  statusesOf,
  takeChunk,
  UNHURRIED,
  workOff,
} from '../support/engine-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

const CLAIM_MS = 60_000;

describe('the dispatch of chunks', () => {
  let worker: TestWorker;
  let database: Queryable;
  let repository: DispatchRepository;
  let big: Payer;
  let small: Payer;
  let other: Payer;
  beforeAll(async () => {
    // A line a chunk, so that a bulk of n lines has n chunks.
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '1' }, { working: false });
    database = ownerOf(worker.app);
    repository = worker.app.get(DispatchRepository, { strict: false });
    [big, small, other] = await Promise.all([
      createPayer(worker.app),
      createPayer(worker.app),
      createPayer(worker.app),
    ]);
  });
  afterEach(async () => {
    await database.execute(`UPDATE bulk_requests SET status = 'processing' WHERE status = 'paused'`);
    await workOff(worker.app);
  });
  afterAll(() => finish(worker));

  const claim = async (inFlight: number, rail = 'sandbox') => {
    const unitOfWork = worker.app.get(UnitOfWork);
    return unitOfWork.run(PLATFORM, (tx) => repository.claim(tx, rail, inFlight, CLAIM_MS));
  };
  /** How many chunks of each bulk were claimed. */
  const turns = async (claimed: readonly { id: string }[]): Promise<Record<string, number>> => {
    const rows = await database.query<{ bulkId: string; count: number }>(
      `SELECT bulk_id AS "bulkId", count(*)::int AS count FROM chunks WHERE id = ANY($1::uuid[]) GROUP BY 1`,
      [claimed.map(({ id }) => id)],
    );
    return Object.fromEntries(rows.map(({ bulkId, count }) => [bulkId, count]));
  };

  it('looks whether anything of a rail is due before it claims', async () => {
    const claims = jest.spyOn(repository, 'claim');
    await runLoop(worker.app, 'dispatch-sandbox');
    expect(claims).not.toHaveBeenCalled();
    await small.submit(1);
    await runLoop(worker.app, 'dispatch-book');
    expect(claims).not.toHaveBeenCalled();
    await runLoop(worker.app, 'dispatch-sandbox');
    expect(claims.mock.calls.map(([, rail]) => rail)).toEqual(['sandbox']);
    claims.mockRestore();
  });

  describe('takes turns', () => {
    it('between organizations: a payroll of a hundred chunks does not stand before three small bulks', async () => {
      const payroll = await big.submit(100);
      const bulks = [await small.submit(3), await other.submit(3)];
      const [a = '', b = ''] = bulks;
      await expect(turns(await claim(3))).resolves.toEqual({ [payroll]: 1, [a]: 1, [b]: 1 });
      await expect(turns(await claim(9))).resolves.toEqual({ [payroll]: 2, [a]: 2, [b]: 2 });
      // Whoever has nothing left makes room.
      await expect(turns(await claim(20))).resolves.toEqual({ [payroll]: 11 });
    });

    it('between the bulks of one organization', async () => {
      const payroll = await big.submit(20);
      const bonus = await big.submit(2);
      await expect(turns(await claim(6))).resolves.toEqual({ [payroll]: 4, [bonus]: 2 });
    });

    it('by organization first: two bulks do not make two turns', async () => {
      const [first, second] = [await big.submit(10), await big.submit(10)];
      const alone = await small.submit(10);
      await expect(turns(await claim(4))).resolves.toEqual({ [first]: 1, [second]: 1, [alone]: 2 });
    });

    it('counting what is out already', async () => {
      const payroll = await big.submit(20);
      await claim(4);
      const late = await small.submit(3);
      await expect(turns(await claim(6))).resolves.toEqual({ [late]: 2 });
      await expect(turns(await claim(9))).resolves.toEqual({ [late]: 1, [payroll]: 2 });
    });

    it('with nobody when there is nobody else: alone, a bulk gets everything', async () => {
      const payroll = await big.submit(20);
      await expect(turns(await claim(16))).resolves.toEqual({ [payroll]: 16 });
    });

    it('after what is urgent', async () => {
      await big.submit(20);
      const urgent = await small.submit(5, undefined, { priority: 'urgent' });
      await expect(turns(await claim(4))).resolves.toEqual({ [urgent]: 4 });
    });
  });

  describe('hands out', () => {
    it('a bounded number at a time, those being executed included', async () => {
      await big.submit(10);
      const claimed = await claim(3);
      await takeChunk(worker.app, claimed[0]?.id ?? '');
      await expect(claim(3)).resolves.toEqual([]);
      await expect(claim(4)).resolves.toHaveLength(1);
      await database.execute(`UPDATE chunks SET lease_expires_at = now() - interval '1 s' WHERE status = 'leased'`);
      await runLoop(worker.app, 'sweep-chunks');
    });

    it('no chunk twice, however many dispatchers there are', async () => {
      await big.submit(20);
      const claimed = (await Promise.all(Array.from({ length: 6 }, () => claim(15)))).flat();
      expect(claimed).toHaveLength(15);
      expect(new Set(claimed.map(({ id }) => id)).size).toBe(15);
    });

    it('what is for one rail and leaves the others alone', async () => {
      const { iban } = await createAccount(worker.app, {
        organizationId: big.organizationId,
        iban: 'DE89370400440532013000',
      });
      const lines = creditTransfers(2).map((line, at) =>
        at === 0 ? { ...line, counterparty_iban: iban ?? '' } : line,
      );
      const bulkId = await big.submit(0, undefined, { credit_transfers: lines });
      await expect(turns(await claim(5, 'book'))).resolves.toEqual({ [bulkId]: 1 });
      await expect(turns(await claim(5, 'sandbox'))).resolves.toEqual({ [bulkId]: 1 });
    });

    it('only what is due', async () => {
      const bulkId = await big.submit(2, (line) => (line === 0 ? 'sandbox:retry:1' : 'Salary'));
      await executeDue(worker.app);
      await expect(openChunksOf(worker.app, bulkId)).resolves.toHaveLength(1);
      await expect(claim(5)).resolves.toEqual([]);
    });

    it('of a paused bulk the questions, and nothing that pays', async () => {
      const bulkId = await big.submit(2, () => 'sandbox:accept');
      await takeChunk(worker.app, (await openChunksOf(worker.app, bulkId))[0]?.id ?? '');
      await database.execute(`UPDATE chunks SET lease_expires_at = now() - interval '1 s' WHERE status = 'leased'`);
      await runLoop(worker.app, 'sweep-chunks');
      await database.execute(`UPDATE chunks SET due_at = now() WHERE bulk_id = $1`, [bulkId]);
      await database.execute(`UPDATE bulk_requests SET status = 'paused' WHERE id = $1`, [bulkId]);
      const [claimed, ...others] = await claim(5);
      expect(others).toEqual([]);
      const asking = (await openChunksOf(worker.app, bulkId)).find(({ purpose }) => purpose === 'inquire');
      expect(claimed?.id).toBe(asking?.id);
    });
  });

  describe('takes back', () => {
    const statuses = async (bulkId: string) => (await openChunksOf(worker.app, bulkId)).map(({ status }) => status);

    it('what could not be handed over, at once', async () => {
      const bulkId = await big.submit(3);
      const claimed = await claim(3);
      await repository.giveBack(claimed.slice(0, 2).map(({ id }) => id));
      expect((await statuses(bulkId)).sort()).toEqual(['dispatched', 'open', 'open']);
    });

    it('what nobody has taken in time, as a new generation of its job', async () => {
      const bulkId = await big.submit(1);
      const [first] = await claim(1);
      await runLoop(worker.app, 'sweep-chunks');
      await expect(statuses(bulkId)).resolves.toEqual(['dispatched']);
      await database.execute(`UPDATE chunks SET dispatched_until = now() - interval '1 s' WHERE bulk_id = $1`, [
        bulkId,
      ]);
      await runLoop(worker.app, 'sweep-chunks');
      await expect(statuses(bulkId)).resolves.toEqual(['open']);
      const [second] = await claim(1);
      expect([second?.id, second?.generation]).toEqual([first?.id, (first?.generation ?? 0) + 1]);
    });

    it('nothing that somebody is executing', async () => {
      const bulkId = await big.submit(2);
      const claimed = await claim(2);
      await takeChunk(worker.app, claimed[0]?.id ?? '');
      await repository.reopenAllDispatched();
      expect((await statuses(bulkId)).sort()).toEqual(['leased', 'open']);
      await database.execute(`UPDATE chunks SET lease_expires_at = now() - interval '1 s' WHERE status = 'leased'`);
      await runLoop(worker.app, 'sweep-chunks');
      await workOff(worker.app);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 2 });
    });
  });
});
