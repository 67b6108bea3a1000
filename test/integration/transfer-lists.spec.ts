import { TRANSFER_STATUSES, type TransferStatus } from '../../src/modules/transfers/domain/transfer.state.js';
import { TransfersQueries } from '../../src/modules/transfers/index.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { executeNext, takeChunk, transfersOf } from '../support/engine-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

const ALWAYS = { from: null, before: null, idFrom: null, idBefore: null };
/** By line, ten to a chunk: what the sandbox makes of them. */
const OUTCOMES = ['Salary', 'sandbox:reject:AC04', 'sandbox:accept', 'sandbox:timeout', 'sandbox:retry:9'];

describe('lists of transfers', () => {
  let worker: TestWorker;
  let payer: Payer;
  let queries: TransfersQueries;
  const bulks: string[] = [];
  beforeAll(async () => {
    worker = await startTestWorker({ CHUNK_SIZE: '10', RETRY_BASE_MS: '3600000' }, { working: false });
    queries = worker.app.get(TransfersQueries, { strict: false });
    payer = await createPayer(worker.app);
    const outcomeOf = (line: number): string => OUTCOMES[line % OUTCOMES.length] ?? '';
    bulks.push(await payer.submit(30, outcomeOf), await payer.submit(30, outcomeOf));
    const somebodyElse = await createPayer(worker.app);
    await somebodyElse.submit(10, outcomeOf);
    for (let chunks = 0; chunks < 4; chunks++) await executeNext(worker.app);
    await finishSome();
    await takeChunk(worker.app, await waitingChunk());
  });
  afterAll(() => worker.close());

  /** Ends a few lines as the engine would have in days. */
  async function finishSome(): Promise<void> {
    const [line = { id: '' }, other = { id: '' }] = await transfersOf(worker.app, bulks[0] ?? '');
    const database = ownerOf(worker.app);
    const end = `UPDATE transfers SET status = $2, attention = $2 WHERE id = $1`;
    await database.execute(end, [line.id, 'returned']);
    await database.execute(end, [other.id, 'cancelled']);
  }

  async function waitingChunk(): Promise<string> {
    const [chunk] = await ownerOf(worker.app).query<{ id: string }>(
      `SELECT id FROM chunks WHERE organization_id = $1 AND status = 'open' AND due_at <= now() ORDER BY id LIMIT 1`,
      [payer.organizationId],
    );
    return chunk?.id ?? '';
  }

  async function pages(filter: { status?: TransferStatus; bulkRequestId?: string }, limit: number): Promise<string[]> {
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await queries.list(
        { organizationId: payer.organizationId, created: ALWAYS, ...filter },
        { limit, showIbans: false, ...(cursor !== undefined && { cursor }) },
      );
      ids.push(...page.data.map(({ id }) => id));
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    return ids;
  }

  it('have every transfer once, newest first', async () => {
    const all = await pages({}, 7);
    expect(all).toHaveLength(60);
    expect(all).toEqual([...new Set(all)].sort().reverse());
    const [first = '', second = ''] = bulks;
    expect(await pages({ bulkRequestId: first }, 7)).toEqual(all.slice(30));
    expect(await pages({ bulkRequestId: second }, 30)).toEqual(all.slice(0, 30));
  });

  it('go on from a place that another list was at', async () => {
    const [first = '', second = ''] = bulks;
    const place = { organizationId: payer.organizationId, created: ALWAYS };
    const { next_cursor: cursor } = await queries.list(place, { limit: 10, showIbans: false });
    const from = { limit: 100, showIbans: false, cursor: cursor ?? '' };
    const ofSecond = await queries.list({ ...place, bulkRequestId: second }, from);
    expect(ofSecond.data).toHaveLength(20);
    const ofFirst = await queries.list({ ...place, bulkRequestId: first }, from);
    expect(ofFirst.data).toHaveLength(30);
  });

  it.each(TRANSFER_STATUSES.filter((status) => status !== 'manual_review'))(
    'of status %s have all of them',
    async (status) => {
      const { data } = await queries.list(
        { organizationId: payer.organizationId, created: ALWAYS },
        { limit: 100, showIbans: false },
      );
      const expected = data.filter((transfer) => transfer.status === status).map(({ id }) => id);
      expect(expected).not.toEqual([]);
      expect(await pages({ status }, 2)).toEqual(expected);
      for (const bulkRequestId of bulks) {
        const ofBulk = data.filter(
          (transfer) => transfer.status === status && transfer.bulk_request_id === bulkRequestId,
        );
        const ids = ofBulk.map(({ id }) => id);
        expect(await pages({ status, bulkRequestId }, 2)).toEqual(ids);
        const listed = await queries.listOfBulk(
          { organizationId: payer.organizationId, bulkId: bulkRequestId, status },
          { limit: 100, showIbans: false },
        );
        expect(listed.data.map(({ id }) => id)).toEqual([...ids].reverse());
      }
    },
  );
});
