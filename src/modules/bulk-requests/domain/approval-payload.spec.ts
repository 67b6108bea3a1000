import { canonicalJson } from '../../../domain/canonical-json.js';
import { ApprovalPayload, type PayloadHeader, type PayloadLine } from './approval-payload.js';

type Line = PayloadLine & { readonly currency: string };

const HEADER: PayloadHeader = {
  organizationId: 'o',
  debtorAccountId: 'd',
  currency: 'EUR',
  totalMinor: 300n,
  transferCount: 2,
  requestedExecutionDate: null,
  rail: 'sandbox',
  onFailure: 'continue',
};

const line = (index: number, change: Partial<Line> = {}): Line => ({
  line: index,
  amountMinor: 100n,
  currency: 'EUR',
  counterpartyName: 'Jörg "J" Doe',
  counterpartyIban: 'DE89370400440532013000',
  counterpartyBic: null,
  description: 'Salary\u2028',
  purposeCode: 'SALA',
  clientTransferId: null,
  rail: 'sandbox',
  creditorAccountId: null,
  ...change,
});

function textOf(header: PayloadHeader, ...pages: Line[][]): string {
  let text = '';
  const payload = new ApprovalPayload(header, (piece) => (text += piece));
  for (const page of pages) payload.add(page);
  payload.end();
  return text;
}

describe('the payload of an approval', () => {
  it('is canonical JSON, whatever the pages it was read in', () => {
    const lines = [line(0), line(1), line(2)];
    const text = textOf(HEADER, lines);
    expect(canonicalJson(JSON.parse(text))).toBe(text);
    expect((JSON.parse(text) as { transfers: unknown[] }).transfers).toHaveLength(3);
    for (const pages of [[lines.slice(0, 1), lines.slice(1)], [[], lines, []], lines.map((one) => [one])]) {
      expect(textOf(HEADER, ...pages)).toBe(text);
    }
  });

  const CHANGED_LINES: Partial<Line>[] = [
    { line: 1 },
    { amountMinor: 101n },
    { currency: 'USD' },
    { counterpartyName: 'Joerg Doe' },
    { counterpartyIban: 'DE02120300000000202051' },
    { counterpartyBic: 'DEUTDEFFXXX' },
    { description: null },
    { purposeCode: null },
    { clientTransferId: 'x' },
    { rail: 'book' },
    { creditorAccountId: 'c' },
  ];

  it.each(CHANGED_LINES)('is another one when of a line %j', (change) => {
    expect(textOf(HEADER, [line(0, change)])).not.toBe(textOf(HEADER, [line(0)]));
  });

  const CHANGED_HEADERS: Partial<PayloadHeader>[] = [
    { organizationId: 'p' },
    { debtorAccountId: 'e' },
    { currency: 'USD' },
    { transferCount: 3 },
    { requestedExecutionDate: '2026-12-01' },
    { rail: 'http' },
    { onFailure: 'stop' },
  ];

  it.each(CHANGED_HEADERS)('is another one when of the bulk %j', (change) => {
    expect(textOf({ ...HEADER, ...change }, [line(0)])).not.toBe(textOf(HEADER, [line(0)]));
  });

  it('is another one with other amounts in all, and with lines in another order', () => {
    expect(textOf({ ...HEADER, totalMinor: 301n })).not.toBe(textOf(HEADER));
    expect(textOf(HEADER, [line(0), line(1)])).not.toBe(textOf(HEADER, [line(1), line(0)]));
  });
});
