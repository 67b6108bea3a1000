import { isAcceptedTokenType, tokenGrant } from './token-claims.js';

const NAMES = { organization: 'organization_id', scopes: 'scope' };
const CLAIMS = { iss: 'https://issuer.example', sub: 'payroll', organization_id: 'acme' };

describe('the claims of a token', () => {
  it.each([
    ['separated by spaces', 'accounts:read  openid transfers:read'],
    ['in a list', ['transfers:read', 'accounts:read', 7, null]],
  ])('grant the scopes that are ours, %s', (_, scope) => {
    expect(tokenGrant({ ...CLAIMS, scope }, NAMES)).toEqual({
      organization: 'acme',
      scopes: ['accounts:read', 'transfers:read'],
      issuer: 'https://issuer.example',
      subject: 'payroll',
    });
  });

  it.each([[undefined], ['admin'], [['admin']], [{ admin: true }], [''], ['accounts:readx']])(
    'grant nothing with %j',
    (scope) => {
      expect(tokenGrant({ ...CLAIMS, scope }, NAMES)?.scopes).toEqual([]);
    },
  );

  it('are found under the names that are configured', () => {
    const claims = { ...CLAIMS, tenant: 'globex', roles: ['operator'] };
    expect(tokenGrant(claims, { organization: 'tenant', scopes: 'roles' })).toMatchObject({
      organization: 'globex',
      scopes: ['operator'],
    });
  });

  it.each(['iss', 'sub', 'organization_id'])('are nobody without %s', (name) => {
    for (const value of [undefined, '', 7, ['acme']]) {
      expect(tokenGrant({ ...CLAIMS, [name]: value }, NAMES)).toBeNull();
    }
  });
});

describe('the type of a token', () => {
  it.each([undefined, 'JWT', 'jwt', 'at+jwt', 'application/at+JWT'])('is accepted: %s', (typ) => {
    expect(isAcceptedTokenType(typ)).toBe(true);
  });

  it.each(['logout+jwt', 'dpop+jwt', '', 7, null])('is refused: %s', (typ) => {
    expect(isAcceptedTokenType(typ)).toBe(false);
  });
});
