import { Agent as HttpAgent, type ClientRequest, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';
import { createLogger } from '../logging/index.js';
import { Metrics } from '../metrics/index.js';
import { VERSION } from '../version.js';
import { checkedLookup } from './checked-lookup.js';
import { exchange, type ExchangeEnd } from './exchange.js';
import { Network } from './network.js';
import type { OutboundOutcome, OutboundRequest } from './outcome.js';
import { retryAfterMs } from './retry-after.js';
import { examineUrl, hostOf, OutboundPolicy } from './url-rules.js';

const USER_AGENT = `Tranche/${VERSION}`;
const MAX_HEADER_BYTES = 16_384;
/** Before the next address of a name is tried. Node's 250 ms are too short for the other side of the world. */
const NEXT_ADDRESS_AFTER_MS = 1_000;

const logger = createLogger('outbound');

/**
 * Requests to addresses that customers typed in. None of them is trusted: not to be what they say, nor to answer. Every request has a
 * connection of its own, so that no receiver can hold another's, and no proxy of the environment is used, which would look names up
 * unchecked.
 */
@Injectable()
export class OutboundClient {
  private readonly requests;
  private readonly durations;

  constructor(
    private readonly policy: OutboundPolicy,
    private readonly network: Network,
    @Inject(CONFIG) private readonly config: Config,
    metrics: Metrics,
  ) {
    this.requests = metrics.counter({
      name: 'outbound_requests_total',
      help: 'Requests of this process to addresses of customers, by what they came to.',
      labelNames: ['outcome'],
    });
    this.durations = metrics.histogram({
      name: 'outbound_request_seconds',
      help: 'How long requests to addresses of customers took, to the end of the answer.',
    });
  }

  /** One POST. Never rejects: what went wrong is the outcome. No redirect is followed; that is an answer, too. */
  async post(request: OutboundRequest): Promise<OutboundOutcome> {
    const startedMs = performance.now();
    const end = await this.send(request);
    const durationMs = Math.round(performance.now() - startedMs);
    this.tell(request.url, end, durationMs);
    if (end.kind === 'failed') return { kind: 'failed', failure: end.failure, durationMs };
    const { status, retryAfter } = end;
    return { kind: 'answered', status, retryAfterMs: retryAfterMs(retryAfter, Date.now()), durationMs };
  }

  private async send(request: OutboundRequest): Promise<ExchangeEnd> {
    const url = examineUrl(request.url, this.policy);
    if (!(url instanceof URL)) return { kind: 'failed', failure: 'address_not_allowed', why: url.code };
    const over = new AbortController();
    try {
      return await exchange(this.open(url, request, over.signal), request.body, this.config.OUTBOUND_TIMEOUT_MS);
    } catch (error) {
      // A header that cannot be sent: a defect of whoever asked for it.
      logger.error({ event: 'outbound_request_unsendable', origin: url.origin, err: error });
      return { kind: 'failed', failure: 'connection_failed', why: 'unsendable' };
    } finally {
      over.abort();
    }
  }

  private open(url: URL, { headers, body }: OutboundRequest, signal: AbortSignal): ClientRequest {
    const connection = {
      keepAlive: false,
      lookup: checkedLookup(this.network, this.policy.allowsPrivateNetworks, signal),
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER_MS,
    };
    const options: RequestOptions = {
      method: 'POST',
      hostname: hostOf(url),
      port: url.port,
      path: url.pathname + url.search,
      headers: { 'user-agent': USER_AGENT, ...headers, 'content-length': Buffer.byteLength(body) },
      maxHeaderSize: MAX_HEADER_BYTES,
    };
    if (url.protocol === 'http:') return httpRequest({ ...options, agent: new HttpAgent(connection) });
    // Said here, so that no NODE_TLS_REJECT_UNAUTHORIZED unsays it.
    const tls = { rejectUnauthorized: true, ca: this.network.authorities };
    return httpsRequest({ ...options, agent: new HttpsAgent({ ...connection, ...tls }) });
  }

  /** Of the URL nothing but its origin: what follows is often a secret. */
  private tell(url: string, end: ExchangeEnd, durationMs: number): void {
    const outcome = end.kind === 'failed' ? end.failure : `${Math.floor(end.status / 100)}xx`;
    this.requests.inc({ outcome });
    this.durations.observe(durationMs / 1_000);
    const told = { origin: URL.canParse(url) ? new URL(url).origin : null, outcome, duration_ms: durationMs };
    if (end.kind === 'answered') logger.debug({ event: 'outbound_request', ...told });
    else if (end.failure === 'address_not_allowed')
      logger.warn({ event: 'outbound_address_refused', why: end.why, ...told });
    else logger.info({ event: 'outbound_request_failed', why: end.why, ...told });
  }
}
