import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { TEST_CALLBACK_SECRET } from './bank.js';

export interface BankAnswer {
  status: number;
  headers: Headers;
  /** undefined when it is no JSON. */
  body: unknown;
}

export interface PaymentFields {
  amount?: string;
  currency?: string;
  remittance?: string | null;
  reverses?: string;
}

/** The body of POST /payments. */
export function paymentBody(reference: string, fields: PaymentFields = {}): object {
  return {
    reference,
    amount: '100.00',
    currency: 'EUR',
    debtor: { iban: 'FR7630006000011234567890189', bic: 'OIVUSCLQXXX' },
    creditor: { name: 'John Doe', iban: 'DE89370400440532013000', bic: null },
    remittance: 'Salary June 2024',
    ...fields,
  };
}

/** What the rail `http` does with a payment. Rejects when the line is cut. */
export function pay(url: string, reference: string, fields?: PaymentFields, signal?: AbortSignal): Promise<BankAnswer> {
  return call(`${url}/payments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': reference },
    body: JSON.stringify(paymentBody(reference, fields)),
    signal,
  });
}

export function inquire(url: string, reference: string): Promise<BankAnswer> {
  return call(`${url}/payments/${reference}`);
}

export async function call(url: string, init?: RequestInit): Promise<BankAnswer> {
  const response = await fetch(url, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export interface ReceivedCallback {
  id: string;
  body: Record<string, unknown>;
}

/** Receives callbacks in place of the API. */
export interface CallbackReceiver {
  url: string;
  /** Those whose signature is right, in the order they came. */
  received: ReceivedCallback[];
  /** What was wrong with the others. */
  refused: unknown[];
  /** What it answers from now on; 204 unless told. */
  answerWith(status: number): void;
  close(): Promise<void>;
}

export async function receiveCallbacks(): Promise<CallbackReceiver> {
  const received: ReceivedCallback[] = [];
  const refused: unknown[] = [];
  let status = 204;
  const webhook = new Webhook(TEST_CALLBACK_SECRET);
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    request.on('end', () => {
      try {
        const body = webhook.verify(text, request.headers as Record<string, string>) as Record<string, unknown>;
        received.push({ id: String(request.headers['webhook-id']), body });
        response.writeHead(status).end();
      } catch (error) {
        refused.push(error);
        response.writeHead(401).end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`,
    received,
    refused,
    answerWith: (wanted) => (status = wanted),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
