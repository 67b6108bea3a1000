import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { configSchema } from '../config/config.schema.js';
import { API_PREFIX, buildDocument, HttpAdapter, PATHS_WITHOUT_PREFIX } from '../platform/http/index.js';
import { ApiModule } from './api.module.js';

/** The published document, with the limits of a default configuration. Nothing is instantiated, so nothing connects. */
export async function buildOpenApiDocument(): Promise<OpenAPIObject> {
  const config = configSchema.parse({ DATABASE_URL: 'postgres://unused', REDIS_URL: 'redis://unused' });
  const app = await NestFactory.create<NestFastifyApplication>(ApiModule, new HttpAdapter(config), {
    preview: true,
    logger: false,
    abortOnError: false,
  });
  app.setGlobalPrefix(API_PREFIX, { exclude: PATHS_WITHOUT_PREFIX });
  return buildDocument(app, { maxTransfersPerBulk: config.MAX_TRANSFERS_PER_BULK });
}
