import type { LookupAddress } from 'node:dns';
import { isIPv6 } from 'node:net';
import { Global, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { CONFIG } from '../../src/config/config.module.js';
import { loadConfig } from '../../src/config/config.schema.js';
import { Metrics } from '../../src/platform/metrics/index.js';
import { OutboundClient, OutboundModule, OutboundUrls } from '../../src/platform/outbound/index.js';
import type { Network } from '../../src/platform/outbound/network.js';
import { OutboundPolicy } from '../../src/platform/outbound/url-rules.js';
import type { Certificate } from './certificates.js';
import { startHostileReceiver } from './hostile-receiver.js';
import { type NameServer, startNameServer, type Zone } from './name-server.js';
import { startTcpServer } from './scripted-bank.js';

const UNUSED = { DATABASE_URL: 'postgres://unused', REDIS_URL: 'redis://unused' };

export const PRIVATE_ALLOWED = new OutboundPolicy(true, null);

/** In a part of IPv6 that is given to nobody: public by every rule, and nobody is bothered by a test that tries it. */
export const NOBODYS_ADDRESS = '2d00::1';

/** Names with addresses of the test's choosing: the n-th question gets the n-th answer, and the last one from then on. */
export function namesLeadTo(...answers: (readonly string[])[]): Network & { readonly asked: string[] } {
  const asked: string[] = [];
  const addressesOf = async (name: string): Promise<LookupAddress[]> => {
    const answer = answers[Math.min(asked.length, answers.length - 1)] ?? [];
    asked.push(name);
    return answer.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  };
  return { authorities: undefined, addressesOf, asked };
}

export interface ClientSettings {
  readonly policy?: OutboundPolicy;
  readonly network?: Network;
  readonly timeoutMs?: number;
}

/** What the module makes of an environment, as every process composes it. */
export async function configuredOutbound(env: Record<string, string>) {
  const config = loadConfig({ ...UNUSED, ...env });
  @Global()
  @Module({ providers: [{ provide: CONFIG, useValue: config }, Metrics], exports: [CONFIG, Metrics] })
  class Surroundings {}
  const app = await Test.createTestingModule({ imports: [Surroundings, OutboundModule] }).compile();
  return { client: app.get(OutboundClient), urls: app.get(OutboundUrls), close: () => app.close() };
}

/** The client alone, and what it must cope with. */
export class OutboundLab {
  private readonly closers: (() => unknown)[] = [];
  private metrics = new Metrics();

  client({ policy = PRIVATE_ALLOWED, network = namesLeadTo([]), timeoutMs = 5_000 }: ClientSettings = {}) {
    const config = loadConfig({ ...UNUSED, OUTBOUND_TIMEOUT_MS: String(timeoutMs) });
    const metrics = new Metrics();
    this.closers.push(() => metrics.onApplicationShutdown());
    this.metrics = metrics;
    return new OutboundClient(policy, network, config, metrics);
  }

  async receiver(answer: Parameters<typeof startHostileReceiver>[0], certificate?: Certificate) {
    const receiver = await startHostileReceiver(answer, certificate);
    this.closers.push(receiver.close);
    return receiver;
  }

  /** Listens on 127.0.0.1, counts who connects, and hangs up when spoken to. */
  async canary() {
    const canary = await startTcpServer((socket) => socket.once('data', () => socket.destroy()));
    this.closers.push(canary.close);
    return canary;
  }

  async nameServer(zone: Zone): Promise<NameServer> {
    const server = await startNameServer(zone);
    this.closers.push(server.close);
    return server;
  }

  /** The samples of a metric, of the client made last. */
  async samples(name: string): Promise<string[]> {
    const text = await this.metrics.registry.metrics();
    return text.split('\n').filter((line) => line.startsWith(name));
  }

  async close(): Promise<void> {
    for (const close of this.closers.splice(0).reverse()) await close();
    this.metrics.onApplicationShutdown();
  }
}
