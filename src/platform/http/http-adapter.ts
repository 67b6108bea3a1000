import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type ConnectionError, fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Config } from '../../config/config.schema.js';
import { DomainError } from '../../domain/errors.js';
import { newId } from '../../domain/ids.js';
import { withRequestId } from '../logging/index.js';
import { type AuthenticationSettings, guardRequests } from './authentication.js';
import { trustedHops } from './client-network.js';
import { allowOrigins } from './cors.js';
import type { Doorkeeper } from './doorkeeper.js';
import { nothingHere } from './error-translation.js';
import { acceptOnlyJson } from './json-body.js';
import { LargeBodies } from './large-bodies.js';
import { PROBLEM_MEDIA_TYPE, problemOf } from './problem.js';
import { sendProblem } from './problem-reply.js';
import { limitRate, type RateLimiter } from './rate-limiter.js';
import { REQUEST_ID_HEADER, requestIdOf } from './request-id.js';
import { limitRequest, REQUEST_TIMEOUT_MS } from './request-limits.js';
import { logRequest } from './request-log.js';
import { SecurityHeaders } from './security-headers.js';
import { SlowBodies, tooSlow } from './slow-bodies.js';
import { isHttps, requireHttps } from './transport.js';

/** As long as Node allows a path to be: an overlong id is refused like any other that is no UUID, after authentication. */
const MAX_PARAMETER_LENGTH = 16_384;
/** Longer than proxies keep a connection that is idle, so that they end it and not we, in the middle of their next request. */
const KEEP_ALIVE_MS = 72_000;
/** How late, at most, Node notices that headers take too long. */
const MAX_CONNECTIONS_CHECK_MS = 1_000;

interface AdapterState {
  doorkeeper: Doorkeeper | null;
  rateLimiter: RateLimiter | null;
  closing: boolean;
  readonly securityHeaders: SecurityHeaders;
}

type HttpSettings = Pick<
  Config,
  | 'BODY_LIMIT_BYTES'
  | 'CORS_ORIGINS'
  | 'HTTP_BODY_TIMEOUT_MS'
  | 'HTTP_HEADERS_TIMEOUT_MS'
  | 'LARGE_BODIES_AT_ONCE'
  | 'METRICS_TOKEN'
  | 'REQUIRE_HTTPS'
  | 'TRUST_PROXY'
>;

/**
 * Fastify as this product runs it. The instance is made here, not by Nest, because hooks run in the order they were added:
 * ours come before those of the adapter, some of which answer by themselves.
 */
export class HttpAdapter extends FastifyAdapter {
  private readonly state: AdapterState;

  constructor(settings: HttpSettings) {
    const securityHeaders = new SecurityHeaders();
    const state: AdapterState = { doorkeeper: null, rateLimiter: null, closing: false, securityHeaders };
    const instance = createInstance(settings, securityHeaders);
    addHooks(instance, state, settings);
    new LargeBodies(settings.LARGE_BODIES_AT_ONCE, settings.BODY_LIMIT_BYTES).watchOver(instance);
    new SlowBodies(settings.HTTP_BODY_TIMEOUT_MS).watchOver(instance);
    acceptOnlyJson(instance, settings.BODY_LIMIT_BYTES);
    super(instance as never);
    this.state = state;
  }

  /** The container that knows the doorkeeper is made after the adapter. */
  useDoorkeeper(doorkeeper: Doorkeeper): void {
    this.state.doorkeeper = doorkeeper;
  }

  useRateLimiter(rateLimiter: RateLimiter): void {
    this.state.rateLimiter = rateLimiter;
  }

  override beforeClose(): void {
    this.state.closing = true;
    super.beforeClose();
  }

  /** Nest would set its own late: routes made before, those of the documentation, would keep Fastify's. */
  override setErrorHandler(): ReturnType<FastifyAdapter['setErrorHandler']> {
    return this.getInstance();
  }

  override setNotFoundHandler(): ReturnType<FastifyAdapter['setNotFoundHandler']> {
    return this.getInstance();
  }

  /** Nest's own parsers would accept forms and lenient JSON. */
  override registerParserMiddleware(): void {
    // Bodies are parsed by json-body.ts.
  }
}

function createInstance(settings: HttpSettings, securityHeaders: SecurityHeaders): FastifyInstance {
  const headersTimeout = settings.HTTP_HEADERS_TIMEOUT_MS;
  const instance = fastify({
    trustProxy: trustedHops(settings.TRUST_PROXY),
    http: {
      headersTimeout,
      connectionsCheckingInterval: Math.min(MAX_CONNECTIONS_CHECK_MS, headersTimeout / 2),
      // Node would answer by itself, with nothing: see the first hook.
      requireHostHeader: false,
    },
    keepAliveTimeout: KEEP_ALIVE_MS,
    bodyLimit: settings.BODY_LIMIT_BYTES,
    genReqId: (request) => requestIdOf(request.headers[REQUEST_ID_HEADER]),
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    // While closing, what still arrives on open connections is answered, with `Connection: close`.
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    frameworkErrors: (error, request, reply) => {
      setFixedHeaders(request, reply, securityHeaders);
      sendProblem(error, request, reply);
      logRequest(request, reply);
    },
    clientErrorHandler: (error, socket) => answerBrokenHttp(error, socket, securityHeaders),
  });
  instance.setErrorHandler(sendProblem);
  instance.setNotFoundHandler((request, reply) => sendProblem(nothingHere(), request, reply));
  instance.decorateRequest('organizationId', null);
  instance.decorateRequest('problemCode', null);
  instance.decorateReply('storedStatus', null);
  return instance;
}

/** In this order: who may not speak to us at all, who it is, how much, and then what is said. */
function addHooks(instance: FastifyInstance, state: AdapterState, settings: HttpSettings): void {
  const authentication: AuthenticationSettings = {
    metricsToken: settings.METRICS_TOKEN,
    doorkeeper: () => {
      if (!state.doorkeeper) throw new DomainError('unavailable', 'unavailable', 'The service is starting.');
      return state.doorkeeper;
    },
  };
  instance.addHook('onReady', () => state.securityHeaders.load());
  instance.addHook('onRequest', (request, reply, done) => {
    setFixedHeaders(request, reply, state.securityHeaders);
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1') done(withoutHost());
    else withRequestId(request.id, done);
  });
  if (settings.REQUIRE_HTTPS) {
    instance.addHook('onRequest', async (request, reply) => (requireHttps(request, reply) ? reply : undefined));
  }
  allowOrigins(instance, settings.CORS_ORIGINS);
  guardRequests(instance, authentication);
  instance.addHook('onRequest', async (request, reply) => {
    limitRequest(request);
    if (state.rateLimiter) await limitRate(request, reply, state.rateLimiter);
  });
  instance.addHook('onSend', async (_request, reply) => {
    if (reply.storedStatus) reply.code(reply.storedStatus);
    // A connection kept open would keep the process from ending.
    if (state.closing) void reply.header('connection', 'close');
  });
  instance.addHook('onResponse', async (request, reply) => logRequest(request, reply));
}

const withoutHost = (): DomainError => new DomainError('invalid', 'invalid_request', 'The request has no Host.');

function setFixedHeaders(request: FastifyRequest, reply: FastifyReply, securityHeaders: SecurityHeaders): void {
  reply.raw.setHeader(REQUEST_ID_HEADER, request.id);
  securityHeaders.set(reply.raw, isHttps(request));
}

/** What Node's parser could not read as HTTP has no request to answer, only a socket. */
function answerBrokenHttp(error: ConnectionError, socket: Socket, securityHeaders: SecurityHeaders): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const isLate = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const status = isLate ? 408 : error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
  const requestId = newId();
  const refusal = isLate
    ? tooSlow()
    : new DomainError('invalid', 'invalid_request', 'This is not HTTP that the service can read.');
  const body = JSON.stringify({ ...problemOf(refusal, { instance: '', requestId }), status });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    ...securityHeaders.lines,
    'Connection: close',
  ];
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroySoon();
}
