import { execFile } from 'node:child_process';
import path from 'node:path';
import type { OpenAPIObject } from '@nestjs/swagger';
import { Client } from 'pg';
import type { BulkRequestDto, BulkRequestStatusDto } from '../../src/modules/bulk-requests/http/bulk-requests.dto.js';
import { operationsOf } from '../../src/platform/http/openapi-operations.js';
import { bulk, bulkOf, line } from '../factories/submissions.js';
import { ACME_IBAN } from '../support/acme.js';
import { type DemoProcesses, startDemoApi } from '../support/demo-processes.js';
import { eventually } from '../support/eventually.js';
import { startApi, startWorker } from '../support/processes.js';
import { startTestApi } from '../support/test-api.js';
import { createOwnedDatabase, createTestDatabase } from '../support/test-database.js';

const DIST = path.resolve(__dirname, '../../dist');
const ENTRIES = ['main.api.js', 'main.worker.js'];
const WAITS_FOR_LOCK = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;

interface Ended {
  code: unknown;
  stdout: string;
  stderr: string;
}

/** Runs an entrypoint that is expected to end by itself. */
function run(entry: string, env: Record<string, string>): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [path.join(DIST, entry)], { env, timeout: 20_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

/** The words about operations come from comments on controllers, of which the tests' documents know nothing. */
function withoutWords(document: OpenAPIObject): OpenAPIObject {
  for (const { operation } of operationsOf(document)) {
    delete operation.summary;
    delete operation.description;
  }
  return document;
}

describe('the built processes', () => {
  let demo: DemoProcesses;
  beforeAll(async () => {
    demo = await startDemoApi();
  });
  afterAll(() => demo.close());

  const statusOf = async (id: string): Promise<BulkRequestStatusDto> =>
    (await (await demo.call(`/bulk-requests/${id}/status`)).json()) as BulkRequestStatusDto;
  const submit = async (body: object, headers: Record<string, string> = {}): Promise<BulkRequestDto> => {
    const answer = await demo.call('/bulk-requests', { body, headers });
    expect(answer.status).toBe(202);
    return (await answer.json()) as BulkRequestDto;
  };

  it('pay a bulk request, under one request id from HTTP to the rail, without telling whom', async () => {
    const worker = await startWorker(demo.servers);
    const requestId = 'payroll-2026-11.acme';
    const { id } = await submit(bulkOf(line(), line({ description: 'sandbox:retry:1' })), {
      'x-request-id': requestId,
    });
    await eventually(async () => (await statusOf(id)).status === 'completed', { what: 'the bulk to complete' });
    const ofBulk = (event: string) => (record: Record<string, unknown>) =>
      record.event === event && record.bulk_request_id === id;
    const executed = worker.logs().filter(ofBulk('chunk_executed'));
    expect(executed.map((record) => record.request_id)).toEqual([requestId, requestId]);
    expect(worker.logs().find(ofBulk('bulk_completed'))).toMatchObject({ request_id: requestId });
    expect(demo.api.logs().find(ofBulk('bulk_accepted'))).toMatchObject({ request_id: requestId });
    const posted = { event: 'http_request', method: 'POST', route: '/api/v1/bulk-requests', status: 202 };
    expect(demo.api.logs()).toContainEqual(expect.objectContaining({ ...posted, request_id: requestId }));
    const logged = JSON.stringify([demo.api.logs(), worker.logs()]);
    for (const secret of [ACME_IBAN, 'DE89370400440532013000', 'John Doe', demo.demoKey]) {
      expect(logged).not.toContain(secret);
    }
    await worker.stop();
  });

  it('echo the request id they are given, and make one where it is unusable', async () => {
    const echoed = async (id: string) =>
      (await demo.call('/bulk-requests', { headers: { 'x-request-id': id } })).headers.get('x-request-id');
    expect(await echoed('abc-123')).toBe('abc-123');
    expect(await echoed('two words')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('publish the document the tests know, with the words that only the build has', async () => {
    const tested = await startTestApi();
    try {
      const built = (await (await fetch(`${demo.api.url}/openapi.json`)).json()) as OpenAPIObject;
      for (const { operation } of operationsOf(built)) expect(operation.summary).toMatch(/\w/);
      expect(withoutWords(built)).toEqual(withoutWords((await tested.app.inject('/openapi.json')).json()));
    } finally {
      await tested.close();
    }
  });

  it('on SIGTERM a worker finishes the lines it has sent, and ends with 0', async () => {
    const worker = await startWorker({ ...demo.servers, env: { SHUTDOWN_TIMEOUT_MS: '10000' } });
    const { id } = await submit(bulkOf(line({ description: 'sandbox:slow:1500' })));
    await eventually(async () => (await statusOf(id)).counts.submitting === 1, { what: 'the line to be sent' });
    process.kill(worker.pid, 'SIGTERM');
    expect(await worker.ended).toBe('ended with exit code 0');
    expect((await statusOf(id)).counts).toMatchObject({ settled: 1, submitting: 0, in_doubt: 0 });
  });

  it('on SIGTERM an API answers what it has begun, takes nothing more, and ends with 0', async () => {
    const api = await startApi({ ...demo.servers, env: { SHUTDOWN_TIMEOUT_MS: '10000' } });
    const client = new Client({ connectionString: demo.servers.databaseUrl });
    await client.connect();
    try {
      await client.query('BEGIN');
      await client.query('SELECT 1 FROM accounts WHERE iban = $1 FOR UPDATE', [ACME_IBAN]);
      const answer = fetch(`${api.url}/api/v1/bulk-requests`, {
        method: 'POST',
        headers: { authorization: `Bearer ${demo.demoKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(bulk({ metadata: { test: 'shutdown' } })),
      });
      await eventually(async () => (await client.query(WAITS_FOR_LOCK)).rowCount === 1, { what: 'it to reserve' });
      process.kill(api.pid, 'SIGTERM');
      const refused = () =>
        fetch(`${api.url}/health/live`).then(
          () => false,
          () => true,
        );
      await eventually(refused, { what: 'new connections to be refused' });
      await client.query('ROLLBACK');
      expect((await answer).status).toBe(202);
      expect(await api.ended).toBe('ended with exit code 0');
    } finally {
      await client.end();
    }
  });

  it('run as a login that owns nothing, on tables whose owner is no superuser', async () => {
    const { ownerUrl, applicationUrl, drop } = await createOwnedDatabase();
    const env = {
      REDIS_URL: demo.servers.redisUrl,
      PORT: '0',
      ALLOW_UNSAFE_DURABILITY: 'true',
      ADMIN_API_KEY: 'an owner',
    };
    const migrated = await run('main.api.js', { ...env, DATABASE_URL: ownerUrl, MIGRATE_ON_START: 'true' });
    // The owner may not act as the roles that statements run as, and says which.
    expect(migrated.stderr).toMatch(/^tranche: The login of DATABASE_URL may not act as tranche_discovery, [^\n]*\n$/);
    const owned = await startDemoApi({}, { url: applicationUrl, drop });
    const worker = await startWorker(owned.servers);
    const answer = await owned.call('/bulk-requests', { body: bulkOf(line(), line()) });
    expect(answer.status).toBe(202);
    const { id } = (await answer.json()) as BulkRequestDto;
    const isPaid = async () => {
      const view = (await (await owned.call(`/bulk-requests/${id}`)).json()) as BulkRequestDto;
      return view.status === 'completed';
    };
    await eventually(isPaid, { what: 'the bulk to complete' });
    expect(worker.logs().some(({ event }) => event === 'database_login_stands_above')).toBe(false);
    await worker.stop();
    await owned.api.stop();
    await drop();
  }, 60_000); // four processes start, one after the other

  it('do not start on a bad configuration, and say why in one line', async () => {
    const env = { DATABASE_URL: 'mysql://localhost/x', PORT: '65536', LOG_LEVEL: 'loud' };
    for (const { code, stdout, stderr } of await Promise.all(ENTRIES.map((entry) => run(entry, env)))) {
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^tranche: Configuration is not usable: [^\n]*\n$/);
      for (const name of ['DATABASE_URL', 'REDIS_URL', 'PORT', 'LOG_LEVEL']) expect(stderr).toContain(`${name}: `);
    }
  });

  it('do not start where a commit may be forgotten, and say why in one line', async () => {
    const database = await createTestDatabase();
    try {
      const client = new Client({ connectionString: database.url });
      await client.connect();
      const name = client.escapeIdentifier(client.database ?? '');
      await client.query(`ALTER DATABASE ${name} SET synchronous_commit = off`);
      await client.end();
      const env = { DATABASE_URL: database.url, REDIS_URL: demo.servers.redisUrl, PORT: '0' };
      for (const { code, stderr } of await Promise.all(ENTRIES.map((entry) => run(entry, env)))) {
        expect(code).toBe(1);
        expect(stderr).toMatch(
          /^tranche: PostgreSQL runs with (fsync and )?synchronous_commit off: [^\n]*ALLOW_UNSAFE_DURABILITY=true\.\n$/,
        );
      }
    } finally {
      await database.drop();
    }
  });
});
