import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { BulkRequestProofDto, LineProofDto } from '../../src/modules/bulk-requests/http/bulk-request-proof.dto.js';
import type { TransferDto } from '../../src/modules/transfers/http/transfers.dto.js';
import { createApiKey, createFundedAccount, createOrganization } from '../factories/organizations.js';
import { bulkOf, line } from '../factories/submissions.js';
import { type Acme, startAcme } from '../support/acme.js';
import { codeBlocksOf, isUnderRoot } from '../support/documented-script.js';

const IBAN = 'DE89370400440532013000';
const DOCUMENT = 'docs/proof.md';
const NOTHING = { entries: 0, sum: '0.00' };

describe('the proof of a bulk request', () => {
  let acme: Acme;
  /** Ended: 10.50 paid, 20.50 failed, 30.50 paid. */
  let bulkId: string;
  beforeAll(async () => {
    acme = await startAcme();
    const descriptions = ['Salary', 'sandbox:reject:AC04', 'Salary'];
    const { id } = await acme.submit(
      bulkOf(...descriptions.map((description, index) => line({ description, amount: `${index + 1}0.50` }))),
    );
    await acme.ended(id);
    bulkId = id;
  });
  afterAll(() => acme.close());

  const proofOf = async (path: string, key = acme.key): Promise<BulkRequestProofDto> => {
    const { status, body, text } = await acme.call(path, { key });
    if (status !== 200) throw new Error(`Answered ${status}: ${text}`);
    return body as unknown as BulkRequestProofDto;
  };
  const lineProofOf = async (id: string, query: string, key = acme.key): Promise<LineProofDto> => {
    const { line_proof: lineProof } = await proofOf(`/bulk-requests/${id}/proof?${query}`, key);
    if (lineProof === null) throw new Error('There is no proof of the line.');
    return lineProof;
  };

  it('has the sums, what is behind them, and the hash over all lines', async () => {
    expect(await proofOf(`/bulk-requests/${bulkId}/proof`)).toEqual({
      bulk_request_id: bulkId,
      status: 'partially_completed',
      currency: 'EUR',
      as_of: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      reserved: '61.50',
      settled: '41.00',
      released: '20.50',
      open: '0.00',
      returned: '0.00',
      balanced: true,
      ledger: {
        settlement: { entries: 2, sum: '41.00' },
        return: NOTHING,
        reversal: NOTHING,
        book_delivery: NOTHING,
        suspense: NOTHING,
      },
      hold: { amount: '61.50', captured: '41.00', released: '20.50' },
      lines: {
        count: 3,
        algorithm: 'sha-256 merkle tree (RFC 9162 section 2.1)',
        root: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      line_proof: null,
    });
  });

  it('is the same at the other address of bulk requests', async () => {
    const [one, other] = [
      await proofOf(`/bulk-requests/${bulkId}/proof?line=1`),
      await proofOf(`/transfers/bulk/${bulkId}/proof?line=1`),
    ];
    expect(other).toEqual({ ...one, as_of: other.as_of });
  });

  it('has amounts with the decimals of the currency', async () => {
    const account = { organizationId: acme.organizationId, currency: 'JPY', amount: '1000' };
    const { id: accountId } = await createFundedAccount(acme.api.app, account);
    const credit_transfers = [line({ amount: '100', currency: 'JPY' })];
    const { id } = await acme.submit({ debtor_account_id: accountId, credit_transfers });
    await acme.ended(id);
    const proof = await proofOf(`/bulk-requests/${id}/proof?line=0`);
    expect(proof).toMatchObject({ currency: 'JPY', reserved: '100', settled: '100', open: '0', balanced: true });
    expect(proof.line_proof?.leaf.amount).toBe('100');
  });

  describe('of a line', () => {
    it('has the line as the API shows it, and lets a stranger check it with the documented script', async () => {
      const { lines } = await proofOf(`/bulk-requests/${bulkId}/proof`);
      const transfers = (await acme.call(`/bulk-requests/${bulkId}/transfers`)).body.data as TransferDto[];
      for (const transfer of transfers) {
        const proof = await lineProofOf(bulkId, `line=${transfer.line}`);
        expect(proof).toMatchObject({ line: transfer.line, leaf_index: transfer.line, tree_size: 3 });
        expect(proof.leaf).toEqual({
          transfer_id: transfer.id,
          line: transfer.line,
          rail_reference: transfer.rail_reference,
          rail_id: transfer.status === 'settled' ? expect.any(String) : proof.leaf.rail_id,
          amount: transfer.amount,
          currency: 'EUR',
          counterparty_name: 'John Doe',
          counterparty_iban: IBAN,
          status: transfer.status,
        });
        expect(isUnderRoot(proof, lines.root)).toBe(true);
        expect(await lineProofOf(bulkId, `transfer_id=${transfer.id.toUpperCase()}`)).toEqual(proof);
      }
    });

    it('does not verify with anything changed', async () => {
      const { lines } = await proofOf(`/bulk-requests/${bulkId}/proof`);
      const proof = await lineProofOf(bulkId, 'line=0');
      const [nearest = '', ...others] = proof.path;
      const bent = `${nearest.startsWith('0') ? '1' : '0'}${nearest.slice(1)}`;
      const changes: Partial<LineProofDto>[] = [
        { leaf: { ...proof.leaf, amount: '1000.50' } },
        { leaf: { ...proof.leaf, status: 'failed' } },
        { leaf_index: 1 },
        { tree_size: 2 },
        { path: [bent, ...others] },
        { path: others },
      ];
      expect(changes.map((change) => isUnderRoot({ ...proof, ...change }, lines.root))).toEqual(
        changes.map(() => false),
      );
      expect(isUnderRoot(proof, proof.leaf_hash)).toBe(false);
    });

    it('masks the IBAN for a key that may not see it; the payee puts it in', async () => {
      const scopes = ['bulk-requests:read' as const];
      const { secret } = await createApiKey(acme.api.app, { organizationId: acme.organizationId, scopes });
      const { lines } = await proofOf(`/bulk-requests/${bulkId}/proof`);
      const proof = await lineProofOf(bulkId, 'line=2', secret);
      expect(proof).toEqual({
        ...(await lineProofOf(bulkId, 'line=2')),
        leaf: expect.objectContaining({ counterparty_iban: 'DE89••••3000' }),
      });
      expect(isUnderRoot(proof, lines.root)).toBe(false);
      expect(isUnderRoot(proof, lines.root, IBAN)).toBe(true);
    });

    it('goes by the position in the request, also behind a line that was not accepted', async () => {
      const good = line({ counterparty_name: 'Zoë "Ω" O’Neill' });
      const { id } = await acme.submit({ ...bulkOf(line({ amount: '0' }), good, good), validation: 'partial' });
      await acme.ended(id);
      const proof = await lineProofOf(id, 'line=2');
      expect(proof).toMatchObject({
        line: 2,
        leaf_index: 1,
        tree_size: 2,
        leaf: { counterparty_name: 'Zoë "Ω" O’Neill' },
      });
      const { lines } = await proofOf(`/bulk-requests/${id}/proof`);
      expect(isUnderRoot(proof, lines.root)).toBe(true);
      expect((await acme.call(`/bulk-requests/${id}/proof?line=0`)).status).toBe(404);
    });
  });

  describe('is refused', () => {
    const refusal = async (path: string, key = acme.key) => {
      const { status, body } = await acme.call(path, { key });
      const [error] = (body.errors ?? []) as { pointer: string; code: string }[];
      return [status, body.code, ...(error ? [error.pointer, error.code] : [])];
    };

    it('for two lines at once, and for what names no line', async () => {
      const path = `/bulk-requests/${bulkId}/proof`;
      const [transfer] = (await acme.call(`/bulk-requests/${bulkId}/transfers`)).body.data as TransferDto[];
      const both = `${path}?line=0&transfer_id=${transfer?.id}`;
      expect(await refusal(both)).toEqual([400, 'invalid_request', '/query/transfer_id', 'too_many']);
      expect(await refusal(`${path}?line=-1`)).toEqual([400, 'invalid_request', '/query/line', 'range']);
      expect(await refusal(`${path}?line=1.5`)).toEqual([400, 'invalid_request', '/query/line', 'type']);
      expect(await refusal(`${path}?transfer_id=x`)).toEqual([400, 'invalid_request', '/query/transfer_id', 'pattern']);
      expect(await refusal(`${path}?lines=1`)).toEqual([400, 'invalid_request', '/query/lines', 'unknown_field']);
      expect(await refusal(`/bulk-requests/17/proof`)).toEqual([400, 'invalid_id']);
    });

    it('for a line that is not there, or belongs to another bulk request', async () => {
      const { id } = await acme.submit(bulkOf(line({ description: 'of another bulk' })));
      await acme.ended(id);
      const other = await lineProofOf(id, 'line=0');
      expect(await refusal(`/bulk-requests/${bulkId}/proof?line=3`)).toEqual([404, 'not_found']);
      const path = `/bulk-requests/${bulkId}/proof?transfer_id=${other.leaf.transfer_id}`;
      expect(await refusal(path)).toEqual([404, 'not_found']);
    });

    it('to another organization, and to a key that may not read bulk requests', async () => {
      const { id: organizationId } = await createOrganization(acme.api.app);
      const { secret: stranger } = await createApiKey(acme.api.app, { organizationId });
      expect(await refusal(`/bulk-requests/${bulkId}/proof`, stranger)).toEqual([404, 'not_found']);
      const scopes = ['transfers:read' as const, 'transfers:read-pii' as const];
      const { secret } = await createApiKey(acme.api.app, { organizationId: acme.organizationId, scopes });
      expect(await refusal(`/bulk-requests/${bulkId}/proof?line=0`, secret)).toEqual([403, 'forbidden']);
    });
  });

  it('is documented with an example that the documented script finds valid', () => {
    const [example] = codeBlocksOf(DOCUMENT, 'json').map((text) => JSON.parse(text) as LineProofDto);
    const [, root] =
      /The root of the example is\s+`([0-9a-f]{64})`/.exec(
        readFileSync(path.resolve(__dirname, '../..', DOCUMENT), 'utf8'),
      ) ?? [];
    expect(example && root && isUnderRoot(example, root)).toBe(true);
  });
});
