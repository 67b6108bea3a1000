import { RecordUnderLease } from '../../src/modules/transfers/application/record-under-lease.js';
import { UnitOfWork } from '../../src/platform/database/index.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { finish, onlyChunkOf, takeChunk, UNHURRIED } from '../support/engine-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

describe('recording under a lease', () => {
  let worker: TestWorker;
  let payer: Payer;
  const open: string[] = [];
  beforeAll(async () => {
    worker = await startTestWorker(UNHURRIED, { working: false });
    payer = await createPayer(worker.app);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => finish(worker, { open }));

  const takenLease = async () => {
    const bulkId = await payer.submit(1);
    open.push(bulkId);
    const lease = await takeChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
    if ('ended' in lease) throw new Error('The chunk was not leased.');
    return lease;
  };
  const record = (lease: Awaited<ReturnType<typeof takenLease>>) =>
    worker.app.get(RecordUnderLease, { strict: false }).run(lease, () => Promise.resolve('recorded'));
  const failOnce = (error: Error) => jest.spyOn(worker.app.get(UnitOfWork), 'run').mockRejectedValueOnce(error);
  const away = () => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

  it('tries again when PostgreSQL was away, also after windows that took many leases', async () => {
    const lease = await takenLease();
    const longAgo = performance.now() - 3_600_000;
    failOnce(away());
    await expect(record({ ...lease, deadlineMs: longAgo })).resolves.toBe('recorded');
  });

  it('does not try again what PostgreSQL decided', async () => {
    const lease = await takenLease();
    failOnce(Object.assign(new Error('check'), { code: '23514' }));
    await expect(record(lease)).rejects.toThrow('check');
  });

  it('records nothing once somebody else has decided about the chunk', async () => {
    const lease = await takenLease();
    failOnce(away());
    await expect(record({ ...lease, token: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d' })).resolves.toBeNull();
  });
});
