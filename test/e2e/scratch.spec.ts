import { createOrganization, createApiKey } from '../factories/organizations.js';
import { startTestApi } from '../support/test-api.js';
it('x', async () => {
  const api = await startTestApi();
  try {
    const o = await createOrganization(api.app);
    const { secret } = await createApiKey(api.app, { organizationId: o.id });
    for (const [p, opt] of [
      ['/accounts', { method: 'POST', key: secret, body: { name: 'x', currency: 'EUR', iban: 'FR10474608000002006107XXXXX' } }],
      ['/accounts', { method: 'POST', key: secret, body: { name: '', currency: 'eur', iban: 'x', bic: 'u', z: 1 } }],
      ['/accounts', { key: secret }],
      ['/organizations', { key: api.adminKey }],
      ['/organizations', { key: api.adminKey, method: 'POST', body: { name: ' ', slug: 'A' } }],
      ['/bank-transactions', { key: secret, method: 'POST', body: { dst_account_id: o.id, amount: true, direction: 'x' } }],
      ['/bank-transactions', { key: secret, method: 'POST', body: { dst_account_id: o.id, amount: '1e3', direction: 'credit', reason: '' } }],
      ['/organizations/' + o.id + '/api-keys', { key: api.adminKey, method: 'POST', body: { name: 'a', scopes: ['admin'] } }],
      ['/organizations/' + o.id + '/api-keys', { key: api.adminKey, method: 'POST', body: { name: 'a', scopes: ['operator'], expires_at: '2030-01-01' } }],
      ['/organizations/' + o.id + '/api-keys', { key: api.adminKey, method: 'POST', body: { name: 'a', scopes: ['operator'], expires_at: null } }],
    ] as const) {
      const a = await api.call(p, opt as never);
      console.log(p, JSON.stringify(opt), a.status, JSON.stringify(a.body, null, 1), a.headers);
    }
    const doc = await api.app.inject('/openapi.json');
    require('fs').writeFileSync('/tmp/acc/openapi.json', doc.payload);
  } finally { await api.close(); }
});
