import { createServer as createHttpServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';

export interface BankCall {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Which connection it came over, counted from 0. */
  readonly connection: number;
}

/** Answers one call, or does something worse. */
export type BankBehaviour = (call: BankCall, response: ServerResponse) => void;

export interface ScriptedBank {
  readonly url: string;
  readonly calls: BankCall[];
  /** The most calls that were being answered at a time. */
  readonly mostAtATime: number;
  readonly connections: number;
  behave(behaviour: BankBehaviour): void;
  close(): Promise<void>;
}

/** A bank that does exactly what a test tells it, over real HTTP. The simulator in scripts/bank behaves like one; this one need not. */
export async function startScriptedBank(behaviour: BankBehaviour = settle): Promise<ScriptedBank> {
  const calls: BankCall[] = [];
  const connections = new Map<Socket, number>();
  let behave = behaviour;
  let underWay = 0;
  let mostAtATime = 0;
  const server = createHttpServer((request, response) => {
    mostAtATime = Math.max(mostAtATime, ++underWay);
    response.on('close', () => underWay--);
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const connection = connections.get(request.socket) ?? -1;
      const call = { method, path: url, headers, body: Buffer.concat(parts).toString(), connection };
      calls.push(call);
      behave(call, response);
    });
  });
  server.on('connection', (socket) => connections.set(socket, connections.size));
  const { url, close } = await listen(server);
  return {
    url,
    calls,
    get mostAtATime() {
      return mostAtATime;
    },
    get connections() {
      return connections.size;
    },
    behave: (next) => (behave = next),
    close,
  };
}

/** Something that listens and speaks no HTTP, or not of its own accord. */
export async function startTcpServer(onConnection: (socket: Socket) => void) {
  let connections = 0;
  const server = createTcpServer((socket) => {
    connections++;
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  const { url, close } = await listen(server);
  return { url, port: Number(new URL(url).port), close, connectionCount: () => connections };
}

/** A port at which nobody listens: it was free a moment ago. */
export async function unusedPort(): Promise<number> {
  const { port, close } = await startTcpServer(() => undefined);
  await close();
  return port;
}

export const referenceOf = (call: BankCall): string =>
  call.method === 'GET'
    ? (call.path.split('/').at(-1) ?? '')
    : (JSON.parse(call.body) as { reference: string }).reference;

export function answer(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

export const settle: BankBehaviour = (call, response) => {
  const reference = referenceOf(call);
  answer(response, 200, { reference, status: 'settled', rail_id: `B-${reference}` });
};

export async function listen(server: Server): Promise<{ url: string; close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return { url: `http://127.0.0.1:${port}`, close };
}
