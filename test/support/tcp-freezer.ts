import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands between the product and a server, and can fall silent: connections stay open, and nothing comes through. */
export interface TcpFreezer {
  /** The server, as seen through here. */
  url: string;
  /** Connections made so far. */
  readonly accepted: number;
  /** Nothing comes through the connections there are, in either direction; new ones work. As after a failover, or behind a proxy that forgot us. */
  freezeExisting(): void;
  /** Nor through new ones: they are accepted, and never answered. */
  freezeAll(): void;
  /** All goes on, beginning with what was held back. */
  thaw(): void;
  /** Ends all connections there are. */
  cut(): void;
  /** Where new connections go from now on: the server was started again elsewhere. */
  retarget(serverUrl: string): void;
  close(): Promise<void>;
}

interface Link {
  client: Socket;
  upstream: Socket;
}

export async function startTcpFreezer(serverUrl: string): Promise<TcpFreezer> {
  let target = new URL(serverUrl);
  const links = new Set<Link>();
  let isFrozen = false;
  let accepted = 0;

  const server = createServer((client) => {
    accepted += 1;
    const link = { client, upstream: connect(Number(target.port), target.hostname) };
    links.add(link);
    const end = (): void => {
      links.delete(link);
      cutLink(link);
    };
    for (const [from, to] of [[client, link.upstream] as const, [link.upstream, client] as const]) {
      from.on('data', (data) => to.write(data));
      from.on('error', end); // a connection that is cut ends with an error on one side or the other
      from.on('close', end);
    }
    if (isFrozen) freezeLink(link);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const url = new URL(serverUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    get accepted() {
      return accepted;
    },
    freezeExisting: () => links.forEach(freezeLink),
    freezeAll: () => {
      isFrozen = true;
      links.forEach(freezeLink);
    },
    thaw: () => {
      isFrozen = false;
      links.forEach(thawLink);
    },
    cut: () => links.forEach(cutLink),
    retarget: (url) => (target = new URL(url)),
    close: async () => {
      links.forEach(cutLink);
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Not read any more, neither data nor an end: the system goes on acknowledging what arrives, so the other side notices nothing. */
function freezeLink({ client, upstream }: Link): void {
  client.pause();
  upstream.pause();
}

function thawLink({ client, upstream }: Link): void {
  client.resume();
  upstream.resume();
}

function cutLink({ client, upstream }: Link): void {
  client.destroy();
  upstream.destroy();
}
