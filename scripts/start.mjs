import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { createApplicationLogin } from './application-login.mjs';
import {
  claimDataDir,
  DATA_DIR,
  makeDataDir,
  newAdminKey,
  newEncryptionKey,
  readDemoState,
  writeDemoState,
} from './demo-state.mjs';
import { startServers } from './local-servers/index.mjs';
import { freePort, isPortFree } from './local-servers/ports.mjs';
import { migrate } from './migrations.mjs';
import { startApi, startWorker } from './processes.mjs';
import { runScript } from './run-script.mjs';
import { ScriptError } from './script-error.mjs';
import { environmentWith, secretOf } from './secret-variables.mjs';
import { DEMO_ACCOUNT, seedDemo } from './seed.mjs';

const STATE_FILE = path.join(DATA_DIR, 'demo.json');

runScript(async () => {
  makeDataDir();
  claimDataDir();
  const known = readDemoState(STATE_FILE);
  const adminKey = secretOf('ADMIN_API_KEY') || known.admin_api_key || newAdminKey();
  const encryptionKeys = secretOf('DATA_ENCRYPTION_KEYS') || known.data_encryption_keys || newEncryptionKey();
  const { postgres, redis } = await startServers({ dir: DATA_DIR });
  await migrate(postgres.url);
  const databaseUrl = postgres.isExternal ? postgres.url : await createApplicationLogin(postgres.url);
  const servers = { database_url: postgres.url, redis_url: redis.url };
  const secrets = { admin_api_key: adminKey, data_encryption_keys: encryptionKeys };
  writeDemoState(STATE_FILE, { ...known, ...servers, ...secrets });

  const env = {
    ...environmentWith({
      DATABASE_URL: databaseUrl,
      REDIS_URL: redis.url,
      ADMIN_API_KEY: adminKey,
      DATA_ENCRYPTION_KEYS: encryptionKeys,
    }),
    HOST: process.env.HOST || '127.0.0.1',
    DEMO_KEY_FILE: STATE_FILE,
  };
  const [api, worker] = await Promise.all([
    startApi({ env, output: 'inherit', port: await choosePort(env.HOST) }),
    startWorker({ env, output: 'inherit' }),
  ]);
  const seed = await seedDemo({ baseUrl: api.baseUrl, adminKey, knownKey: known.demo_api_key });
  const demoKey = /** @type {string} */ (seed.demoApiKey); // asked for, so there is one
  writeDemoState(STATE_FILE, {
    ...servers,
    ...secrets,
    demo_api_key: demoKey,
    organization_id: seed.organizationId,
    account_id: seed.accountId,
  });
  console.log(welcome({ ...seed, baseUrl: api.baseUrl, demoKey, adminKey, dataDir: postgres.dir }));

  const ended = await Promise.race([api, worker].map(async ({ name, ended }) => `The ${name} ${await ended}`));
  throw new ScriptError(ended);
});

/** @param {string} host */
async function choosePort(host) {
  const wanted = Number(process.env.PORT || 3000);
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65_535)
    throw new ScriptError(`PORT is no port number: ${process.env.PORT}`);
  if (wanted !== 0 && (await isPortFree(wanted, host))) return wanted;
  const port = await freePort();
  if (wanted !== 0) console.log(`Port ${wanted} is taken, using ${port} instead.`);
  return port;
}

/** @param {{baseUrl: string, organizationId: string, accountId: string, demoKey: string, adminKey: string, dataDir?: string}} facts */
function welcome({ baseUrl, organizationId, accountId, demoKey, adminKey, dataDir }) {
  const elsewhere = dataDir && !dataDir.startsWith(DATA_DIR) ? ` and ${path.dirname(dataDir)}` : '';
  return `
Tranche is running.

  Swagger UI     ${baseUrl}/docs
  ReDoc          ${baseUrl}/redoc
  OpenAPI        ${baseUrl}/openapi.json
  Queues         ${baseUrl}/ops/queues   (any user name; the password is the admin key)
  Health         ${baseUrl}/health
  Metrics        ${baseUrl}/metrics

  Organization   ${organizationId}   (ACME Corp)
  Account        ${accountId}   (${DEMO_ACCOUNT.iban})
  Demo key       ${demoKey}
  Admin key      ${adminKey}

Pay two people:

curl -X POST ${baseUrl}/api/v1/bulk-requests \\
  -H 'Authorization: Bearer ${demoKey}' \\
  -H 'Content-Type: application/json' \\
  -d '${JSON.stringify(exampleBulk())}'

Everything is kept in ${DATA_DIR}${elsewhere}; remove that to start afresh. Ctrl-C stops it all.
`;
}

/** The IBANs are the registry's own examples. */
function exampleBulk() {
  return {
    request_id: randomUUID(),
    organization_iban: DEMO_ACCOUNT.iban,
    organization_bic: DEMO_ACCOUNT.bic,
    credit_transfers: [
      {
        amount: '100.00',
        counterparty_name: 'John Doe',
        counterparty_iban: 'DE89370400440532013000',
        description: 'Salary November 2026',
      },
      {
        amount: '250.50',
        counterparty_name: 'Marie Dupont',
        counterparty_iban: 'FR1420041010050500013M02606',
        description: 'Invoice 2026-118',
      },
    ],
  };
}
