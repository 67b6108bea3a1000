import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApi } from '../../src/app/create-api.js';
import { environmentConfig } from '../../src/config/environment.js';
import { newId } from '../../src/domain/ids.js';
import { RedisClient } from '../../src/platform/queue/index.js';
import { signRequest } from '../../src/platform/request-signing/index.js';
import { createApiKey, createFundedAccount, createOrganization } from '../factories/organizations.js';
import { codeBlocksOf } from '../support/documented-script.js';
import { type ApiAnswer, startTestApi, type TestApi } from '../support/test-api.js';
import { AUDIENCE, TokenIssuer } from '../support/token-issuer.js';

const run = promisify(execFile);
const LIMIT = 5;

describe('authentication over HTTP', () => {
  let api: TestApi;
  let other: NestFastifyApplication;
  let issuer: TokenIssuer;
  let organizationId: string;
  let keysPath: string;
  let addresses = 0;

  beforeAll(async () => {
    issuer = await TokenIssuer.start();
    api = await startTestApi({
      AUTH_FAILURES_PER_MINUTE: String(LIMIT),
      OIDC_ISSUER: issuer.url,
      OIDC_AUDIENCE: AUDIENCE,
      API_KEY_ROTATION_OVERLAP_SECONDS: '3600',
    });
    other = await createApi(environmentConfig());
    await Promise.all([api.app, other].map((app) => app.get(RedisClient).settled()));
    ({ id: organizationId } = await createOrganization(api.app));
    keysPath = `/organizations/${organizationId}/api-keys`;
  });
  afterAll(async () => {
    await other.close();
    await api.close();
    await issuer.stop();
    for (const name of ['AUTH_FAILURES_PER_MINUTE', 'OIDC_ISSUER', 'OIDC_AUDIENCE']) delete process.env[name];
    delete process.env.API_KEY_ROTATION_OVERLAP_SECONDS;
  });

  const asAdmin = (path: string, body?: object): Promise<ApiAnswer> =>
    api.call(path, { key: api.adminKey, ...(body && { method: 'POST', body }) });

  /** A caller at an address of its own, at either process. */
  function callerAt(remoteAddress: string) {
    return async (key: string, app: NestFastifyApplication = api.app, url = '/api/v1/accounts') => {
      const { statusCode, headers } = await app.inject({ url, remoteAddress, headers: { 'x-api-key': key } });
      return { statusCode, retryAfter: Number(headers['retry-after'] ?? 0) };
    };
  }
  const somewhere = () => callerAt(`192.0.2.${++addresses}`);
  const stranger = () => `trk_${'0'.repeat(16)}_${newId().replaceAll('-', '').padEnd(43, 'x')}`;

  describe('a key', () => {
    it('that is revoked at one process opens nothing at another from that answer on', async () => {
      const call = somewhere();
      const { id, secret } = await createApiKey(api.app, { organizationId });
      for (const app of [api.app, other]) expect((await call(secret, app)).statusCode).toBe(200);
      const revoked = await api.call(`${keysPath}/${id}`, { method: 'DELETE', key: api.adminKey });
      expect(revoked.status).toBe(204);
      for (const app of [other, api.app]) expect((await call(secret, app)).statusCode).toBe(401);
    });

    it('is rotated with the overlap that is configured, or asked for, or without one', async () => {
      const call = somewhere();
      const create = async () => (await asAdmin(keysPath, { name: 'rotating', scopes: ['accounts:read'] })).body;
      const first = await create();
      const rotated = await api.call(`${keysPath}/${String(first.id)}/rotate`, { method: 'POST', key: api.adminKey });
      expect(rotated).toMatchObject({ status: 201, body: { lineage_id: first.id, rotated_to: null } });
      const old = await asAdmin(`${keysPath}/${String(first.id)}`);
      expect(old.body).toMatchObject({ status: 'active', rotated_to: rotated.body.id, expires_at: expect.any(String) });
      for (const key of [first.secret, rotated.body.secret]) expect((await call(String(key))).statusCode).toBe(200);
      const again = await asAdmin(`${keysPath}/${String(first.id)}/rotate`, {});
      expect(again).toMatchObject({ status: 409, body: { code: 'invalid_state', rotated_to: rotated.body.id } });

      const second = await create();
      const atOnce = await asAdmin(`${keysPath}/${String(second.id)}/rotate`, { overlap_seconds: 0 });
      expect(atOnce.status).toBe(201);
      expect((await call(String(second.secret))).statusCode).toBe(401);
      for (const overlap of [-1, 2_592_001, 1.5, '60']) {
        const refused = await asAdmin(`${keysPath}/${String(second.id)}/rotate`, { overlap_seconds: overlap });
        expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer: '/overlap_seconds' }] } });
      }
    });
  });

  describe('guessing', () => {
    it('is answered 429 at every process, and only where it came from', async () => {
      const [call, elsewhere] = [somewhere(), somewhere()];
      const { secret } = await createApiKey(api.app, { organizationId });
      const { secret: known } = await createApiKey(api.app, { organizationId });
      expect((await call(known, other)).statusCode).toBe(200);
      for (let n = 0; n < LIMIT; n++) expect((await call(stranger())).statusCode).toBe(401);
      for (const app of [api.app, other]) {
        for (const key of [stranger(), secret]) {
          const { statusCode, retryAfter } = await call(key, app);
          expect(statusCode).toBe(429);
          expect(retryAfter).toBeGreaterThan(0);
          expect(retryAfter).toBeLessThanOrEqual(60);
        }
      }
      expect((await call(known, other)).statusCode).toBe(200);
      expect((await elsewhere(secret)).statusCode).toBe(200);
      expect((await callerAt(`192.0.2.${addresses - 1}`)('', api.app, '/health/live')).statusCode).toBe(200);
    });

    it('is counted by reason', async () => {
      await somewhere()(stranger());
      const { payload } = await api.app.inject('/metrics');
      expect(payload).toMatch(/^auth_failures_total\{reason="unknown"\} \d+$/m);
      expect(payload).toMatch(/^auth_failures_total\{reason="blocked"\} \d+$/m);
    });
  });

  describe('a token', () => {
    it('opens what its scopes say, in its organization, and nothing else', async () => {
      const key = await issuer.token({ claims: { organization_id: organizationId, scope: 'accounts:read admin' } });
      await expect(api.call('/accounts', { key })).resolves.toMatchObject({ status: 200 });
      await expect(api.call('/transfers', { key })).resolves.toMatchObject({ status: 403 });
      await expect(api.call('/organizations', { key })).resolves.toMatchObject({ status: 403 });
      const { id } = await createOrganization(api.app);
      const headers = { 'x-organization-id': id };
      await expect(api.call('/accounts', { key, headers })).resolves.toMatchObject({ status: 404 });
    });

    it('names whoever did something by issuer and subject', async () => {
      const key = await issuer.token({ claims: { organization_id: organizationId, scope: 'operator' } });
      const put = await api.call('/kill-switches/organization', {
        ...{ method: 'PUT' as const, key },
        body: { engaged: true, reason: 'Drill' },
      });
      expect(put).toMatchObject({ status: 200, body: { engaged_by: `${issuer.url} payroll` } });
    });

    it('that is not good is no key either', async () => {
      const key = await issuer.token({ claims: { organization_id: organizationId }, expiresIn: -60 });
      await expect(api.call('/accounts', { key })).resolves.toMatchObject({
        status: 401,
        body: { code: 'unauthenticated' },
      });
    });
  });

  describe('a key that signs', () => {
    let key: { id: string; secret: string; signing_secret: string };
    let accountId: string;

    beforeAll(async () => {
      const scopes = ['accounts:read', 'bank-transactions:write', 'operator'];
      const created = await asAdmin(keysPath, { name: 'signing', scopes, require_signature: true });
      expect(created).toMatchObject({ status: 201, body: { require_signature: true } });
      key = created.body as typeof key;
      ({ id: accountId } = await createFundedAccount(api.app, { organizationId }));
    });

    interface Sent {
      method: 'GET' | 'POST';
      target: string;
      body: string;
      nonce: string;
      headers: Record<string, string>;
    }
    async function send({
      method = 'GET',
      target = '/api/v1/accounts',
      body,
      nonce = newId(),
      headers,
    }: Partial<Sent>) {
      const timestamp = String(Math.floor(Date.now() / 1_000));
      const bytes = body === undefined ? undefined : Buffer.from(body);
      const answer = await api.app.inject({
        method,
        url: target,
        headers: {
          authorization: `Bearer ${key.secret}`,
          'x-tranche-timestamp': timestamp,
          'x-tranche-nonce': nonce,
          'x-tranche-signature': signRequest(key.signing_secret, { method, target, timestamp, nonce }, bytes),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { payload: body }),
      });
      return { status: answer.statusCode, code: answer.json<{ code?: string }>().code };
    }
    const booking = () => ({
      method: 'POST' as const,
      target: '/api/v1/bank-transactions',
      body: JSON.stringify({ dst_account_id: accountId, direction: 'credit', amount: '1.00', reason: 'Signed' }),
    });
    const posted = async () => {
      const { body } = await asAdminOfOrganization(`/accounts/${accountId}`);
      return (body.balance as { posted: string }).posted;
    };
    const asAdminOfOrganization = (path: string) =>
      api.call(path, { key: api.adminKey, headers: { 'x-organization-id': organizationId } });

    it('opens with its signature, over the query and the body as well', async () => {
      expect(await send({ target: '/api/v1/accounts?limit=1' })).toEqual({ status: 200, code: undefined });
      const before = Number(await posted());
      expect((await send(booking())).status).toBe(201);
      expect(Number(await posted())).toBe(before + 1);
    });

    it('does nothing with a request that was sent before, or changed', async () => {
      const before = await posted();
      expect((await send({ nonce: 'nonce-0123456789' })).status).toBe(200);
      const replay = await send({ nonce: 'nonce-0123456789', ...booking() });
      expect(replay).toEqual({ status: 401, code: 'replayed_request' });
      for (const [name, value] of [
        ['signature', `v1=${'0'.repeat(64)}`],
        ['timestamp', '1795262400'],
        ['nonce', 'short'],
        ['nonce', 'another-nonce-0123'],
      ] as const) {
        const headers = { [`x-tranche-${name}`]: value };
        expect(await send({ ...booking(), headers })).toEqual({ status: 401, code: 'invalid_signature' });
        expect(await send({ headers })).toEqual({ status: 401, code: 'invalid_signature' });
      }
      expect(await posted()).toBe(before);
    });

    it('opens nothing by itself, not even the board', async () => {
      const alone = await api.call('/accounts', { key: key.secret });
      expect(alone).toMatchObject({ status: 401, body: { code: 'invalid_signature' } });
      const password = `Basic ${Buffer.from(`operator:${key.secret}`).toString('base64')}`;
      const board = await api.app.inject({ url: '/ops/queues', headers: { authorization: password } });
      expect(board.statusCode).toBe(401);
    });

    it('is refused before a body that is not JSON is looked at, unless the body was signed', async () => {
      const broken = { method: 'POST' as const, target: '/api/v1/bank-transactions', body: '{' };
      expect(await send(broken)).toEqual({ status: 400, code: 'invalid_json' });
      const headers = { 'x-tranche-signature': `v1=${'0'.repeat(64)}` };
      expect(await send({ ...broken, headers })).toEqual({ status: 401, code: 'invalid_signature' });
    });

    it.each([
      ['bash', 'bash', 'sign.sh'],
      ['js', process.execPath, 'sign.mjs'],
    ])('is used as the documentation says, in %s', async (language, command, file) => {
      const [script = ''] = codeBlocksOf('docs/authentication.md', language);
      const folder = mkdtempSync(path.join(tmpdir(), 'tranche-signing-'));
      try {
        writeFileSync(path.join(folder, file), script);
        await listening();
        const url = (await api.app.getUrl()).replace('[::1]', '127.0.0.1');
        const secrets = { TRANCHE_URL: url, API_KEY: key.secret, SIGNING_SECRET: key.signing_secret };
        const env = { PATH: process.env.PATH, ...secrets };
        const read = await run(command, [file], { cwd: folder, env });
        expect(JSON.parse(read.stdout)).toMatchObject({ data: [{ id: accountId }] });
        const { method, target, body } = booking();
        const before = Number(await posted());
        await run(command, [file], { cwd: folder, env: { ...env, METHOD: method, TARGET: target, BODY: body } });
        expect(Number(await posted())).toBe(before + 1);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });

  let isListening = false;
  async function listening(): Promise<void> {
    if (!isListening) await api.app.listen(0, '127.0.0.1');
    isListening = true;
  }
});
