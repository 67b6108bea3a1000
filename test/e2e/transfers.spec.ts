import type { TransferDetailDto, TransferDto } from '../../src/modules/transfers/http/transfers.dto.js';
import { bulkOf, line } from '../factories/submissions.js';
import { type Acme, startAcme } from '../support/acme.js';
import { eventually } from '../support/eventually.js';

describe('x', () => {
  let acme: Acme;
  beforeAll(async () => {
    acme = await startAcme();
  });
  afterAll(() => acme.close());
  it('x', async () => {
    const words = ['plain', 'sandbox:retry:2', 'sandbox:reject:AC04', 'sandbox:timeout', 'sandbox:lost', 'sandbox:accept', 'sandbox:return', 'sandbox:slow:50', 'sandbox:retry:100'];
    const { id } = await acme.submit(bulkOf(...words.map((description) => line({ description }))));
    console.log(JSON.stringify(await acme.ended(id)));
    const list = async () => (await acme.call(`/bulk-requests/${id}/transfers`)).body.data as TransferDto[];
    await eventually(async () => (await list())[6]?.status === 'returned', { what: 'x' });
    for (const t of await list()) {
      console.log(JSON.stringify((await acme.call(`/transfers/${t.id}`)).body as unknown as TransferDetailDto, null, 0));
    }
    console.log(JSON.stringify((await acme.call(`/bulk-requests/${id}`)).body), await acme.balance());
  });
});
