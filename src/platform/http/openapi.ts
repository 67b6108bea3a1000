import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { VERSION } from '../version.js';
import { closeObjects } from './openapi-closing.js';
import { describeOperations } from './openapi-operations.js';
import { shareProblems } from './openapi-problems.js';
import { bodySchemas, withoutUnusedSchemas } from './openapi-references.js';
import { addWebhooks } from './openapi-webhooks.js';
import { ProblemDto } from './problem.dto.js';
import { querySchemas } from './query-schema.js';
import { webhookDescriptions } from './webhook-description.js';

export const API_PREFIX = 'api/v1';
/** Not part of the API, and so not below its prefix. */
export const PATHS_WITHOUT_PREFIX = ['health', 'health/live', 'health/ready', 'metrics'];

const DESCRIPTION = `Bulk credit transfers, each line paid once.

- **Authenticate** with \`Authorization: Bearer <key or token>\` or \`X-API-Key: <key>\`; never in the query string.
- **Amounts** are decimal strings (\`"100.00"\`), times ISO 8601 in UTC, ids UUIDs.
- **Repeat safely**: send an \`Idempotency-Key\` with every POST that creates or moves something.
- **Errors** are problem documents (RFC 9457); decide on \`code\`, which [the list of codes](/docs/errors) explains.
- **Slow down** at 429: \`Retry-After\` says for how long, \`RateLimit\` on every answer what is left.
- **Correlate**: \`X-Request-Id\` is accepted, echoed on every answer, and follows the work through queues and logs.`;

const SIGNED =
  'A key that was created with `require_signature` also needs `X-Tranche-Timestamp`, `X-Tranche-Nonce` and `X-Tranche-Signature` with each request (docs/authentication.md).';

/** In the order of the page. */
const TAGS: Readonly<Record<string, string>> = {
  'Bulk requests': 'One submission of one to many credit transfers from one debtor account.',
  Transfers: 'Credit transfers, alone or as lines of a bulk request.',
  Accounts: 'Accounts of the organization, their balances and entries.',
  'Bank transactions': 'Money that comes from or goes to the bank itself.',
  Reconciliation: 'The statements of rails against our books, and the breaks a person has to resolve.',
  Policies: 'When payments need approval, and how much may leave at all. Set by the platform only.',
  Events: 'What happened, in order, to be read again by whoever missed it.',
  Webhooks: 'Who is told of events, and what became of every message.',
  Notifications: 'Who is told of what happens by mail or chat, and every time somebody was.',
  'Audit log': 'Who did what, in chains of hashes that show every change.',
  Organizations: 'The tenants. For the platform only.',
  'API keys': 'Keys of an organization. For the platform only.',
  Operations: 'Stepping through work by hand, kill switches, and cases that need a person.',
  Rails: 'What banks report by themselves.',
  Monitoring: 'Health and metrics.',
};

export interface ContractSettings {
  readonly maxTransfersPerBulk: number;
}

export interface Contract {
  /** What is published: OpenAPI 3.1. */
  readonly document: OpenAPIObject;
  /** The same with the schemas of query strings, which OpenAPI spells out as parameters. */
  readonly complete: OpenAPIObject;
  /** The schemas of bodies and queries. */
  readonly checkedSchemas: readonly string[];
}

/** Describes the routes of an application. Needs its modules, but neither running services nor connections. */
export function buildContract(app: INestApplication, settings: ContractSettings): Contract {
  const queries = querySchemas();
  const webhooks = webhookDescriptions();
  const complete = SwaggerModule.createDocument(app, frame(), {
    extraModels: [ProblemDto, ...queries, ...new Set(webhooks.flatMap(({ body, data }) => [body, data]))],
    operationIdFactory: (controller, method) => `${lowerFirst(controller.replace(/Controller$/, ''))}_${method}`,
  });
  complete.info.contact = { name: 'The operator of this installation' };
  complete.info.license = { name: 'MIT', identifier: 'MIT' } as OpenAPIObject['info']['license'];
  complete.paths = Object.fromEntries(Object.entries(complete.paths).sort(([a], [b]) => (a < b ? -1 : 1)));
  limitBulk(complete, settings.maxTransfersPerBulk);
  addWebhooks(complete, webhooks);
  closeObjects(complete);
  describeOperations(complete);
  shareProblems(complete);
  const checkedSchemas = [...new Set([...bodySchemas(complete), ...queries.map((query) => query.name)])];
  return { complete, checkedSchemas, document: withoutUnusedSchemas(complete) };
}

/** The published document alone. */
export const buildDocument = (app: INestApplication, settings: ContractSettings): OpenAPIObject =>
  buildContract(app, settings).document;

function frame(): Omit<OpenAPIObject, 'paths'> {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Tranche')
    .setDescription(DESCRIPTION)
    .setVersion(VERSION)
    .addServer('/')
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        description: `An API key, or an access token (JWT) of the issuer this installation trusts, if there is one. ${SIGNED}`,
      },
      'bearer',
    )
    .addApiKey(
      { type: 'apiKey', in: 'header', name: 'X-API-Key', description: `The same key, as a header. ${SIGNED}` },
      'api_key',
    )
    .addSecurityRequirements('bearer')
    .addSecurityRequirements('api_key');
  for (const [name, description] of Object.entries(TAGS)) builder.addTag(name, description);
  return builder.build();
}

/** How many lines a bulk may have is configuration, not code. */
function limitBulk(document: OpenAPIObject, maxTransfersPerBulk: number): void {
  const bulk = document.components?.schemas?.CreateBulkRequestDto;
  const lines = bulk && 'properties' in bulk ? bulk.properties?.credit_transfers : undefined;
  if (lines && !('$ref' in lines)) lines.maxItems = maxTransfersPerBulk;
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
