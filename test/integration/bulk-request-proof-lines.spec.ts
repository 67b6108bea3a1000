import { CONFIG } from '../../src/config/config.module.js';
import type { Config } from '../../src/config/config.schema.js';
import type { ChosenLine } from '../../src/modules/bulk-requests/application/prove-bulk-request.js';
import { TransfersQueries } from '../../src/modules/transfers/index.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { isUnderRoot } from '../support/documented-script.js';
import {
  completeAll,
  executeChunk,
  expireLease,
  finish,
  openChunksOf,
  skipTime,
  sweep,
  takeChunk,
  UNHURRIED,
} from '../support/engine-steps.js';
import { proofDtoOf } from '../support/proof-steps.js';
import { refusalOf } from '../support/refusal.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

describe('the lines in the proof of a bulk request', () => {
  let worker: TestWorker;
  let payer: Payer;
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '4' }, { working: false });
    payer = await createPayer(worker.app);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => finish(worker));

  const proofOf = (bulkId: string, chosen: ChosenLine | null = null) =>
    proofDtoOf(worker.app, payer.organizationId, bulkId, chosen);

  it('have the state that the list of transfers shows, also while they are being submitted', async () => {
    const bulkId = await payer.submit(6);
    const [first] = await openChunksOf(worker.app, bulkId);
    await takeChunk(worker.app, first?.id ?? '');
    const transfers = worker.app.get(TransfersQueries, { strict: false });
    const listed = await transfers.listOfBulk(
      { organizationId: payer.organizationId, bulkId },
      { limit: 100, showIbans: true },
    );
    expect(new Set(listed.data.map(({ status }) => status))).toEqual(new Set(['submitting', 'pending']));
    for (const transfer of listed.data) {
      const { line_proof: lineProof } = await proofOf(bulkId, { line: transfer.line });
      expect(lineProof?.leaf).toEqual({
        transfer_id: transfer.id,
        line: transfer.line,
        rail_reference: transfer.rail_reference,
        rail_id: null,
        amount: transfer.amount,
        currency: transfer.currency,
        counterparty_name: transfer.counterparty.name,
        counterparty_iban: transfer.counterparty.iban,
        status: transfer.status,
      });
    }
    await skipTime(worker.app);
    await expireLease(worker.app, first?.id ?? '');
    await sweep(worker.app);
  });

  it('verify, wherever the line is and however many pages of lines there are', async () => {
    jest.replaceProperty(worker.app.get<Config>(CONFIG), 'CHUNK_SIZE', 500); // it is worked off in the end
    const bulkId = await payer.submit(2_003);
    const { lines } = await proofOf(bulkId);
    expect(lines.count).toBe(2_003);
    for (const line of [0, 1, 999, 1_000, 1_999, 2_002]) {
      const proof = await proofOf(bulkId, { line });
      expect(proof.lines).toEqual(lines);
      expect(proof.line_proof).toMatchObject({ line, leaf_index: line, tree_size: 2_003 });
      expect(isUnderRoot(proof.line_proof, lines.root)).toBe(true);
    }
  });

  it('are found by their transfer as well', async () => {
    const bulkId = await payer.submit(3);
    const byLine = await proofOf(bulkId, { line: 1 });
    const transferId = byLine.line_proof?.leaf.transfer_id ?? '';
    const byTransfer = await proofOf(bulkId, { transferId });
    expect(byTransfer).toEqual({ ...byLine, as_of: expect.any(String) });
  });

  it('are refused for what is no line of it', async () => {
    const [bulkId, other] = [await payer.submit(3), await payer.submit(3)];
    const transferId = (await proofOf(other, { line: 0 })).line_proof?.leaf.transfer_id ?? '';
    await expect(refusalOf(proofOf(bulkId, { line: 3 }))).resolves.toMatchObject({ code: 'not_found' });
    await expect(refusalOf(proofOf(bulkId, { transferId }))).resolves.toMatchObject({ code: 'not_found' });
  });

  it('change the root with the state of any of them, and only then', async () => {
    const bulkId = await payer.submit(5);
    const roots = [(await proofOf(bulkId)).lines.root, (await proofOf(bulkId)).lines.root];
    expect(roots[1]).toBe(roots[0]);
    for (const chunk of await openChunksOf(worker.app, bulkId)) {
      await executeChunk(worker.app, chunk.id);
      roots.push((await proofOf(bulkId)).lines.root);
    }
    await completeAll(worker.app);
    roots.push((await proofOf(bulkId)).lines.root);
    expect(new Set(roots).size).toBe(3);
    expect(roots.at(-1)).toBe(roots.at(-2));
  });
});
