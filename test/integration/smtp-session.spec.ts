import { outcomeOfError } from '../../src/modules/notifications/adapters/smtp-outcome.js';
import { handOver } from '../../src/modules/notifications/adapters/smtp-session.js';
import { startMailServer } from '../support/mail-server.js';

const LETTER = { from: 'a@bank.example', recipients: ['b@acme.example'], content: Buffer.from('Subject: x\r\n\r\nx') };

describe('a conversation with a mail server', () => {
  it.each([
    ['does not encrypt', ['AUTH', 'STARTTLS'], 'required'],
    ['nobody vouches for', ['AUTH'], 'required'],
    ['speaks no TLS at all', ['AUTH', 'STARTTLS'], 'implicit'],
  ] as const)('says nothing to one that %s', async (_what, disabledCommands, tls) => {
    const server = await startMailServer({ disabledCommands: [...disabledCommands] });
    try {
      const { port } = server;
      const outcome = await handOver({ host: '127.0.0.1', port, tls, login: null }, LETTER, 5_000).then(
        () => 'taken',
        outcomeOfError,
      );
      expect(outcome).toMatchObject({
        kind: 'retry',
        failure: expect.stringMatching(/^(tls_error|connection_failed)$/),
      });
      expect(server.asked).toEqual([]);
    } finally {
      await server.close();
    }
  });

  it('ends when its time is over, whatever the server does', async () => {
    const server = await startMailServer();
    try {
      const here = { host: '127.0.0.1', port: server.port, tls: 'none', login: null } as const;
      const stuck = handOver(here, { ...LETTER, recipients: ['hang@acme.example'] }, 300).then(
        () => 'taken',
        outcomeOfError,
      );
      await expect(stuck).resolves.toEqual({ kind: 'retry', failure: 'timed_out', retryAfterMs: null });
      expect(server.mails).toEqual([]);
      await expect(handOver(here, LETTER, 5_000)).resolves.toEqual({ accepted: LETTER.recipients, rejected: [] });
    } finally {
      await server.close();
    }
  });
});
