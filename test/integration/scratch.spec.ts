import { AccountsModule, AccountsService } from '../../src/modules/accounts/index.js';
import { LedgerModule, LedgerQueries, LedgerService } from '../../src/modules/ledger/index.js';
import { OrganizationsModule, OrganizationsService } from '../../src/modules/organizations/index.js';
import { Database, UnitOfWork } from '../../src/platform/database/index.js';
import { newId } from '../../src/domain/ids.js';
import { createApiKey, createFundedAccount, createOrganization } from '../factories/organizations.js';
import { startFeatures } from '../support/test-features.js';
it('x', async () => {
  const f = await startFeatures([OrganizationsModule, AccountsModule, LedgerModule]);
  const o = await createOrganization(f.app);
  const k = await createApiKey(f.app, { organizationId: o.id });
  const a = await createFundedAccount(f.app, { organizationId: o.id, amount: '999999999' });
  const svc = f.app.get(OrganizationsService);
  for (let r = 0; r < 3; r++) {
    const t = performance.now(); const c = process.cpuUsage();
    for (let i = 0; i < 1000; i++) await svc.authenticate(k.secret);
    const u = process.cpuUsage(c);
    console.log('auth us', performance.now() - t, 'cpu', (u.user + u.system) / 1000);
  }
  const acc = f.app.get(AccountsService); const led = f.app.get(LedgerService); const uow = f.app.get(UnitOfWork);
  for (let r = 0; r < 5; r++) {
    const t = performance.now(); const c = process.cpuUsage();
    for (let i = 0; i < 20; i++) await uow.run(async (tx) => {
      const clearing = await acc.getSystemAccount(tx, { organizationId: o.id, kind: 'clearing', rail: 'sandbox', currency: 'EUR' });
      const entries = Array.from({ length: 500 }, () => ({ kind: 'settlement' as const, debitAccountId: a.id, creditAccountId: clearing, amountMinor: 100n, currency: 'EUR', transferId: newId() }));
      await led.post(tx, { organizationId: o.id, entries });
    });
    const u = process.cpuUsage(c);
    console.log('post 10000 ms', performance.now() - t, 'cpu ms', (u.user + u.system) / 1000);
  }
  const t = performance.now();
  console.log(await f.app.get(LedgerQueries).listEntries(o.id, a.id, { limit: 2 }), performance.now() - t);
  console.log(await f.app.get(LedgerQueries).getBalance(o.id, a.id, new Date(Date.now() - 1000)), performance.now() - t);
  const ex = await f.app.get(Database).query(`EXPLAIN ANALYZE SELECT id FROM accounts WHERE organization_id = $1 AND kind = $2 AND coalesce(rail, '') = coalesce($3, '') AND currency = $4 AND kind <> 'customer'`, [o.id, 'bank', null, 'EUR']);
  console.log(ex);
  console.log(await f.app.get(LedgerQueries).invariants(f.app.get(Database)));
  await f.close();
});
