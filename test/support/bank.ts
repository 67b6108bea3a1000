import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../../scripts/local-servers/ports.mjs';
import { eventually } from './eventually.js';
import { launchNode, type Started } from './processes.js';

const SCRIPT = path.resolve(__dirname, '../../scripts/bank.mjs');
const START_TIMEOUT_MS = 30_000;
const PORT_TRIES = 5;

/** For RAIL_HTTP_CALLBACK_SECRET and the bank alike. */
export const TEST_CALLBACK_SECRET = `whsec_${Buffer.alloc(32, 'callback').toString('base64')}`;

export interface BankOptions {
  token?: string;
  callbackUrl?: string;
  /** TEST_CALLBACK_SECRET unless said otherwise. */
  callbackSecret?: string;
  callbackRetryMs?: number;
  acceptMs?: number;
  returnMs?: number;
  fsync?: boolean;
  /** A file that is there already; a new one in a temporary directory unless said otherwise. */
  journal?: string;
}

interface Strike {
  /** 0 to 1; 1 unless said otherwise. */
  rate?: number;
  /** A regular expression on the reference or the remittance. */
  match?: string;
  /** At most so often. */
  count?: number;
}

/** docs/bank-simulator.md says what each does. */
export interface FaultPlan {
  seed?: number;
  latency_ms?: Strike & { min?: number; max: number };
  hang?: Strike;
  drop_before?: Strike;
  error_before?: Strike & { status?: number };
  not_accepted?: Strike & { status?: 429 | 503; retry_after?: number };
  execute_then_drop?: Strike;
  error_after?: Strike & { status?: number };
  garbage?: Strike;
  delayed_visibility_ms?: Strike & { ms: number };
  inquiry_error?: Strike & { status?: number };
  returns?: Strike & { after_ms?: number };
  duplicate_callbacks?: Strike & { times?: number };
  contradictory_callbacks?: Strike;
  statement_omit?: Strike;
  statement_amount?: Strike;
  statement_duplicate?: Strike;
}

export interface BankSummary {
  /** Well-formed submissions that came in, whatever became of them. */
  submissions: number;
  /** Malformed ones. */
  refused: number;
  /** Submissions of another payment under a reference that was taken before. */
  conflicts: number;
  references: number;
  accepted: number;
  /** References that were paid, those that came back included. */
  executed: number;
  rejected: number;
  returned: number;
  most_executions: number;
  most_submissions: number;
  /** Executed payments, by currency; reversals are in `reversal_sums`. */
  sums: Record<string, string>;
  reversal_sums: Record<string, string>;
  returned_sums: Record<string, string>;
  callbacks: { delivered: number; open: number };
}

export interface BankPayment {
  reference: string;
  amount: string | null;
  currency: string | null;
  /** null: it came in and was never taken. */
  status: 'accepted' | 'settled' | 'rejected' | 'returned' | null;
  reason_code?: string;
  reverses?: string;
  reversed_by?: string;
  submissions: number;
  executions: number;
}

export interface BankNotice {
  reference: string;
  status: 'settled' | 'rejected' | 'returned';
  reason_code?: string;
  rail_id?: string;
}

export interface BankStatementLine extends BankNotice {
  rail_id: string;
  amount: string;
  currency: string;
  booked_at: string;
}

export type InventedLine = Omit<BankStatementLine, 'rail_id' | 'booked_at'> &
  Partial<Pick<BankStatementLine, 'rail_id' | 'booked_at'>>;

/** The bank simulator as a process of its own. */
export interface TestBank {
  /** For RAIL_HTTP_URL; stays the same when it is restarted. */
  url: string;
  journalFile: string;
  /** Replaces the whole plan; null: no faults. Kept over a restart. */
  faults(plan: FaultPlan | null): Promise<void>;
  summary(): Promise<BankSummary>;
  /** What it paid, those that came back included. */
  executed(): Promise<BankPayment[]>;
  /** Everything that came in. */
  payments(): Promise<BankPayment[]>;
  /** What the journal says about one reference. */
  journal(reference: string): Promise<Record<string, unknown>[]>;
  /** References of the requests that hang. */
  waiting(): Promise<string[]>;
  /** Lets one of them, or all, go on; answers with their references. */
  release(reference?: string): Promise<string[]>;
  /** Makes a settled payment come back. */
  sendBack(reference: string, how?: { afterMs?: number; reasonCode?: string }): Promise<void>;
  /** Sends any callback; resolves with its id once it is on its way. */
  callback(notice: BankNotice): Promise<string>;
  /** Where callbacks go from now on, for an API that was started after the bank. Kept over a restart. */
  directCallbacks(url: string, secret?: string): Promise<void>;
  /** Puts a booking on the statement that nobody asked for. */
  inventStatementLine(line: InventedLine): Promise<BankStatementLine>;
  /** kill -9. */
  kill(): Promise<void>;
  /** Starts it again on the same port and journal; stops it before, if it still runs. */
  restart(): Promise<void>;
  /** For good: its journal goes, too, unless it was given. Resolves with how it ended: "ended with exit code 0". */
  stop(): Promise<string>;
}

/** Stopped by `stopProcesses()` of processes.ts, or by its own `stop()`. */
export async function startBank(options: BankOptions = {}): Promise<TestBank> {
  const removeDir = options.journal === undefined ? mkdtempSync(path.join(tmpdir(), 'tranche-bank-')) : undefined;
  const journalFile = options.journal ?? path.join(removeDir ?? '', 'journal.jsonl');
  let current = { ...options, journal: journalFile };
  const { port, launched: first } = await startOnFreePort(current, removeDir);
  let launched = first;
  const url = `http://127.0.0.1:${port}`;
  const call = controlOf(url, options.token);
  return {
    url,
    journalFile,
    faults: async (plan) => void (await (plan ? call('PUT', '/faults', plan) : call('DELETE', '/faults'))),
    summary: () => call<BankSummary>('GET', '/journal/summary'),
    executed: async () => (await call<{ payments: BankPayment[] }>('GET', '/executed')).payments,
    payments: async () => (await call<{ payments: BankPayment[] }>('GET', '/payments')).payments,
    journal: async (reference) =>
      (await call<{ entries: Record<string, unknown>[] }>('GET', `/journal?reference=${encodeURIComponent(reference)}`))
        .entries,
    waiting: async () => (await call<{ references: string[] }>('GET', '/waiting')).references,
    release: async (reference) => (await call<{ released: string[] }>('POST', '/release', { reference })).released,
    sendBack: async (reference, { afterMs, reasonCode } = {}) =>
      void (await call('POST', '/return', { reference, after_ms: afterMs, reason_code: reasonCode })),
    callback: async (notice) => (await call<{ id: string }>('POST', '/callback', notice)).id,
    directCallbacks: async (callbackUrl, callbackSecret = TEST_CALLBACK_SECRET) => {
      await call('PUT', '/callback-target', { url: callbackUrl, secret: callbackSecret });
      current = { ...current, callbackUrl, callbackSecret };
    },
    inventStatementLine: (line) => call<BankStatementLine>('POST', '/statement-line', line),
    kill: () => launched.supervised.kill(),
    restart: async () => {
      await launched.supervised.stop();
      launched = launch(port, current, removeDir);
      await untilReady(launched);
    },
    stop: async () => {
      await launched.supervised.stop();
      if (removeDir !== undefined) rmSync(removeDir, { recursive: true, force: true });
      return launched.supervised.ended;
    },
  };
}

async function startOnFreePort(options: BankOptions, removeDir?: string): Promise<{ port: number; launched: Started }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const launched = launch(port, options, removeDir);
    try {
      await untilReady(launched);
      return { port, launched };
    } catch (error) {
      // The port was free when we looked; somebody else was faster.
      if (!launched.output.join('').includes('EADDRINUSE') || attempt === PORT_TRIES) throw error;
    }
  }
}

function launch(port: number, options: BankOptions, removeDir?: string): Started {
  const values = {
    port,
    journal: options.journal,
    'callback-url': options.callbackUrl,
    'callback-retry-ms': options.callbackRetryMs,
    'accept-ms': options.acceptMs,
    'return-ms': options.returnMs,
  };
  const args = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]));
  const env = {
    BANK_CALLBACK_SECRET: options.callbackSecret ?? TEST_CALLBACK_SECRET,
    ...(options.token !== undefined && { BANK_TOKEN: options.token }),
  };
  return launchNode('bank.mjs', [SCRIPT, ...args, ...(options.fsync ? ['--fsync'] : [])], { env, removeDir });
}

async function untilReady({ supervised, output }: Started): Promise<void> {
  await eventually(() => supervised.hasExited || output.join('').includes('"bank_ready"'), {
    what: 'the bank to be ready',
    timeoutMs: START_TIMEOUT_MS,
  });
  if (supervised.hasExited) throw new Error(`The bank ${await supervised.ended}\n${output.join('')}`);
}

function controlOf(url: string, token: string | undefined) {
  return async <T>(method: string, below: string, body?: object): Promise<T> => {
    const response = await fetch(`${url}/control${below}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok)
      throw new Error(`${method} /control${below} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  };
}
