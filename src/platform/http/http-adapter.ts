import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type ConnectionError, fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Config } from '../../config/config.schema.js';
import { DomainError } from '../../domain/errors.js';
import { newId } from '../../domain/ids.js';
import { withRequestId } from '../logging/index.js';
import { type AuthenticationSettings, guardRequests } from './authentication.js';
import type { Doorkeeper } from './doorkeeper.js';
import { nothingHere } from './error-translation.js';
import { acceptOnlyJson } from './json-body.js';
import { PROBLEM_MEDIA_TYPE, problemOf } from './problem.js';
import { sendProblem } from './problem-reply.js';
import { REQUEST_ID_HEADER, requestIdOf } from './request-id.js';
import { logRequest } from './request-log.js';
import { setSecurityHeaders } from './security-headers.js';

/** As long as Node allows a path to be: an overlong id is refused like any other that is no UUID, after authentication. */
const MAX_PARAMETER_LENGTH = 16_384;
const REQUEST_TIMEOUT_MS = 120_000;

interface AdapterState {
  doorkeeper: Doorkeeper | null;
  closing: boolean;
}

type HttpSettings = Pick<Config, 'TRUST_PROXY' | 'BODY_LIMIT_BYTES' | 'METRICS_TOKEN'>;

/**
 * Fastify as this product runs it. The instance is made here, not by Nest, because hooks run in the order they were added:
 * ours come before those of the adapter, some of which answer by themselves.
 */
export class HttpAdapter extends FastifyAdapter {
  private readonly state: AdapterState;

  constructor(settings: HttpSettings) {
    const state: AdapterState = { doorkeeper: null, closing: false };
    const instance = createInstance(settings);
    addHooks(instance, state, settings.METRICS_TOKEN);
    acceptOnlyJson(instance, settings.BODY_LIMIT_BYTES);
    super(instance as never);
    this.state = state;
  }

  /** The container that knows the doorkeeper is made after the adapter. */
  useDoorkeeper(doorkeeper: Doorkeeper): void {
    this.state.doorkeeper = doorkeeper;
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

function createInstance(settings: HttpSettings): FastifyInstance {
  const instance = fastify({
    trustProxy: settings.TRUST_PROXY,
    bodyLimit: settings.BODY_LIMIT_BYTES,
    genReqId: (request) => requestIdOf(request.headers[REQUEST_ID_HEADER]),
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    // While closing, what still arrives on open connections is answered, with `Connection: close`.
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
    frameworkErrors: (error, request, reply) => {
      setFixedHeaders(request, reply);
      sendProblem(error, request, reply);
      logRequest(request, reply);
    },
    clientErrorHandler: answerBrokenHttp,
  });
  instance.setErrorHandler(sendProblem);
  instance.setNotFoundHandler((request, reply) => sendProblem(nothingHere(), request, reply));
  instance.decorateRequest('organizationId', null);
  instance.decorateRequest('problemCode', null);
  instance.decorateReply('storedStatus', null);
  return instance;
}

function addHooks(instance: FastifyInstance, state: AdapterState, metricsToken: string | undefined): void {
  const authentication: AuthenticationSettings = {
    metricsToken,
    doorkeeper: () => {
      if (!state.doorkeeper) throw new DomainError('unavailable', 'unavailable', 'The service is starting.');
      return state.doorkeeper;
    },
  };
  instance.addHook('onRequest', (request, reply, done) => {
    setFixedHeaders(request, reply);
    withRequestId(request.id, done);
  });
  guardRequests(instance, authentication);
  instance.addHook('onSend', async (_request, reply) => {
    if (reply.storedStatus) reply.code(reply.storedStatus);
    // A connection kept open would keep the process from ending.
    if (state.closing) void reply.header('connection', 'close');
  });
  instance.addHook('onResponse', async (request, reply) => logRequest(request, reply));
}

/** On the raw response, so that also what a handler writes there by itself carries them. */
function setFixedHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.raw.setHeader(REQUEST_ID_HEADER, request.id);
  setSecurityHeaders(reply.raw);
}

/** What Node's parser could not read as HTTP has no request to answer, only a socket. */
function answerBrokenHttp(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
  const requestId = newId();
  const refusal = new DomainError('invalid', 'invalid_request', 'This is not HTTP that the service can read.');
  const body = JSON.stringify({ ...problemOf(refusal, { instance: '', requestId }), status });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'Connection: close',
  ];
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroySoon();
}
