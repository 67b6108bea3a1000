import { createServer as createTcpServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Certificate } from './certificates.js';
import { listen } from './scripted-bank.js';

/** A request as it came, and what to do with the connection. */
export interface Visit {
  readonly head: string;
  readonly body: string;
  readonly socket: Socket;
}

export interface HostileReceiver {
  readonly port: number;
  /** `http://` or `https://`, by 127.0.0.1. */
  readonly url: string;
  readonly visits: Visit[];
  readonly connections: number;
  readonly openConnections: number;
  close(): Promise<void>;
}

/** Receives requests byte by byte, so that it can answer them in ways no HTTP server would. */
export async function startHostileReceiver(
  answer: (visit: Visit) => void,
  certificate?: Certificate,
): Promise<HostileReceiver> {
  const visits: Visit[] = [];
  let connections = 0;
  let openConnections = 0;
  const receive = (socket: Socket): void => {
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (part: Buffer) => {
      text += part.toString('latin1');
      const [head = '', body] = text.split('\r\n\r\n', 2);
      const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? '0');
      if (body === undefined || body.length < length) return;
      text = '';
      const visit = { head, body, socket };
      visits.push(visit);
      answer(visit);
    });
  };
  const server = certificate === undefined ? createTcpServer(receive) : createTlsServer({ ...certificate }, receive);
  server.on('connection', (socket: Socket) => {
    connections++;
    openConnections++;
    socket.on('close', () => openConnections--);
  });
  server.on('tlsClientError', () => undefined);
  const { url, close } = await listen(server);
  return {
    port: Number(new URL(url).port),
    url: certificate === undefined ? url : url.replace('http:', 'https:'),
    visits,
    get connections() {
      return connections;
    },
    get openConnections() {
      return openConnections;
    },
    close,
  };
}

export const OK = 'HTTP/1.1 200 OK\r\n';

/** Answers, and leaves it to the other side to close. */
export const ok = ({ socket }: Visit): unknown => socket.write(`${OK}Content-Length: 2\r\n\r\nok`);

/** Begins as it should and goes on until the connection ends: piece after piece as fast as it is read, or one every few milliseconds. */
export const endless =
  (begin: string, piece: string, everyMs?: number) =>
  ({ socket }: Visit): void => {
    socket.write(begin);
    if (everyMs === undefined) return pour(socket, piece);
    const drip = setInterval(() => socket.write(piece), everyMs);
    socket.once('close', () => clearInterval(drip));
  };

function pour(socket: Socket, piece: string): void {
  if (!socket.destroyed) socket.write(piece, () => pour(socket, piece));
}
