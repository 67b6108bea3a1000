import helmet from '@fastify/helmet';
import type { FastifyInstance } from 'fastify';

/** Swagger UI needs inline styles and data: images, ReDoc a worker from a blob. Nothing needs inline scripts or another host. */
export async function addSecurityHeaders(instance: FastifyInstance): Promise<void> {
  await instance.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: true,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'", 'data:'],
        workerSrc: ["'self'", 'blob:'],
        upgradeInsecureRequests: null, // a self-hosted API is often plain HTTP behind its proxy
      },
    },
  });
}
