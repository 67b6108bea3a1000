import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { gate } from './gate.js';

/** A mail that was taken. */
export interface TakenMail {
  readonly to: readonly string[];
  /** By their names in lower case; folded lines are put together. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
}

export interface MailServer {
  readonly port: number;
  readonly mails: TakenMail[];
  /** Recipients that were named, also those that were refused. */
  readonly asked: string[];
  /** Mail to addresses that begin with this is left hanging, until {@link letGo}. */
  letGo(): void;
  /** What is said to addresses that begin with a name: `busy` 451, `unknown` 550, `grey` 451 the first time. */
  close(): Promise<void>;
}

const REFUSALS: Readonly<Record<string, number>> = { busy: 451, unknown: 550 };

/** A real mail server, whose answers depend on who is written to: `hang...@`, `busy...@`, `unknown...@` and `grey...@`. */
export async function startMailServer(options: SMTPServerOptions = {}): Promise<MailServer> {
  const mails: TakenMail[] = [];
  const asked: string[] = [];
  const held = gate();
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    authOptional: true,
    logger: false,
    closeTimeout: 200,
    onRcptTo: ({ address }, _session, callback) => {
      const isFirst = !asked.includes(address);
      asked.push(address);
      const [, refused] = Object.entries(REFUSALS).find(([name]) => address.startsWith(name)) ?? [];
      if (address.startsWith('grey') && isFirst) callback(Object.assign(new Error('Later'), { responseCode: 451 }));
      else if (refused !== undefined) callback(Object.assign(new Error('No'), { responseCode: refused }));
      else if (address.startsWith('hang')) void held.passed.then(() => callback());
      else callback();
    },
    onData: (stream, session, callback) => {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        mails.push({ to, ...parse(Buffer.concat(parts).toString()) });
        callback();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  const close = (): Promise<void> => {
    held.open();
    return new Promise((resolve) => server.close(resolve));
  };
  return { port, mails, asked, letGo: held.open, close };
}

function parse(raw: string): Omit<TakenMail, 'to'> {
  const end = raw.indexOf('\r\n\r\n');
  const lines = raw
    .slice(0, end)
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const at = line.indexOf(':');
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
  });
  return { headers: new Map(headers), text: raw.slice(end + 4).trimEnd() };
}
