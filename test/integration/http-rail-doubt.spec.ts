import { HttpRailLab, inquireOne, OPEN_WINDOW, payments, submitOne } from '../support/http-rail-lab.js';
import { answer, type BankBehaviour, referenceOf, settle, unusedPort } from '../support/scripted-bank.js';

const endless: BankBehaviour = (_, response) => {
  response.writeHead(200);
  const write = (): void => {
    while (!response.destroyed && response.write('x'.repeat(10_000)));
  };
  response.on('drain', write);
  write();
};

describe('the http rail, when a call goes wrong,', () => {
  let lab: HttpRailLab;
  beforeEach(() => {
    lab = new HttpRailLab();
  });
  afterEach(() => lab.close());

  describe('knows that nothing was sent', () => {
    it('when nobody listens: to be tried again, and asked again', async () => {
      const rail = lab.railAt(`http://127.0.0.1:${await unusedPort()}`);
      await expect(submitOne(rail)).resolves.toMatchObject({ kind: 'not_accepted', code: 'connection_refused' });
      await expect(inquireOne(rail)).resolves.toMatchObject({ kind: 'unknown', code: 'connection_refused' });
    });

    it('when the name does not exist', async () => {
      await expect(submitOne(lab.railAt('http://bank.invalid'))).resolves.toMatchObject({
        kind: 'not_accepted',
        code: 'dns_failure',
      });
    });

    it.each<[string, (socket: { destroy(): void; end(text: string): void }) => void]>([
      ['closes at once', (socket) => socket.destroy()],
      ['speaks no TLS', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ])('when TLS fails, because the other side %s', async (_, onConnection) => {
      const received: string[] = [];
      const server = await lab.tcpServer((socket) => {
        socket.on('data', (bytes) => received.push(bytes.toString('latin1')));
        onConnection(socket);
      });
      const rail = lab.railAt(`https://127.0.0.1:${server.port}`, { RAIL_HTTP_TOKEN: 's3cret' });
      await expect(submitOne(rail)).resolves.toMatchObject({ kind: 'not_accepted', code: 'tls_failed' });
      expect(received.join('')).not.toContain('s3cret');
    });

    it('when no connection comes about in time', async () => {
      const server = await lab.tcpServer(() => undefined); // takes the connection, never shakes hands
      const rail = lab.railAt(`https://127.0.0.1:${server.port}`, { RAIL_HTTP_TIMEOUT_MS: '200' });
      await expect(submitOne(rail)).resolves.toMatchObject({ kind: 'not_accepted', code: 'connect_timeout' });
      expect(server.connectionCount()).toBe(1);
    });

    it('and lets no payment pay with its attempts for a bank that is away', async () => {
      const rail = lab.railAt(`http://127.0.0.1:${await unusedPort()}`, { RAIL_CONCURRENCY: '1' });
      const outcomes = await rail.submit(payments(20), OPEN_WINDOW);
      // The breaker opens at the fifth.
      expect(outcomes.slice(0, 4).map(({ kind }) => kind)).toEqual(Array(4).fill('not_accepted'));
      expect(outcomes.slice(4).map(({ kind }) => kind)).toEqual(Array(16).fill('not_sent'));
      for (const outcome of outcomes.slice(4)) {
        expect(outcome).toMatchObject({ retryAfterMs: expect.any(Number) });
        expect((outcome as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(0);
      }
      expect(rail.pausedForMs('submit')).toBeGreaterThan(0);
    });
  });

  describe('is in doubt', () => {
    it.each<[string, BankBehaviour]>([
      ['before it answers', (_, response) => response.destroy()],
      [
        'in the middle of its answer',
        (_, response) => {
          response.writeHead(200, { 'content-length': '1000' }).write('{"reference":');
          response.socket?.end();
        },
      ],
      [
        'in the middle of a chunked answer',
        (_, response) => {
          response.writeHead(200).write('{}');
          setImmediate(() => response.socket?.destroy());
        },
      ],
    ])('when the bank drops the connection %s', async (_, behaviour) => {
      const rail = lab.railAt((await lab.bankThat(behaviour)).url);
      const unknown = { kind: 'unknown', code: 'connection_lost' };
      expect([await submitOne(rail), await inquireOne(rail)]).toMatchObject([unknown, unknown]);
    });

    it('when a new connection is reset by its first bytes', async () => {
      const server = await lab.tcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
      await expect(submitOne(lab.railAt(server.url))).resolves.toMatchObject({
        kind: 'unknown',
        code: 'connection_lost',
      });
    });

    it('when a connection in use before is reset by the next request', async () => {
      const bank = await lab.bankThat((call, response) =>
        bank.calls.length === 1 ? settle(call, response) : response.socket?.resetAndDestroy(),
      );
      const rail = lab.railAt(bank.url);
      expect([await submitOne(rail), await submitOne(rail)]).toMatchObject([
        { kind: 'settled' },
        { kind: 'unknown', code: 'connection_lost' },
      ]);
      expect(bank.connections).toBe(1);
    });

    it.each<[string, BankBehaviour]>([
      ['answers nothing', () => undefined],
      ['does not end its answer', (_, response) => void response.writeHead(200).write('{')],
      [
        'answers drop by drop',
        (_, response) => {
          const drip = setInterval(() => response.write(' '), 20);
          response.on('close', () => clearInterval(drip));
        },
      ],
    ])('when the bank %s in time', async (_, behaviour) => {
      const rail = lab.railAt((await lab.bankThat(behaviour)).url, { RAIL_HTTP_TIMEOUT_MS: '300' });
      const timedOut = { kind: 'unknown', code: 'timeout' };
      expect(await Promise.all([submitOne(rail), inquireOne(rail)])).toMatchObject([timedOut, timedOut]);
    });

    it.each<[string, BankBehaviour]>([
      ['is no JSON', (_, response) => response.writeHead(200).end('<html>Log in</html>')],
      ['is empty', (_, response) => response.writeHead(200).end()],
      [
        'says two things at once',
        (call, response) => {
          const reference = referenceOf(call);
          response
            .writeHead(200)
            .end(`{"reference":"${reference}","status":"rejected","status":"settled","rail_id":"B"}`);
        },
      ],
      ['is no HTTP', (_, response) => void response.socket?.end('hello\r\n\r\n')],
      ['is too large', (_, response) => answer(response, 200, { padding: 'x'.repeat(100_000) })],
      ['never ends', endless],
    ])('when the answer %s', async (_, behaviour) => {
      const rail = lab.railAt((await lab.bankThat(behaviour)).url);
      await expect(submitOne(rail)).resolves.toMatchObject({ kind: 'unknown', code: 'unreadable_answer' });
    });

    it.each([
      [500, 'http_5xx'],
      [503, 'http_5xx'],
      [400, 'http_4xx'],
      [307, 'http_3xx'],
    ])('when the bank answers %i', async (status, code) => {
      const bank = await lab.bankThat((_, response) => answer(response, status, {}, { location: '/elsewhere' }));
      await expect(submitOne(lab.railAt(bank.url))).resolves.toMatchObject({ kind: 'unknown', code });
      expect(bank.calls).toHaveLength(1);
    });
  });
});
