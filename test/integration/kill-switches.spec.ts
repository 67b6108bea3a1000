import { BOOK, type Rail, RailsService, SANDBOX } from '../../src/modules/rails/index.js';
import type { KillSwitchTarget } from '../../src/modules/transfers/domain/kill-switch.js';
import { DispatchRepository } from '../../src/modules/transfers/persistence/dispatch.repository.js';
import { KillSwitchRepository } from '../../src/modules/transfers/persistence/kill-switch.repository.js';
import { PLATFORM, type Queryable, UnitOfWork } from '../../src/platform/database/index.js';
import { Metrics } from '../../src/platform/metrics/index.js';
import { Wake } from '../../src/platform/queue/index.js';
import { creditTransfers, germanIban } from '../factories/bulk-requests.js';
import { createAccount } from '../factories/organizations.js';
import { createPayer, type Payer } from '../factories/payer.js';
import {
  completeAll,
  executeChunk,
  executeDue,
  executeNext,
  expireLease,
  finish,
  onlyChunkOf,
  openChunksOf,
  runLoop,
  skipTime,
  statusesOf,
  submissionsOf,
  sweep,
  takeChunk,
  transfersOf,
  UNHURRIED,
  workOff,
  stopBulk,
} from '../support/engine-steps.js';
import { engageSwitch, releaseAll, releaseSwitch, setSwitch } from '../support/kill-switch-steps.js';
import { refusalOf } from '../support/refusal.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

const OWN_IBAN = germanIban(7_000_001);
const ON_SANDBOX: KillSwitchTarget = { scope: 'rail', target: SANDBOX };
const ON_BOOK: KillSwitchTarget = { scope: 'rail', target: BOOK };

describe('a kill switch', () => {
  let worker: TestWorker;
  let database: Queryable;
  let unitOfWork: UnitOfWork;
  let repository: KillSwitchRepository;
  let rail: Rail;
  let payer: Payer;
  let other: Payer;
  let onPayer: KillSwitchTarget;

  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '10' }, { working: false });
    database = ownerOf(worker.app);
    unitOfWork = worker.app.get(UnitOfWork);
    repository = worker.app.get(KillSwitchRepository, { strict: false });
    rail = worker.app.get(RailsService, { strict: false }).get(SANDBOX);
    [payer, other] = await Promise.all([createPayer(worker.app), createPayer(worker.app)]);
    await createAccount(worker.app, { organizationId: payer.organizationId, iban: OWN_IBAN });
    onPayer = { scope: 'organization', target: payer.organizationId };
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await releaseAll(worker.app);
    await workOff(worker.app);
  });
  afterAll(() => finish(worker));

  const engage = (target: KillSwitchTarget) => engageSwitch(worker.app, target);
  const release = (target: KillSwitchTarget) => releaseSwitch(worker.app, target);
  /** A bulk of one chunk on the rail `book`. */
  const submitBook = (lines: number): Promise<string> =>
    payer.submit(0, undefined, {
      credit_transfers: creditTransfers(lines).map((line) => ({ ...line, counterparty_iban: OWN_IBAN })),
    });
  const claim = (rail: string) => {
    const dispatch = worker.app.get(DispatchRepository, { strict: false });
    return unitOfWork.run(PLATFORM, (tx) => dispatch.claim(tx, rail, 10, 60_000));
  };

  describe('while it is engaged', () => {
    const stopped: [string, () => KillSwitchTarget, string, () => Promise<string>][] = [
      ['of an organization', () => onPayer, SANDBOX, () => payer.submit(10)],
      ['of an organization, on the book rail too', () => onPayer, BOOK, () => submitBook(3)],
      ['of a rail', () => ON_SANDBOX, SANDBOX, () => payer.submit(10)],
      ['of the book rail', () => ON_BOOK, BOOK, () => submitBook(3)],
    ];
    it.each(stopped)('%s, nothing is leased, handed out, or tried', async (_, target, onRail, submit) => {
      const early = await submit();
      await engage(target());
      const late = await submit();
      const { id } = await onlyChunkOf(worker.app, early);
      await expect(executeChunk(worker.app, id)).resolves.toMatchObject({ ended: 'not_allowed', lines: 0 });
      await expect(executeNext(worker.app)).resolves.toBeNull();
      await expect(claim(onRail)).resolves.toEqual([]);
      for (const bulkId of [early, late]) {
        await expect(onlyChunkOf(worker.app, bulkId)).resolves.toMatchObject({
          status: 'open',
          submittedThrough: null,
        });
        const lines = await transfersOf(worker.app, bulkId);
        const touched = lines.filter((line) => line.status !== 'pending' || line.attempts > 0 || line.possiblySent);
        expect(touched).toEqual([]);
      }
      await release(target());
      await expect(claim(onRail)).resolves.toHaveLength(2);
      await executeDue(worker.app);
      await expect(openChunksOf(worker.app, early)).resolves.toEqual([]);
      await expect(openChunksOf(worker.app, late)).resolves.toEqual([]);
    });

    it('others are paid: other organizations, other rails', async () => {
      await engage(onPayer);
      await engage(ON_BOOK);
      const free = await other.submit(2);
      await payer.submit(2);
      await expect(claim(SANDBOX)).resolves.toMatchObject([{ id: (await onlyChunkOf(worker.app, free)).id }]);
      await executeDue(worker.app);
      await expect(statusesOf(worker.app, free)).resolves.toEqual({ settled: 2 });
      await release(onPayer);
      const mine = await payer.submit(2);
      const book = await submitBook(2);
      await executeDue(worker.app);
      await expect(statusesOf(worker.app, mine)).resolves.toEqual({ settled: 2 });
      await expect(statusesOf(worker.app, book)).resolves.toEqual({ pending: 2 });
    });

    it('what was sent already is asked about, believed, and completed', async () => {
      const [asked, told] = [
        await payer.submit(2, () => 'sandbox:timeout'),
        await payer.submit(2, () => 'sandbox:accept'),
      ];
      await executeDue(worker.app);
      await expect(statusesOf(worker.app, asked)).resolves.toEqual({ in_doubt: 2 });
      await expect(statusesOf(worker.app, told)).resolves.toEqual({ submitted: 2 });
      await engage(onPayer);
      await engage(ON_SANDBOX);
      await database.execute(
        `INSERT INTO rail_evidence (id, organization_id, rail, reference, transfer_id, source, status)
         SELECT gen_random_uuid(), organization_id, rail, replace(id::text, '-', ''), id, 'callback', 'settled'
           FROM transfers WHERE bulk_id = $1`,
        [told],
      );
      await database.execute(`UPDATE sandbox_journal SET status = 'settled' WHERE status = 'accepted'`);
      await runLoop(worker.app, 'rail-evidence');
      await skipTime(worker.app);
      await executeDue(worker.app);
      await completeAll(worker.app);
      const ended = await database.query(`SELECT DISTINCT status FROM bulk_requests WHERE id = ANY($1::uuid[])`, [
        [asked, told],
      ]);
      expect(ended).toEqual([{ status: 'completed' }]);
    });

    it('what was asked about and never arrived is not sent again until it is released', async () => {
      const bulkId = await payer.submit(2);
      await takeChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
      await expireLease(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
      await engage(ON_SANDBOX);
      await sweep(worker.app);
      await workOff(worker.app);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ pending: 2 });
      await release(ON_SANDBOX);
      await workOff(worker.app);
      await expect(submissionsOf(worker.app, bulkId)).resolves.toEqual([1, 1]);
    });

    it('a bulk request that is stopped is cancelled', async () => {
      const bulks = [await payer.submit(20), await payer.submit(20)];
      const [now = '', later = ''] = bulks;
      await engage(onPayer);
      await stopBulk(worker.app, now);
      await expect(statusesOf(worker.app, now)).resolves.toEqual({ cancelled: 20 });
      // Whoever stopped it died before it got to the chunks: workers get them.
      await database.execute(`UPDATE bulk_requests SET status = 'cancelling' WHERE id = $1`, [later]);
      const claimed = await claim(SANDBOX);
      expect(claimed).toHaveLength(2);
      for (const { id } of claimed) {
        await expect(executeChunk(worker.app, id)).resolves.toMatchObject({ ended: 'cancelled' });
      }
      await expect(statusesOf(worker.app, later)).resolves.toEqual({ cancelled: 20 });
    });

    it('no other window of a chunk is granted: the rest comes back as if it had never been taken', async () => {
      jest.spyOn(rail, 'windowLines').mockReturnValue(4);
      const submit = rail.submit.bind(rail);
      jest.spyOn(rail, 'submit').mockImplementationOnce(async (...sent) => {
        await engage(onPayer);
        return submit(...sent);
      });
      const bulkId = await payer.submit(10);
      const report = await executeChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
      expect(report).toMatchObject({ ended: 'recorded', movedTo: { settled: 4, pending: 6 } });
      await expect(submissionsOf(worker.app, bulkId)).resolves.toEqual([1, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
      await expect(executeNext(worker.app)).resolves.toBeNull();
      await release(onPayer);
      await executeDue(worker.app); // at once: nothing of it waits for a backoff
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 10 });
      expect(new Set((await transfersOf(worker.app, bulkId)).map(({ attempts }) => attempts))).toEqual(new Set([1]));
    });

    it('it is a metric', async () => {
      const metric = () => worker.app.get(Metrics).registry.getSingleMetricAsString('kill_switches_engaged');
      await engage(ON_SANDBOX);
      await engage(onPayer);
      expect((await metric()).split('\n').slice(2).sort()).toEqual([
        `kill_switches_engaged{scope="organization",target="${payer.organizationId}"} 1`,
        'kill_switches_engaged{scope="rail",target="sandbox"} 1',
      ]);
      await release(ON_SANDBOX);
      expect(await metric()).not.toContain('sandbox');
    });
  });

  describe('is set', () => {
    it('once: engaging it again changes nothing, not even who says why', async () => {
      const first = await setSwitch(worker.app, onPayer, true, 'Cafe\u0301', 'key-1');
      expect(first).toEqual({
        ...onPayer,
        reason: 'Café',
        engagedBy: 'key-1',
        engagedAt: expect.any(Date),
      });
      await expect(setSwitch(worker.app, onPayer, true, 'Another reason', 'key-2')).resolves.toEqual(first);
      await expect(release(onPayer)).resolves.toBeNull();
      await expect(release(onPayer)).resolves.toBeNull();
      await expect(setSwitch(worker.app, onPayer, true, 'Again', 'key-2')).resolves.toMatchObject({
        reason: 'Again',
        engagedBy: 'key-2',
      });
    });

    it('so that whoever releases it wakes the dispatchers', async () => {
      await engage(ON_SANDBOX);
      const notify = jest.spyOn(worker.app.get(Wake), 'notify');
      await release(ON_SANDBOX);
      expect(notify.mock.calls).toEqual([['chunks']]);
    });

    it('with a reason, and on rails that exist', async () => {
      expect(await refusalOf(setSwitch(worker.app, onPayer, true, null))).toMatchObject({
        code: 'invalid_request',
        details: { errors: [{ pointer: '/reason', code: 'required' }] },
      });
      expect(await refusalOf(setSwitch(worker.app, { scope: 'rail', target: 'pigeon' }, true, 'Test'))).toMatchObject({
        code: 'not_found',
      });
      await expect(repository.targets()).resolves.toEqual([]);
    });
  });
});
