import type { HTTPMethods } from 'fastify';
import { newId } from '../../src/domain/ids.js';
import { createApiKey, createOrganization } from '../factories/organizations.js';
import { startTestApi, type TestApi } from '../support/test-api.js';

/** The routes that answer without a key. A new one is a decision, taken here. */
const PUBLIC = [
  'GET /docs',
  'GET /docs/',
  'GET /docs/:file',
  'GET /docs/errors',
  'GET /health',
  'GET /health/live',
  'GET /health/ready',
  'GET /metrics',
  'GET /openapi.json',
  'GET /redoc',
];
