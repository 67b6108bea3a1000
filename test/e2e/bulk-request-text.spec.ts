import type { TransferDto } from '../../src/modules/transfers/http/transfers.dto.js';
import { bulk, bulkOf, line } from '../factories/submissions.js';
import { type Acme, startAcme } from '../support/acme.js';
import { against, invalid, verdict } from '../support/verdict.js';

/** 140 of them are 280 units of UTF-16 and 560 bytes. */
const EMOJI = '\u{1f600}';
/** One character that NFC makes two of. */
const GROWING = '\u0958';

describe('the text of a bulk request', () => {
  let acme: Acme;
  beforeAll(async () => {
    acme = await startAcme({}, { working: false });
  });
  afterAll(() => acme.close());

  async function stored(change: object): Promise<TransferDto> {
    const { id } = await acme.submit(bulkOf(line(change)));
    const { body } = await acme.call(`/bulk-requests/${id}/transfers`);
    return (body.data as TransferDto[])[0] as TransferDto;
  }

  it.each([
    `O'Brien`,
    `Robert'); DROP TABLE transfers;--`,
    '"quoted"',
    'C:\\temp\\N',
    '\\N',
    '\\.',
    '\\\\',
    '\\t\\n\\x00',
    'a\\',
    '${1+1} %s $1 {{x}}',
    '<b>&amp;</b>',
    '=1+1',
    'NULL',
    '\u{1f468}\u200d\u{1f469}\u200d\u{1f467} Familie',
    '\u05d3\u05d5\u05d3 \u05db\u05d4\u05df',
    '\u0645\u062d\u0645\u062f \u200f(1)\u200e',
    '\u738b\u5c0f\u660e',
    'a,b;c|d',
    ' leading and trailing ',
  ])('comes back as it was sent: %j', async (text) => {
    const transfer = await stored({
      counterparty_name: text,
      description: text,
      client_transfer_id: text.slice(0, 35),
    });
    expect(transfer.counterparty.name).toBe(text);
    expect(transfer.description).toBe(text);
    expect(transfer.client_transfer_id).toBe(text.slice(0, 35));
  });

  it('is stored in NFC', async () => {
    const transfer = await stored({
      counterparty_name: 'Ame\u0301lie \u212bngstro\u0308m',
      description: 'cafe\u0301',
      client_transfer_id: 'n\u0303',
    });
    expect(transfer.counterparty.name).toBe('Am\u00e9lie \u00c5ngstr\u00f6m');
    expect(transfer.description).toBe('caf\u00e9');
    expect(transfer.client_transfer_id).toBe('\u00f1');
  });

  it('names the organization in any normal form', async () => {
    const accepted = await acme.submit(bulk({ organization_name: 'ACME Corp' }));
    expect(accepted.status).toBe('processing');
  });

  it('is counted in characters, not in bytes or UTF-16 units', async () => {
    const transfer = await stored({
      counterparty_name: EMOJI.repeat(140),
      description: '\u00e9'.repeat(140),
      client_transfer_id: EMOJI.repeat(35),
    });
    expect([...transfer.counterparty.name]).toHaveLength(140);
    expect([...(transfer.client_transfer_id ?? '')]).toHaveLength(35);
    const tooLong = {
      counterparty_name: EMOJI.repeat(141),
      description: '\u00e9'.repeat(141),
      client_transfer_id: EMOJI.repeat(36),
    };
    const fields = ['client_transfer_id', 'counterparty_name', 'description'];
    const answer = await acme.post('/bulk-requests', bulkOf(line(tooLong)));
    expect(verdict(answer)).toEqual(invalid(...fields.map((field) => `/credit_transfers/0/${field} too_long`)));
  });

  it('is not longer in NFC than its field may be', async () => {
    const before = await acme.rowCounts();
    const growing = {
      counterparty_name: GROWING.repeat(140),
      description: GROWING.repeat(71),
      client_transfer_id: GROWING.repeat(18),
    };
    const answer = await acme.post('/bulk-requests', bulkOf(line(growing), line({ description: GROWING.repeat(70) })));
    const fields = ['counterparty_name', 'description', 'client_transfer_id'];
    expect(verdict(answer)).toEqual(against(...fields.map((field) => `/credit_transfers/0/${field} too_long`)));
    expect(await acme.rowCounts()).toEqual(before);
  });

  it('may be empty in a description', async () => {
    expect((await stored({ description: '' })).description).toBe('');
  });

  it('of 50 labels comes back', async () => {
    const value = EMOJI.repeat(500);
    const metadata = Object.fromEntries(
      Array.from({ length: 50 }, (_, index) => [`${EMOJI.repeat(38)}${10 + index}`, value]),
    );
    const { id } = await acme.submit(bulk({ metadata }));
    expect((await acme.call(`/bulk-requests/${id}`)).body.metadata).toEqual(metadata);
  });

  it('of labels is stored in NFC, under the names they were given', async () => {
    const metadata = { 'cafe\u0301': 'Ame\u0301lie', 'caf\u00e9': 'Zoe\u0308' };
    const { id } = await acme.submit(bulk({ metadata }));
    const stored = { 'cafe\u0301': 'Am\u00e9lie', 'caf\u00e9': 'Zo\u00eb' };
    expect((await acme.call(`/bulk-requests/${id}`)).body.metadata).toEqual(stored);
  });
});
