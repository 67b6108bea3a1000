import { type AddressInfo, connect, type Socket } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** A connection that sends bytes as they are: clients normalize, hurry and are polite, attackers are not. */
export interface RawConnection {
  socket: Socket;
  send(...pieces: (string | Buffer)[]): void;
  /** What came back so far. */
  readonly received: string;
  /** All that came back until the other side ended the connection. */
  readonly ended: Promise<string>;
}

export async function openRaw(app: NestFastifyApplication): Promise<RawConnection> {
  const server = app.getHttpServer();
  if (!server.listening) await app.listen(0, '127.0.0.1');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  let received = '';
  socket.on('data', (chunk) => (received += chunk.toString('latin1')));
  socket.on('error', () => undefined); // a connection that is cut ends with one
  const ended = new Promise<string>((resolve) => socket.on('close', () => resolve(received)));
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return {
    socket,
    send: (...pieces) => {
      for (const piece of pieces) if (!socket.destroyed) socket.write(piece);
    },
    get received() {
      return received;
    },
    ended,
  };
}

/** Head of a POST; the body is the caller's. */
export const postHead = (path: string, headers: Record<string, string | number>): string =>
  [
    `POST ${path} HTTP/1.1`,
    'Host: x',
    'Content-Type: application/json',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '\r\n',
  ].join('\r\n');
