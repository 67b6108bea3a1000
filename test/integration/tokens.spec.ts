import { createHmac } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { freePort } from '../../scripts/local-servers/ports.mjs';
import { loadConfig } from '../../src/config/config.schema.js';
import { RecognizeToken } from '../../src/modules/organizations/application/recognize-token.js';
import { type Organization, OrganizationsModule, OrganizationsQueries } from '../../src/modules/organizations/index.js';
import { setLogLevel } from '../../src/platform/logging/index.js';
import { createOrganization } from '../factories/organizations.js';
import { eventually } from '../support/eventually.js';
import { startFeatures, type TestFeatures } from '../support/test-features.js';
import { AUDIENCE, TokenIssuer } from '../support/token-issuer.js';

const INVALID = { refused: 'invalid_token', keyId: null };
const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('tokens of an issuer', () => {
  let features: TestFeatures;
  let app: INestApplicationContext;
  let organization: Organization;
  let issuer: TokenIssuer;
  let claims: { organization_id: string };

  beforeAll(async () => {
    setLogLevel('silent');
    features = await startFeatures([OrganizationsModule]);
    ({ app } = features);
    organization = await createOrganization(app, { slug: 'token-holder' });
    claims = { organization_id: organization.id };
  });
  afterAll(() => features.close());
  beforeEach(async () => {
    issuer = await TokenIssuer.start();
  });
  afterEach(() => issuer.stop());

  const recognizer = (env: Record<string, string> = {}): RecognizeToken => {
    const settings = { OIDC_ISSUER: issuer.url, OIDC_AUDIENCE: AUDIENCE, ...env };
    const config = loadConfig({ DATABASE_URL: 'postgres://unused', REDIS_URL: 'redis://unused', ...settings });
    return new RecognizeToken(config, app.get(OrganizationsQueries));
  };

  it('act in the organization and with the scopes that they name', async () => {
    const token = await issuer.token({ claims: { ...claims, scope: 'openid accounts:read transfers:write admin' } });
    await expect(recognizer().recognize(token)).resolves.toEqual({
      organizationId: organization.id,
      grant: {
        organization: organization.id,
        scopes: ['accounts:read', 'transfers:write'],
        issuer: issuer.url,
        subject: 'payroll',
      },
    });
  });

  it('may name the organization by its slug, under other claims, and with lists', async () => {
    const tokens = recognizer({ OIDC_ORGANIZATION_CLAIM: 'https://acme.example/tenant', OIDC_SCOPES_CLAIM: 'roles' });
    const named = { 'https://acme.example/tenant': organization.slug, roles: ['operator', 'accounts:read'] };
    await expect(tokens.recognize(await issuer.token({ claims: named }))).resolves.toMatchObject({
      organizationId: organization.id,
      grant: { scopes: ['accounts:read', 'operator'] },
    });
  });

  it('are never taken for another organization, whose id is a slug elsewhere', async () => {
    const other = await createOrganization(app);
    await createOrganization(app, { slug: other.id });
    const token = await issuer.token({ claims: { organization_id: other.id } });
    await expect(recognizer().recognize(token)).resolves.toMatchObject({ organizationId: other.id });
  });

  it.each(['RS256', 'PS256', 'ES384', 'EdDSA'])('are verified with %s', async (alg) => {
    await issuer.rollOver('another', alg);
    const recognized = recognizer().recognize(await issuer.token({ claims, header: { typ: 'at+jwt' } }));
    await expect(recognized).resolves.toMatchObject({ organizationId: organization.id });
  });

  describe('are refused', () => {
    it.each([
      ['of another issuer', { iss: 'https://other.example' }],
      ['for another audience', { aud: 'https://other.example' }],
      ['for no audience', { aud: undefined }],
      ['of nobody', { sub: undefined }],
      ['not valid yet', { nbf: Math.floor(Date.now() / 1_000) + 3_600 }],
      ['of no organization', { organization_id: undefined }],
      ['of an organization that does not exist', { organization_id: 'nowhere' }],
    ])('%s', async (_, changed) => {
      const token = await issuer.token({ claims: { ...claims, ...changed } });
      await expect(recognizer().recognize(token)).resolves.toEqual(INVALID);
    });

    it('when they have expired, or never would', async () => {
      const expired = await issuer.token({ claims, expiresIn: -60 });
      await expect(recognizer().recognize(expired)).resolves.toEqual({ refused: 'expired', keyId: null });
      await expect(recognizer().recognize(await issuer.token({ claims, expiresIn: null }))).resolves.toEqual(INVALID);
      const justNow = await issuer.token({ claims, expiresIn: -2 });
      await expect(recognizer().recognize(justNow)).resolves.toMatchObject({ organizationId: organization.id });
    });

    it('when they are made for another purpose', async () => {
      const token = await issuer.token({ claims, header: { typ: 'logout+jwt' } });
      await expect(recognizer().recognize(token)).resolves.toEqual(INVALID);
    });

    it('when they are signed with what everybody can know, or not at all', async () => {
      const [, payload = ''] = (await issuer.token({ claims })).split('.');
      const unsigned = (header: object) => `${base64({ kid: issuer.kid, ...header })}.${payload}`;
      const confused = unsigned({ alg: 'HS256' });
      const mac = createHmac('sha256', await issuer.publicPem())
        .update(confused)
        .digest('base64url');
      for (const token of [`${confused}.${mac}`, `${unsigned({ alg: 'none' })}.`, `${unsigned({ alg: 'ES256' })}.`]) {
        await expect(recognizer().recognize(token)).resolves.toEqual(INVALID);
      }
      expect(issuer.keyRequests).toBeLessThanOrEqual(1);
    });

    it('when anything in them was changed, or their key is their own', async () => {
      const [header = '', , signature = ''] = (await issuer.token({ claims })).split('.');
      const forged = base64({ iss: issuer.url, aud: AUDIENCE, sub: 'x', exp: 4_000_000_000, ...claims });
      await expect(recognizer().recognize(`${header}.${forged}.${signature}`)).resolves.toEqual(INVALID);
      const stranger = await TokenIssuer.start();
      const theirs = await stranger.token({
        claims: { ...claims, iss: issuer.url },
        header: { jku: `${stranger.url}/keys` },
      });
      await stranger.stop();
      await expect(recognizer().recognize(theirs)).resolves.toEqual(INVALID);
      expect(stranger.keyRequests).toBe(0);
    });

    it('when no issuer is configured', async () => {
      const token = await issuer.token({ claims });
      await expect(recognizer({ OIDC_ISSUER: '' }).recognize(token)).resolves.toEqual(INVALID);
      expect(issuer.keyRequests).toBe(0);
    });
  });

  it('are verified with keys that are fetched once, and once more for a new one', async () => {
    const tokens = recognizer({ OIDC_JWKS_COOLDOWN_SECONDS: '1' });
    const old = await issuer.token({ claims });
    for (let i = 0; i < 3; i++) await expect(tokens.recognize(old)).resolves.toHaveProperty('grant');
    expect(issuer.keyRequests).toBe(1);
    await issuer.rollOver('second');
    const fresh = await issuer.token({ claims });
    await eventually(async () => 'grant' in (await tokens.recognize(fresh)), { what: 'the new key to be found' });
    await expect(tokens.recognize(old)).resolves.toHaveProperty('grant');
    expect(issuer.keyRequests).toBe(2);
    issuer.withdrawOldKeys();
    await expect(recognizer().recognize(old)).resolves.toEqual(INVALID);
  });

  it('with made up key ids do not become questions to the issuer', async () => {
    const tokens = recognizer({ OIDC_JWKS_URL: `${issuer.url}/keys`, OIDC_JWKS_COOLDOWN_SECONDS: '3600' });
    for (let i = 0; i < 5; i++) {
      const token = await issuer.token({ claims, header: { kid: `made-up-${i}` } });
      await expect(tokens.recognize(token)).resolves.toEqual(INVALID);
    }
    expect(issuer.keyRequests).toBe(1);
  });

  it('are not judged while the issuer is away, and are again when it is back', async () => {
    const unavailable = { kind: 'unavailable', code: 'unavailable', details: { retryAfterSeconds: 5 } };
    const token = await issuer.token({ claims });
    const nowhere = recognizer({ OIDC_JWKS_URL: `http://127.0.0.1:${await freePort()}/keys` });
    await expect(nowhere.recognize(token)).rejects.toMatchObject(unavailable);
    const tokens = recognizer({ OIDC_JWKS_COOLDOWN_SECONDS: '1' });
    issuer.brokenStatus = 500;
    await expect(tokens.recognize(token)).rejects.toMatchObject(unavailable);
    issuer.brokenStatus = null;
    await expect(tokens.recognize(token)).rejects.toMatchObject(unavailable); // it was away a moment ago
    await eventually(async () => 'grant' in (await tokens.recognize(token)), { what: 'the issuer to be asked again' });
  });

  it('are not judged with keys that an issuer of HTTPS would have fetched over plain HTTP', async () => {
    const secure = 'https://issuer.example.com';
    const discovered = { issuer: secure, jwks_uri: `${issuer.url}/keys` };
    const fetched = jest.spyOn(globalThis, 'fetch').mockResolvedValueOnce(Response.json(discovered));
    const token = await issuer.token({ claims: { ...claims, iss: secure } });
    await expect(recognizer({ OIDC_ISSUER: secure }).recognize(token)).rejects.toMatchObject({ code: 'unavailable' });
    expect(fetched.mock.calls.map(([address]) => address)).toEqual([`${secure}/.well-known/openid-configuration`]);
    expect(issuer.keyRequests).toBe(0);
  });

  it('are not judged with keys of an issuer that says it is another one', async () => {
    const token = await issuer.token({ claims });
    const misled = recognizer({ OIDC_ISSUER: issuer.url.replace('127.0.0.1', 'localhost') });
    await expect(misled.recognize(token)).rejects.toMatchObject({ code: 'unavailable' });
  });
});
