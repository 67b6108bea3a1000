import type { ServerResponse } from 'node:http';
import helmet from '@fastify/helmet';
import { fastify } from 'fastify';

/** A year. Subdomains are not ours to speak for. */
const STRICT_TRANSPORT_SECURITY = 'max-age=31536000';

/**
 * Swagger UI needs inline styles and data: images, ReDoc a worker from a blob; nothing needs an inline script or another
 * host. No upgrade-insecure-requests: a self-hosted API is often plain HTTP behind its proxy.
 */
const HELMET = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      'default-src': ["'self'"],
      'base-uri': ["'self'"],
      'font-src': ["'self'", 'data:'],
      'form-action': ["'self'"],
      'frame-ancestors': ["'self'"],
      'img-src': ["'self'", 'data:'],
      'object-src': ["'none'"],
      'script-src': ["'self'"],
      'script-src-attr': ["'none'"],
      'style-src': ["'self'", "'unsafe-inline'"],
      'worker-src': ["'self'", 'blob:'],
    },
  },
  // Only for answers that travel over HTTPS: set below.
  strictTransportSecurity: false,
  // An old filter that browsers have dropped, and that could be turned against the page.
  xXssProtection: false,
} as const;

/** What a plain answer carries that helmet has nothing to do with. */
const NOT_HELMETS = ['content-length', 'content-type', 'date', 'connection', 'keep-alive', 'transfer-encoding'];

/**
 * The headers of @fastify/helmet, on every answer. Its own hook would not do: Fastify answers a path it cannot decode before any
 * hook, Node a request it cannot read before there is a response. So helmet is asked once, at the start, and what it says of one
 * request is said of all.
 */
export class SecurityHeaders {
  private headers: readonly (readonly [string, string])[] = [];

  async load(): Promise<void> {
    const probe = fastify();
    await probe.register(helmet, HELMET);
    const { headers } = await probe.inject('/');
    await probe.close();
    this.headers = Object.entries(headers)
      .filter(([name]) => !NOT_HELMETS.includes(name))
      .map(([name, value]) => [name, String(value)] as const);
    if (!this.headers.some(([name]) => name === 'content-security-policy')) throw new Error('helmet set no headers');
  }

  /** On the raw response, so that also what a handler writes there by itself carries them. */
  set(response: ServerResponse, isHttps: boolean): void {
    for (const [name, value] of this.headers) response.setHeader(name, value);
    if (isHttps) response.setHeader('strict-transport-security', STRICT_TRANSPORT_SECURITY);
  }

  /** For an answer that is written to a socket. */
  get lines(): string[] {
    return this.headers.map(([name, value]) => `${name}: ${value}`);
  }
}
