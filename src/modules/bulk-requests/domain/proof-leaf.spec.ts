import { leafBytes, proofLeaf, type ProvenLine } from './proof-leaf.js';

const LINE: ProvenLine = {
  id: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e',
  line: 17,
  railId: null,
  amountMinor: 10_050n,
  currency: 'EUR',
  counterpartyName: 'Zoë "Ω" O’Neill\\',
  counterpartyIban: 'DE89370400440532013000',
  status: 'settled',
};

describe('the leaf of a line', () => {
  it('is this text and no other: whoever kept a proof has to be able to check it for ever', () => {
    expect(Buffer.from(leafBytes(proofLeaf(LINE))).toString('utf8')).toBe(
      '{"amount":"100.50","counterparty_iban":"DE89370400440532013000","counterparty_name":"Zoë \\"Ω\\" O’Neill\\\\",' +
        '"currency":"EUR","line":17,"rail_id":null,"rail_reference":"0198f2c17f3a7c318b0e1d2f3a4b5c6e","status":"settled",' +
        '"transfer_id":"0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e"}',
    );
  });

  it('lists its members in the order they are hashed in', () => {
    const members = Object.keys(proofLeaf(LINE));
    expect(members).toEqual([...members].sort());
    expect(JSON.stringify(proofLeaf(LINE))).toBe(Buffer.from(leafBytes(proofLeaf(LINE))).toString('utf8'));
  });

  it.each([
    ['JPY', '10050'],
    ['KWD', '10.050'],
  ])('has the amount with the decimals of %s', (currency, amount) => {
    expect(proofLeaf({ ...LINE, currency }).amount).toBe(amount);
  });
});
