import { AccountsService } from '../../src/modules/accounts/index.js';
import { DiffBulkRequest } from '../../src/modules/bulk-requests/application/diff-bulk-request.js';
import type { ChosenLine } from '../../src/modules/bulk-requests/application/prove-bulk-request.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { creditTransfers, germanIban } from '../factories/bulk-requests.js';
import { createAccount, createOrganization } from '../factories/organizations.js';
import { createPayer, type Payer } from '../factories/payer.js';
import {
  completeAll,
  executeChunk,
  executeDue,
  finish,
  loseChunk,
  onlyChunkOf,
  openChunksOf,
  runLoop,
  skipTime,
  UNHURRIED,
  workOff,
  stopBulk,
} from '../support/engine-steps.js';
import { proofDtoOf } from '../support/proof-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf, tampererOf } from '../support/owner.js';

const NOTHING = { entries: 0, sum: '0.00' };
const LEDGER = { settlement: NOTHING, return: NOTHING, reversal: NOTHING, book_delivery: NOTHING, suspense: NOTHING };

describe('the proof of a bulk request', () => {
  let worker: TestWorker;
  let database: Queryable;
  let payer: Payer;
  const open: string[] = [];
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '4' }, { working: false });
    database = ownerOf(worker.app);
    payer = await createPayer(worker.app);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => finish(worker, { open }));

  const proofOf = (bulkId: string, chosen: ChosenLine | null = null) =>
    proofDtoOf(worker.app, payer.organizationId, bulkId, chosen);
  const sums = (reserved: string, settled: string, released: string, openSum: string, returned = '0.00') => ({
    balanced: true,
    reserved,
    settled,
    released,
    open: openSum,
    returned,
  });
  const hold = (amount: string, captured: string, released: string) => ({ hold: { amount, captured, released } });
  const collect = async (): Promise<void> => {
    await runLoop(worker.app, 'rail-notices');
    await runLoop(worker.app, 'rail-evidence');
  };

  it('and the comparison with another are made for four at a time', async () => {
    const { organizationId } = payer;
    const bulkId = await payer.submit(1);
    const compared = { organizationId, bulkId, previousId: bulkId, tolerancePercent: 0, showIbans: false };
    const diffs = worker.app.get(DiffBulkRequest, { strict: false });
    for (const ask of [() => proofOf(bulkId), () => diffs.diff(compared)]) {
      const answers = await Promise.allSettled(Array.from<unknown, Promise<unknown>>({ length: 5 }, ask));
      expect(answers.slice(0, 4).map(({ status }) => status)).toEqual(Array(4).fill('fulfilled'));
      expect(answers[4]).toMatchObject({ reason: { code: 'unavailable', details: { retryAfterSeconds: 1 } } });
      await ask();
    }
    await workOff(worker.app);
  });

  describe('adds up', () => {
    it('before anything was done', async () => {
      const bulkId = await payer.submit(3);
      const before = new Date();
      const proof = await proofOf(bulkId);
      expect(proof).toMatchObject({
        bulk_request_id: bulkId,
        status: 'processing',
        currency: 'EUR',
        ...sums('3.00', '0.00', '0.00', '3.00'),
        ...hold('3.00', '0.00', '0.00'),
        ledger: LEDGER,
        lines: { count: 3, algorithm: 'sha-256 merkle tree (RFC 9162 section 2.1)' },
        line_proof: null,
      });
      expect(Math.abs(Date.parse(proof.as_of) - before.getTime())).toBeLessThan(60_000);
    });

    it('half-way, with a failed line, one in doubt, one with the rail and one waiting to be tried again', async () => {
      const words = ['Salary', 'sandbox:reject:AC04', 'sandbox:timeout', 'sandbox:accept', 'sandbox:retry:1', 'Salary'];
      const bulkId = await payer.submit(words.length, (line) => words[line] ?? '');
      const [first] = await openChunksOf(worker.app, bulkId);
      await executeChunk(worker.app, first?.id ?? '');
      await expect(proofOf(bulkId)).resolves.toMatchObject({
        status: 'processing',
        ...sums('6.00', '1.00', '1.00', '4.00'),
        ...hold('6.00', '1.00', '1.00'),
        ledger: { ...LEDGER, settlement: { entries: 1, sum: '1.00' } },
      });
      await workOff(worker.app);
      await expect(proofOf(bulkId)).resolves.toMatchObject({
        status: 'partially_completed',
        ...sums('6.00', '5.00', '1.00', '0.00'),
        ...hold('6.00', '5.00', '1.00'),
        ledger: { ...LEDGER, settlement: { entries: 5, sum: '5.00' } },
      });
    });

    it('when every line was paid', async () => {
      const bulkId = await payer.submit(9);
      await executeDue(worker.app);
      await completeAll(worker.app);
      await expect(proofOf(bulkId)).resolves.toMatchObject({
        status: 'completed',
        ...sums('9.00', '9.00', '0.00', '0.00'),
        ...hold('9.00', '9.00', '0.00'),
        ledger: { ...LEDGER, settlement: { entries: 9, sum: '9.00' } },
      });
    });

    it('when it was stopped and the rest cancelled', async () => {
      const describeLine = (line: number): string => (line === 2 ? 'sandbox:reject:AC04' : 'Salary');
      const bulkId = await payer.submit(8, describeLine, { on_failure: 'stop' });
      const [first] = await openChunksOf(worker.app, bulkId);
      await executeChunk(worker.app, first?.id ?? '');
      await stopBulk(worker.app, bulkId);
      await completeAll(worker.app);
      await expect(proofOf(bulkId)).resolves.toMatchObject({
        status: 'partially_completed',
        ...sums('8.00', '3.00', '5.00', '0.00'),
        ...hold('8.00', '3.00', '5.00'),
        ledger: { ...LEDGER, settlement: { entries: 3, sum: '3.00' } },
      });
    });

    it('when payments came back: they were settled, and are told apart', async () => {
      const bulkId = await payer.submit(3, (line) => (line === 1 ? 'sandbox:return' : 'Salary'));
      await executeDue(worker.app);
      await completeAll(worker.app);
      const whenCompleted = await proofOf(bulkId);
      expect(whenCompleted).toMatchObject(sums('3.00', '3.00', '0.00', '0.00'));
      await skipTime(worker.app);
      for (let turn = 0; turn < 2; turn++) await collect();
      const whenReturned = await proofOf(bulkId);
      expect(whenReturned).toMatchObject({
        status: 'completed',
        ...sums('3.00', '3.00', '0.00', '0.00', '1.00'),
        ...hold('3.00', '3.00', '0.00'),
        ledger: { ...LEDGER, settlement: { entries: 3, sum: '3.00' }, return: { entries: 1, sum: '1.00' } },
      });
      expect(whenReturned.lines.root).not.toBe(whenCompleted.lines.root);
    });

    it('when payments were taken back: they stay settled, and the reversal reserves nothing', async () => {
      const words = ['Salary', 'Salary', 'sandbox:reject:AC04'];
      const bulkId = await payer.submit(words.length, (line) => words[line] ?? '', { on_failure: 'reverse' });
      await executeDue(worker.app);
      await stopBulk(worker.app, bulkId);
      await completeAll(worker.app);
      const [reversal] = await database.query<{ id: string }>(`SELECT id FROM bulk_requests WHERE origin_id = $1`, [
        bulkId,
      ]);
      const proofOfReversal = () => proofOf(reversal?.id ?? '', { line: 0 });
      const nothingReserved = { ...sums('0.00', '0.00', '0.00', '0.00'), hold: null };
      await expect(proofOfReversal()).resolves.toMatchObject({
        ...nothingReserved,
        status: 'processing',
        ledger: LEDGER,
      });
      await workOff(worker.app);
      await expect(proofOfReversal()).resolves.toMatchObject({
        ...nothingReserved,
        status: 'completed',
        ledger: { ...LEDGER, reversal: { entries: 2, sum: '2.00' } },
        lines: { count: 2 },
        line_proof: { leaf: { status: 'settled', amount: '1.00' } },
      });
      await expect(proofOf(bulkId)).resolves.toMatchObject({
        status: 'reversed',
        ...sums('3.00', '2.00', '1.00', '0.00'),
        ...hold('3.00', '2.00', '1.00'),
        ledger: { ...LEDGER, settlement: { entries: 2, sum: '2.00' } },
      });
    });

    it('while a line waits for a person', async () => {
      const bulkId = await payer.submit(1);
      for (let death = 0; death < 3; death++) {
        await skipTime(worker.app);
        await loseChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
      }
      open.push(bulkId);
      const proof = await proofOf(bulkId, { line: 0 });
      expect(proof).toMatchObject({ ...sums('1.00', '0.00', '0.00', '1.00'), ledger: LEDGER });
      expect(proof.line_proof?.leaf.status).toBe('manual_review');
    });

    it('for accounts held here, before and after another organization has its money', async () => {
      const { id: organizationId } = await createOrganization(worker.app);
      const elsewhere = await createAccount(worker.app, { organizationId, iban: germanIban(6_000_001) });
      await worker.app.get(AccountsService, { strict: false }).verify(organizationId, elsewhere.id);
      const own = await createAccount(worker.app, {
        organizationId: payer.organizationId,
        iban: germanIban(6_000_002),
      });
      const paid = [elsewhere.iban ?? '', own.iban ?? ''];
      const bulkId = await payer.submit(0, undefined, {
        credit_transfers: creditTransfers(2).map((line, at) => ({ ...line, counterparty_iban: paid[at] ?? '' })),
      });
      await executeDue(worker.app);
      const settlement = { entries: 2, sum: '2.00' };
      await expect(proofOf(bulkId)).resolves.toMatchObject({
        ...sums('2.00', '2.00', '0.00', '0.00'),
        ledger: { ...LEDGER, settlement },
      });
      await workOff(worker.app);
      await expect(proofOf(bulkId)).resolves.toMatchObject({
        status: 'completed',
        ...sums('2.00', '2.00', '0.00', '0.00'),
        ledger: { ...LEDGER, settlement, book_delivery: { entries: 1, sum: '1.00' } },
      });
    });
  });

  describe('says so when it does not add up, and answers all the same', () => {
    it.each([
      ['captured', `UPDATE holds SET captured_minor = captured_minor - $2 WHERE reference_id = $1`],
      ['released', `UPDATE holds SET released_minor = released_minor - $2 WHERE reference_id = $1`],
      ['accepted', `UPDATE bulk_requests SET total_minor = total_minor + $2 WHERE id = $1`],
      ['counted', `UPDATE bulk_requests SET transfer_count = transfer_count + $2 WHERE id = $1`],
      ['paid', `UPDATE transfers SET amount_minor = amount_minor + $2 WHERE bulk_id = $1 AND line = 1`],
    ])('because another sum was %s', async (_, tamper) => {
      const bulkId = await payer.submit(3, (line) => (line === 0 ? 'sandbox:reject:AC04' : 'Salary'));
      await executeDue(worker.app);
      await completeAll(worker.app);
      await expect(proofOf(bulkId)).resolves.toMatchObject({ balanced: true });
      await tampererOf(worker.app).execute(tamper, [bulkId, 1]);
      await expect(proofOf(bulkId)).resolves.toMatchObject({ status: 'partially_completed', balanced: false });
      await tampererOf(worker.app).execute(tamper, [bulkId, -1]);
    });

    it('because nothing was reserved', async () => {
      const bulkId = await payer.submit(1);
      await tampererOf(worker.app).execute(`UPDATE holds SET purpose = 'something else' WHERE reference_id = $1`, [
        bulkId,
      ]);
      await expect(proofOf(bulkId)).resolves.toMatchObject({
        balanced: false,
        hold: null,
        reserved: '0.00',
        open: '1.00',
      });
      await tampererOf(worker.app).execute(`UPDATE holds SET purpose = 'bulk_request' WHERE reference_id = $1`, [
        bulkId,
      ]);
    });
  });

  it('is of one moment, even when lines are paid while it is made', async () => {
    const bulkId = await payer.submit(4);
    const before = await proofOf(bulkId);
    const accounts = worker.app.get(AccountsService, { strict: false });
    const findHold = accounts.findHold.bind(accounts);
    jest.spyOn(accounts, 'findHold').mockImplementationOnce(async (...parameters) => {
      await executeChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
      return findHold(...parameters);
    });
    await expect(proofOf(bulkId)).resolves.toEqual({ ...before, as_of: expect.any(String) });
    await expect(proofOf(bulkId)).resolves.toMatchObject({ ...sums('4.00', '4.00', '0.00', '0.00') });
  });
});
