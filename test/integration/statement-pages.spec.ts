import { classifyBooking } from '../../src/modules/reconciliation/domain/classify-booking.js';
import {
  type BookingPosition,
  StatementRepository,
} from '../../src/modules/reconciliation/persistence/statement.repository.js';
import { createPayer } from '../factories/payer.js';
import { executeDue, UNHURRIED } from '../support/engine-steps.js';
import { reconcile, tamper } from '../support/reconciliation-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

describe('the lines a run looks at', () => {
  let worker: TestWorker;
  beforeAll(async () => {
    worker = await startTestWorker(UNHURRIED, { working: false });
  });
  afterAll(() => worker.close());

  it.each([1, 2, 3, 5, 6, 100])('are all looked at, once, %s at a time', async (limit) => {
    const payer = await createPayer(worker.app);
    const bulkId = await payer.submit(6);
    await executeDue(worker.app);
    for (const line of [0, 3, 4]) await tamper(worker.app, bulkId, line, 'amount_minor = 99');
    const { organizationId } = payer;
    const run = await reconcile(worker.app, { organizationId });
    expect(run).toMatchObject({ statementLines: 6, matched: 3, breaksOpened: 3 });
    const repository = worker.app.get(StatementRepository, { strict: false });
    const looked: string[] = [];
    let after: BookingPosition | null = null;
    let pages = 0;
    for (;;) {
      const page = await repository.lookAt(run, after, limit);
      if (page.length === 0) break;
      pages++;
      looked.push(...page.filter((line) => classifyBooking(line).outcome === 'break').map(({ railId }) => railId));
      after = page.at(-1) ?? null;
    }
    expect(pages).toBe(Math.ceil(6 / limit));
    expect(looked).toHaveLength(3);
    expect(new Set(looked).size).toBe(3);
  });
});
