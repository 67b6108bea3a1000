import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { SmtpServer } from '../../../config/smtp.js';

/** A finished message with its envelope. */
export interface Mail {
  readonly from: string;
  readonly recipients: readonly string[];
  readonly content: Buffer;
}

/** A recipient that the server did not take it for, and what it answered. */
export interface Rejection {
  readonly recipient: string;
  readonly responseCode: number;
}

/** The server has taken it for these. */
export interface Taken {
  readonly accepted: readonly string[];
  readonly rejected: readonly Rejection[];
}

/** The whole of it took too long, whatever the server was doing: a byte now and then keeps no connection open. */
export class SmtpTimeout extends Error {}

/** How long the server may take to close its side after QUIT. */
const CLOSING_MS = 1_000;

/**
 * One mail over a connection of its own, so that nobody waits behind another's. Certificates are checked.
 *
 * @throws SmtpTimeout after `timeoutMs`, or nodemailer's error with `code`, `command` and `responseCode`
 */
export async function handOver(server: SmtpServer, mail: Mail, timeoutMs: number): Promise<Taken> {
  const connection = new SMTPConnection({
    host: server.host,
    port: server.port,
    secure: server.tls === 'implicit',
    requireTLS: server.tls === 'required',
    ignoreTLS: server.tls === 'none',
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    socketCloseTimeout: CLOSING_MS,
    tls: { minVersion: 'TLSv1.2' },
  });
  let deadline: NodeJS.Timeout | undefined;
  const failed = new Promise<never>((_, reject) => {
    // Stays when it is over: an error without a listener would end the process.
    connection.on('error', reject);
    deadline = setTimeout(() => {
      connection.close();
      reject(new SmtpTimeout(`not over within ${timeoutMs} ms`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([talk(connection, server, mail), failed]);
  } finally {
    clearTimeout(deadline);
    // Does nothing when the server was told goodbye.
    connection.close();
  }
}

async function talk(connection: SMTPConnection, { login }: SmtpServer, mail: Mail): Promise<Taken> {
  await new Promise<void>((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve()));
  });
  if (login) {
    await new Promise<void>((resolve, reject) => {
      const credentials = { user: login.user, pass: login.password };
      connection.login({ ...credentials, credentials }, (error) => (error ? reject(error) : resolve()));
    });
  }
  const envelope = { from: mail.from, to: [...mail.recipients], size: mail.content.length };
  const taken = await new Promise<Taken>((resolve, reject) => {
    connection.send(envelope, mail.content, (error, info) => {
      if (error) reject(error);
      else resolve({ accepted: info.accepted, rejected: rejectionsOf(info.rejectedErrors) });
    });
  });
  connection.quit();
  return taken;
}

/** As nodemailer keeps them, in what it answers and in its errors. */
export function rejectionsOf(errors: unknown): Rejection[] {
  if (!Array.isArray(errors)) return [];
  return (errors as { recipient?: unknown; responseCode?: unknown }[]).map(({ recipient, responseCode }) => ({
    recipient: String(recipient),
    responseCode: Number(responseCode),
  }));
}
