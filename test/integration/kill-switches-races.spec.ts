import { type Rail, RailsService, SANDBOX } from '../../src/modules/rails/index.js';
import type { KillSwitchTarget } from '../../src/modules/transfers/domain/kill-switch.js';
import { ChunkRepository } from '../../src/modules/transfers/persistence/chunk.repository.js';
import { KillSwitchRepository } from '../../src/modules/transfers/persistence/kill-switch.repository.js';
import { PLATFORM, type Queryable, UnitOfWork } from '../../src/platform/database/index.js';
import { createPayer, type Payer } from '../factories/payer.js';
import {
  executeChunk,
  expireLease,
  finish,
  onlyChunkOf,
  submissionsOf,
  sweep,
  takeChunk,
  UNHURRIED,
  workOff,
} from '../support/engine-steps.js';
import { eventually } from '../support/eventually.js';
import { gate } from '../support/gate.js';
import { engageSwitch, releaseAll } from '../support/kill-switch-steps.js';
import { refusalOf } from '../support/refusal.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

const ON_SANDBOX: KillSwitchTarget = { scope: 'rail', target: SANDBOX };

describe('a kill switch that is engaged while chunks are leased', () => {
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
    onPayer = { scope: 'organization', target: payer.organizationId };
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await releaseAll(worker.app);
    await workOff(worker.app);
  });
  afterAll(() => finish(worker));

  const engage = (target: KillSwitchTarget) => engageSwitch(worker.app, target);
  const advisoryLock = (condition: string) =>
    eventually(
      async () => {
        const locks = await database.query(
          `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND ${condition}
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
        );
        return locks.length > 0;
      },
      { what: `an advisory lock ${condition}` },
    );
  const leaseHasBegun = () => advisoryLock(`granted AND mode = 'ShareLock'`);
  const someoneWaits = () => advisoryLock('NOT granted');
  const isEngaged = async () => (await repository.targets()).length > 0;

  /** Stops the transaction that grants a window between the grant and its commit. */
  function holdGrant(): { granted: Promise<void>; commit: () => void } {
    const [granted, committed] = [gate(), gate()];
    const chunks = worker.app.get(ChunkRepository, { strict: false });
    const grantWindow = chunks.grantWindow.bind(chunks);
    jest.spyOn(chunks, 'grantWindow').mockImplementationOnce(async (...grant) => {
      const isGranted = await grantWindow(...grant);
      granted.open();
      await committed.passed;
      return isGranted;
    });
    return { granted: granted.passed, commit: committed.open };
  }

  it('it waits for a lease that did not see it: what that may send was granted before the answer', async () => {
    const bulkId = await payer.submit(10);
    const { id } = await onlyChunkOf(worker.app, bulkId);
    const { granted, commit } = holdGrant();
    const leasing = takeChunk(worker.app, id);
    await granted;
    let hasAnswered = false;
    const engaging = engage(onPayer).then(() => {
      hasAnswered = true;
      return onlyChunkOf(worker.app, bulkId);
    });
    await someoneWaits();
    expect(hasAnswered).toBe(false);
    commit();
    // The answer finds the lease committed, its window granted.
    await expect(engaging).resolves.toMatchObject({ status: 'leased', submittedThrough: 9 });
    await expect(leasing).resolves.toMatchObject({ token: expect.any(String) });
    await expireLease(worker.app, id);
    await sweep(worker.app);
  });

  it('it waits for a further window that did not see it', async () => {
    jest.spyOn(rail, 'windowLines').mockReturnValue(4);
    const bulkId = await payer.submit(10);
    const submit = rail.submit.bind(rail);
    let hold: ReturnType<typeof holdGrant> | undefined;
    const held = gate();
    jest.spyOn(rail, 'submit').mockImplementationOnce(async (...sent) => {
      hold = holdGrant();
      held.open();
      return submit(...sent);
    });
    const executing = executeChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
    await held.passed;
    await hold?.granted;
    const engaging = engage(ON_SANDBOX).then(() => onlyChunkOf(worker.app, bulkId));
    await someoneWaits();
    hold?.commit();
    expect((await engaging).submittedThrough).toBeGreaterThanOrEqual(7);
    await expect(executing).resolves.toMatchObject({ movedTo: { settled: 8, pending: 2 } });
  });

  it('a lease that began before it and has granted nothing yet sees it', async () => {
    const bulkId = await payer.submit(10);
    const { id } = await onlyChunkOf(worker.app, bulkId);
    const [locked, unlock] = [gate(), gate()];
    const holding = unitOfWork.run(PLATFORM, async (tx) => {
      await tx.query(`SELECT 1 FROM bulk_requests WHERE id = $1 FOR NO KEY UPDATE`, [bulkId]);
      locked.open();
      await unlock.passed;
    });
    await locked.passed;
    const executing = executeChunk(worker.app, id); // has the lock of the switches, and waits for the bulk
    await leaseHasBegun();
    const engaging = engage(onPayer);
    await someoneWaits();
    expect(await isEngaged()).toBe(true);
    unlock.open();
    await expect(executing).resolves.toMatchObject({ ended: 'not_allowed' });
    await expect(engaging).resolves.toMatchObject({ scope: 'organization', reason: 'Test' });
    await holding;
    await expect(submissionsOf(worker.app, bulkId)).resolves.toEqual(Array<number>(10).fill(0));
  });

  it('a lease that comes while it waits is refused', async () => {
    const [early, late] = [await payer.submit(1), await payer.submit(1)];
    const { granted, commit } = holdGrant();
    const leasing = executeChunk(worker.app, (await onlyChunkOf(worker.app, early)).id);
    await granted;
    const engaging = engage(onPayer);
    await someoneWaits();
    const refused = executeChunk(worker.app, (await onlyChunkOf(worker.app, late)).id);
    commit();
    await expect(leasing).resolves.toMatchObject({ ended: 'recorded' });
    await expect(refused).resolves.toMatchObject({ ended: 'not_allowed' });
    await engaging;
  });

  it('behind a lease that does not end it gives up waiting, works all the same, and lets the others go on', async () => {
    const [mine, free] = [await payer.submit(1), await other.submit(1)];
    const [shared, end] = [gate(), gate()];
    const hanging = unitOfWork.run(PLATFORM, async (tx) => {
      await repository.lockForShare(tx);
      shared.open();
      await end.passed;
    });
    await shared.passed;
    const awaitGrants = repository.awaitGrants.bind(repository);
    jest.spyOn(repository, 'awaitGrants').mockImplementation((tx) => awaitGrants(tx, 20));
    const refusal = await refusalOf(engage(onPayer));
    expect([refusal.kind, refusal.code]).toEqual(['unavailable', 'unavailable']);
    await expect(executeChunk(worker.app, (await onlyChunkOf(worker.app, mine)).id)).resolves.toMatchObject({
      ended: 'not_allowed',
    });
    await expect(executeChunk(worker.app, (await onlyChunkOf(worker.app, free)).id)).resolves.toMatchObject({
      ended: 'recorded',
    });
    end.open();
    await hanging;
    await expect(engage(onPayer)).resolves.toMatchObject({ target: payer.organizationId });
  });
});
