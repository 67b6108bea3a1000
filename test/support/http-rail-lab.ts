import { loadConfig } from '../../src/config/config.schema.js';
import { newId, railReference } from '../../src/domain/ids.js';
import type { PaymentAnswer, PaymentOutcome } from '../../src/domain/payment-outcome.js';
import { HttpRail } from '../../src/modules/rails/adapters/http.rail.js';
import type { RailPayment } from '../../src/modules/rails/index.js';
import { RailsMetrics } from '../../src/modules/rails/rails.metrics.js';
import { setLogLevel } from '../../src/platform/logging/index.js';
import { Metrics } from '../../src/platform/metrics/index.js';
import { type BankBehaviour, type ScriptedBank, startScriptedBank, startTcpServer } from './scripted-bank.js';

/** A window that never closes. */
export const OPEN_WINDOW = new AbortController().signal;

export const payment = (): RailPayment => ({
  reference: railReference(newId()),
  amountMinor: 123_450n,
  currency: 'EUR',
  attempt: 1,
  debtor: { iban: 'FR1047460800000200610712345', bic: 'OIVUSCLQXXX' },
  creditor: { name: 'Jürgen Özil', iban: 'DE89370400440532013000', bic: null },
  remittance: 'Salary',
  reverses: null,
});

export const payments = (count: number): RailPayment[] => Array.from({ length: count }, payment);

/** The rail alone, without database and queue, and what it talks to. */
export class HttpRailLab {
  private readonly closers: (() => unknown)[] = [];
  private metrics = new Metrics();

  constructor() {
    setLogLevel('silent');
  }

  railAt(url: string, env: Record<string, string> = {}): HttpRail {
    const config = loadConfig({ DATABASE_URL: 'postgres://unused', REDIS_URL: 'redis://unused', ...env });
    const metrics = new Metrics();
    const rail = new HttpRail({ ...config, RAIL_HTTP_URL: url }, new RailsMetrics(metrics));
    this.metrics = metrics;
    this.closers.push(
      () => rail.onApplicationShutdown(),
      () => metrics.onApplicationShutdown(),
    );
    return rail;
  }

  async bankThat(behaviour?: BankBehaviour): Promise<ScriptedBank> {
    const bank = await startScriptedBank(behaviour);
    this.closers.push(bank.close);
    return bank;
  }

  async tcpServer(...[onConnection]: Parameters<typeof startTcpServer>) {
    const server = await startTcpServer(onConnection);
    this.closers.push(server.close);
    return server;
  }

  /** The samples of a metric, of the rail made last. */
  async samples(name: string): Promise<string[]> {
    const text = await this.metrics.registry.metrics();
    return text.split('\n').filter((line) => line.startsWith(`${name}{`));
  }

  async close(): Promise<void> {
    for (const close of this.closers.splice(0).reverse()) await close();
  }
}

export async function submitOne(rail: HttpRail): Promise<PaymentOutcome | undefined> {
  return (await rail.submit([payment()], OPEN_WINDOW))[0];
}

export async function inquireOne(rail: HttpRail): Promise<PaymentAnswer | undefined> {
  return (await rail.inquire([payment().reference]))[0];
}
