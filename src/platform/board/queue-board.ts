import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ADMIN_SCOPE, authenticateBasic, Doorkeeper, forbidden, OPERATIONS_PREFIX, sendProblem } from '../http/index.js';
import { Queues } from '../queue/index.js';

const READING = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Bull Board, for the platform: HTTP Basic with the admin key as the password. The queues are everybody's: no key of an organization
 * opens it. It is mounted inside a scope of its own, so that the hook guards every path of it and not just the first page.
 */
export async function mountQueueBoard(app: NestFastifyApplication): Promise<void> {
  const doorkeeper = app.get(Doorkeeper, { strict: false });
  const queues = app.get(Queues, { strict: false });
  const board = new FastifyAdapter();
  board.setBasePath(OPERATIONS_PREFIX);
  createBullBoard({
    // It shows. What happens to work is decided in PostgreSQL, and done by routes that say so in the audit log.
    queues: queues.all().map((queue) => new BullMQAdapter(queue, { readOnlyMode: true })),
    serverAdapter: board,
    options: { uiConfig: { boardTitle: 'Tranche queues', hideRedisDetails: true } },
  });
  const instance = app.getHttpAdapter().getInstance();
  await instance.register(async (scope) => {
    // Answered here: the board's own error handler would make a 500 of any refusal.
    scope.addHook('onRequest', async (request, reply) => {
      try {
        await authenticateBasic(request, doorkeeper, ADMIN_SCOPE);
        if (!READING.includes(request.method)) throw forbidden('The queue board only shows: nothing is changed here.');
      } catch (error) {
        sendProblem(error, request, reply);
        return reply;
      }
    });
    await scope.register(board.registerPlugin(), { prefix: OPERATIONS_PREFIX });
  });
}
