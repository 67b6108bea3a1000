import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly alg: string;
}

export interface TokenOptions {
  readonly claims?: JWTPayload;
  readonly header?: Readonly<Record<string, unknown>>;
  /** Seconds from now; null: no `exp` at all. */
  readonly expiresIn?: number | null;
}

export const AUDIENCE = 'https://tranche.test';

/** An OpenID Connect issuer that answers discovery and keys over HTTP, and signs with whatever key is current. */
export class TokenIssuer {
  /** Requests for keys so far. */
  keyRequests = 0;
  /** When set, everything is answered with it. */
  brokenStatus: number | null = null;
  private readonly published: JWK[] = [];
  private current: SigningKey | null = null;
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      const document = this.answer(request.url ?? '');
      response.writeHead(this.brokenStatus ?? (document === null ? 404 : 200), { 'content-type': 'application/json' });
      response.end(JSON.stringify(document));
    });
  }

  static async start(): Promise<TokenIssuer> {
    const issuer = new TokenIssuer();
    await new Promise<void>((resolve) => issuer.server.listen(0, '127.0.0.1', resolve));
    await issuer.rollOver('first');
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Signs with a new key from now on; the keys before it stay published. */
  async rollOver(kid: string, alg = 'ES256'): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    this.current = { kid, privateKey, publicKey, alg };
    this.published.push({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' });
  }

  /** Takes all keys but the current one back. */
  withdrawOldKeys(): void {
    this.published.splice(0, this.published.length - 1);
  }

  async token({ claims = {}, header = {}, expiresIn = 300 }: TokenOptions = {}): Promise<string> {
    const { privateKey, kid, alg } = this.key;
    const nowSeconds = Math.floor(Date.now() / 1_000);
    const payload = { iss: this.url, aud: AUDIENCE, sub: 'payroll', iat: nowSeconds, ...claims };
    const signed = new SignJWT(expiresIn === null ? payload : { exp: nowSeconds + expiresIn, ...payload });
    return signed.setProtectedHeader({ alg, kid, ...header }).sign(privateKey);
  }

  /** The public key as a text, which is what an attack confuses with an HMAC secret. */
  async publicPem(): Promise<string> {
    return exportSPKI(this.key.publicKey);
  }

  get kid(): string {
    return this.key.kid;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private get key(): SigningKey {
    if (this.current === null) throw new Error('The issuer has no key yet.');
    return this.current;
  }

  private answer(path: string): object | null {
    if (path === '/.well-known/openid-configuration') return { issuer: this.url, jwks_uri: `${this.url}/keys` };
    if (path !== '/keys') return null;
    this.keyRequests += 1;
    return { keys: this.published };
  }
}
