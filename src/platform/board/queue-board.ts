import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { authenticateBasic, Doorkeeper, OPERATIONS_PREFIX, sendProblem } from '../http/index.js';
import { Queues } from '../queue/index.js';

const OPERATOR_SCOPE = 'operator';

/**
 * Bull Board, for operators: HTTP Basic with an operator key as the password. It is mounted inside a scope of its own, so that the
 * hook guards every path of it and not just the first page.
 */
export async function mountQueueBoard(app: NestFastifyApplication): Promise<void> {
  const doorkeeper = app.get(Doorkeeper, { strict: false });
  const queues = app.get(Queues, { strict: false });
  const board = new FastifyAdapter();
  board.setBasePath(OPERATIONS_PREFIX);
  createBullBoard({
    // Retrying or deleting a job by hand is harmless: the work list is PostgreSQL.
    queues: queues.all().map((queue) => new BullMQAdapter(queue)),
    serverAdapter: board,
    options: { uiConfig: { boardTitle: 'Tranche queues', hideRedisDetails: true } },
  });
  const instance = app.getHttpAdapter().getInstance();
  await instance.register(async (scope) => {
    // Answered here: the board's own error handler would make a 500 of any refusal.
    scope.addHook('onRequest', async (request, reply) => {
      try {
        await authenticateBasic(request, doorkeeper, OPERATOR_SCOPE);
      } catch (error) {
        sendProblem(error, request, reply);
        return reply;
      }
    });
    await scope.register(board.registerPlugin(), { prefix: OPERATIONS_PREFIX });
  });
}
