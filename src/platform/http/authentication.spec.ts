import type { FastifyRequest } from 'fastify';
import { authenticateBasic, authenticateRequest } from './authentication.js';
import { Authenticator, type Principal } from './principal.js';

const operator: Principal = { kind: 'key', keyId: 'k', organizationId: 'o', scopes: new Set(['operator']) };

class OneKey extends Authenticator {
  override async authenticate(key: string): Promise<Principal | null> {
    return key === 'trk_operator' ? operator : null;
  }

  override async organizationExists(): Promise<boolean> {
    return false;
  }
}

const authenticator = new OneKey();
const settings = { authenticator: () => authenticator, metricsToken: undefined };

/** As much of a request as authentication looks at. */
const request = (url: string, route: string | undefined, headers: Record<string, string> = {}) =>
  ({ raw: { url }, routeOptions: { url: route }, headers, principal: null }) as unknown as FastifyRequest;

const basic = (password: string) => ({ authorization: `Basic ${Buffer.from(`ops:${password}`).toString('base64')}` });

describe('paths of the operations plugin', () => {
  it('are left to it when they are routed to it', async () => {
    const asked = request('/ops/queues/api/queues', '/ops/queues/*');
    await authenticateRequest(asked, settings);
    expect(asked.principal).toBeNull();
  });

  it.each([
    ['/ops/queues/../../api/v1/accounts', '/api/v1/accounts'],
    ['/ops/queues/x', undefined],
    ['/ops/queuesx', '/ops/queues/*'],
    ['/api/v1/accounts', '/ops/queues/*'],
  ])('are only those: %s routed to %s needs a key', async (url, route) => {
    await expect(authenticateRequest(request(url, route), settings)).rejects.toMatchObject({ kind: 'unauthenticated' });
  });
});

describe('HTTP Basic', () => {
  it('lets in a key that holds the scope, and says who it is', async () => {
    const asked = request('/ops/queues', '/ops/queues', basic('trk_operator'));
    expect(await authenticateBasic(asked, authenticator, 'operator')).toBe(operator);
    expect(asked.principal).toBe(operator);
  });

  it.each([
    [{}, 'operator', 'unauthenticated'],
    [basic('trk_unknown'), 'operator', 'unauthenticated'],
    [{ authorization: 'Bearer trk_operator' }, 'operator', 'unauthenticated'],
    [basic('trk_operator'), 'fraud:review', 'forbidden'],
  ])('keeps out %j for %s', async (headers, scope, kind) => {
    const asked = request('/ops/queues', '/ops/queues', headers);
    await expect(authenticateBasic(asked, authenticator, scope)).rejects.toMatchObject({ kind });
    expect(asked.principal).toBeNull();
  });
});
