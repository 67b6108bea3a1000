import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { authenticateBasic, Doorkeeper, forbidden, OPERATIONS_PREFIX, sendProblem } from '../http/index.js';
import { type JobEnvelope, Queues } from '../queue/index.js';

const READING = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Bull Board, for operators: HTTP Basic with a key as the password. The queues are everybody's, so it only shows, and not whose work it
 * is. It is mounted inside a scope of its own, so that the hook guards every path of it and not just the first page.
 */
export async function mountQueueBoard(app: NestFastifyApplication): Promise<void> {
  const doorkeeper = app.get(Doorkeeper, { strict: false });
  const queues = app.get(Queues, { strict: false });
  const board = new FastifyAdapter();
  board.setBasePath(OPERATIONS_PREFIX);
  createBullBoard({
    // It shows. What happens to work is decided in PostgreSQL, and done by routes that say so in the audit log.
    queues: queues.all().map(readOnly),
    serverAdapter: board,
    options: { uiConfig: { boardTitle: 'Tranche queues', hideRedisDetails: true } },
  });
  const instance = app.getHttpAdapter().getInstance();
  await instance.register(async (scope) => {
    // Answered here: the board's own error handler would make a 500 of any refusal.
    scope.addHook('onRequest', async (request, reply) => {
      try {
        await authenticateBasic(request, doorkeeper, 'operator');
        if (!READING.includes(request.method)) throw forbidden('The queue board only shows: nothing is changed here.');
      } catch (error) {
        sendProblem(error, request, reply);
        return reply;
      }
    });
    await scope.register(board.registerPlugin(), { prefix: OPERATIONS_PREFIX });
  });
}

function readOnly(queue: ReturnType<Queues['all']>[number]): BullMQAdapter {
  const adapter = new BullMQAdapter(queue, { readOnlyMode: true });
  adapter.setFormatter('data', ({ requestId }: JobEnvelope) => ({ requestId }));
  return adapter;
}
