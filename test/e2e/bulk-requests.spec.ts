import { ACME_BIC, ACME_IBAN, type Acme, startAcme } from '../support/acme.js';

/** As the contract shows it, but for its own `request_id`: one organization uses one only once. */
const example = (requestId: string) => ({
  request_id: requestId,
  organization_bic: ACME_BIC,
  organization_iban: ACME_IBAN,
  credit_transfers: [
    {
      amount: '100.00',
      currency: 'EUR',
      counterparty_name: 'John Doe',
      counterparty_bic: 'DEUTDEFFXXX',
      counterparty_iban: 'DE89370400440532013000',
      description: 'Salary payment for June 2024',
    },
  ],
});

describe('bulk requests over HTTP', () => {
  let acme: Acme;
  beforeAll(async () => {
    acme = await startAcme();
  });
  afterAll(() => acme.close());

  it('x', async () => {
    const a = await acme.post('/bulk-requests', example('123e4567-e89b-12d3-a456-426614174000'));
    console.log(a.status, a.text, a.headers);
    console.log(await acme.ended(a.body.id as string));
    console.log(await acme.balance(), await acme.rowCounts());
  });
});
