import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A simple query that says COMMIT, as it goes over the wire. */
const COMMIT = Buffer.from('COMMIT\0');

export interface PostgresProxy {
  /** The database, as seen through the proxy. */
  url: string;
  /**
   * Cuts the connection the next COMMIT goes over: before the server hears of it, or when it has committed and answers. With `of`,
   * the next one of a transaction in which these words were said.
   */
  cutNextCommit(when: 'before' | 'after', of?: string): void;
  /** Whether what was to be cut was. */
  readonly hasCut: boolean;
  close(): Promise<void>;
}

/** Stands between the product and PostgreSQL, and can lose a connection at the worst moment there is. */
export async function startPostgresProxy(databaseUrl: string): Promise<PostgresProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let cutting: { when: 'before' | 'after'; of: string } | null = null;

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    let isCommitting = false;
    let hasSaid = false;
    const cut = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', cut); // a connection that is cut ends with an error on one side or the other
      socket.on('close', cut);
    }
    client.on('data', (data) => {
      if (cutting?.of && data.includes(cutting.of)) hasSaid = true;
      if (data.includes(COMMIT)) {
        if (cutting !== null && (cutting.of === '' || hasSaid)) {
          const { when } = cutting;
          cutting = null;
          if (when === 'before') return cut();
          isCommitting = true;
        }
        hasSaid = false;
      }
      upstream.write(data);
    });
    upstream.on('data', (data) => (isCommitting ? cut() : client.write(data)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cutNextCommit: (when, of = '') => void (cutting = { when, of }),
    get hasCut() {
      return cutting === null;
    },
    close: async () => {
      sockets.forEach((socket) => socket.destroy());
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
