import type { HttpRail } from '../../src/modules/rails/adapters/http.rail.js';
import type { RailBooking } from '../../src/modules/rails/index.js';
import { HttpRailLab } from '../support/http-rail-lab.js';
import { answer, type BankBehaviour, type ScriptedBank } from '../support/scripted-bank.js';

const FROM = new Date('2026-03-01T00:00:00Z');
const TO = new Date('2026-03-02T00:00:00Z');

const line = (index: number, values: object = {}) => ({
  rail_id: `B-${index}`,
  reference: index.toString(16).padStart(32, '0'),
  amount: '100.00',
  currency: 'EUR',
  status: 'settled',
  booked_at: '2026-03-01T12:00:00Z',
  ...values,
});
const lines = (count: number) => Array.from({ length: count }, (_, index) => line(index));

describe('the statement of the http rail', () => {
  let lab: HttpRailLab;
  let bank: ScriptedBank;
  let rail: HttpRail;
  beforeEach(async () => {
    lab = new HttpRailLab();
    bank = await lab.bankThat();
    rail = lab.railAt(`${bank.url}/v1`, { RAIL_HTTP_TOKEN: 's3cret' });
  });
  afterEach(() => lab.close());

  async function read(): Promise<(readonly RailBooking[])[]> {
    const pages: (readonly RailBooking[])[] = [];
    for await (const page of rail.fetchStatement(FROM, TO)) pages.push(page);
    return pages;
  }

  it('is asked for by period, and comes in pages', async () => {
    bank.behave((_, response) => answer(response, 200, { lines: lines(12_001) }));
    const pages = await read();
    expect(pages.map((page) => page.length)).toEqual([5_000, 5_000, 2_001]);
    expect(pages.flat().map(({ railId }) => railId)).toEqual(lines(12_001).map(({ rail_id }) => rail_id));
    expect(pages[0]?.[0]).toEqual({
      railId: 'B-0',
      reference: '0'.repeat(32),
      amountMinor: 10_000n,
      currency: 'EUR',
      status: 'settled',
      bookedAt: new Date('2026-03-01T12:00:00Z'),
    });
    expect(bank.calls).toMatchObject([
      {
        method: 'GET',
        path: '/v1/statements?from=2026-03-01T00%3A00%3A00.000Z&to=2026-03-02T00%3A00%3A00.000Z',
        headers: { authorization: 'Bearer s3cret' },
      },
    ]);
  });

  it('may be empty', async () => {
    bank.behave((_, response) => answer(response, 200, { lines: [] }));
    await expect(read()).resolves.toEqual([]);
  });

  it('is read while it arrives: what came is there before the rest was sent', async () => {
    const text = JSON.stringify({ lines: lines(5_001) });
    let sendRest = (): void => undefined;
    bank.behave((_, response) => {
      response.writeHead(200).write(text.slice(0, -10));
      sendRest = () => response.end(text.slice(-10));
    });
    const pages = rail.fetchStatement(FROM, TO);
    expect((await pages.next()).value).toHaveLength(5_000);
    sendRest();
    expect((await pages.next()).value).toHaveLength(1);
    expect((await pages.next()).done).toBe(true);
  });

  it.each<[string, BankBehaviour, string | RegExp]>([
    [
      'a line is not usable',
      (_, response) => answer(response, 200, { lines: [line(0), line(1, { amount: 100 })] }),
      /line 1 .*amount/,
    ],
    ['it is no statement', (_, response) => answer(response, 200, { bookings: [] }), 'cannot be read'],
    ['the bank has none', (_, response) => answer(response, 404, {}), 'the bank answered 404'],
    ['the bank is out of order', (_, response) => answer(response, 500, { lines: [] }), 'the bank answered 500'],
    [
      'it is cut off',
      (_, response) => {
        response.writeHead(200, { 'content-length': '5000' }).write('{"lines":[');
        setImmediate(() => response.socket?.end());
      },
      'aborted',
    ],
    ['it ends too early', (_, response) => response.writeHead(200).end('{"lines":['), 'cut off'],
    ['the connection breaks', (_, response) => response.destroy(), /socket hang up|the connection broke/],
  ])('fails when %s', async (_, behaviour, message) => {
    bank.behave(behaviour);
    await expect(read()).rejects.toThrow(message);
    await expect(lab.samples('rail_calls_total')).resolves.toEqual([
      'rail_calls_total{rail="http",operation="statement",outcome="failed"} 1',
    ]);
  });

  it.each<[string, BankBehaviour]>([
    ['it stops coming', (_, response) => void response.writeHead(200).write('{"lines":[')],
    ['nobody answers', () => undefined],
  ])('fails when %s', async (_, behaviour) => {
    rail = lab.railAt(bank.url, { RAIL_HTTP_TIMEOUT_MS: '200' });
    bank.behave(behaviour);
    await expect(read()).rejects.toThrow('no answer within 200 ms');
  });

  it('lets go of the bank when nobody reads on', async () => {
    const closed = new Promise<void>((resolve) =>
      bank.behave((_, response) => {
        response.on('close', resolve);
        response.writeHead(200).write(JSON.stringify({ lines: lines(5_001) }).slice(0, -2));
      }),
    );
    for await (const page of rail.fetchStatement(FROM, TO)) {
      expect(page).toHaveLength(5_000);
      break;
    }
    await closed;
  });
});
