import type { OpenAPIObject } from '@nestjs/swagger';
import { invariantViolated } from '../../domain/errors.js';
import type { WebhookDescription } from './webhook-description.js';

interface BodySchema {
  properties: Record<string, object>;
  required?: string[];
}

/** Of Standard Webhooks, on every delivery. */
const HEADERS = [
  ['webhook-id', 'The same for every attempt: the `id` of the event.', 'evt_0198f2c17f3a7c318b0e1d2f3a4b5c60_42'],
  ['webhook-timestamp', 'When this attempt was made, in seconds since 1970.', '1795253400'],
  [
    'webhook-signature',
    '`v1,` and the signature of `id.timestamp.body`; several, separated by spaces, while a secret is replaced.',
    'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
  ],
] as const;

const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** Adds the `webhooks` section, and says of the body's `data` what it may be. Before objects are closed. */
export function addWebhooks(document: OpenAPIObject, webhooks: readonly WebhookDescription[]): void {
  const shapesOf = new Map<string, Set<string>>();
  const section: NonNullable<OpenAPIObject['webhooks']> = {};
  for (const webhook of webhooks) {
    const body = bodyOf(document, webhook);
    section[webhook.name] = { post: requestOf(webhook, body) } as never;
    const shapes = shapesOf.get(webhook.body.name) ?? new Set();
    shapesOf.set(webhook.body.name, shapes.add(webhook.data.name));
  }
  for (const [name, shapes] of shapesOf) {
    const { properties } = document.components?.schemas?.[name] as unknown as BodySchema;
    const { description } = properties['data'] as { description?: string };
    properties['data'] = { ...(description !== undefined && { description }), oneOf: [...shapes].map(reference) };
  }
  if (webhooks.length > 0) document.webhooks = section;
}

function bodyOf(document: OpenAPIObject, { name, body }: WebhookDescription): BodySchema {
  const schema = document.components?.schemas?.[body.name] as BodySchema | undefined;
  if (!schema?.properties) throw invariantViolated(`the body of the webhook ${name} has no schema`);
  return schema;
}

function requestOf({ name, tag, meaning, data, example }: WebhookDescription, body: BodySchema): object {
  const properties = { ...body.properties, type: { type: 'string', const: name }, data: reference(data.name) };
  const schema = { type: 'object', required: Object.keys(properties), properties, additionalProperties: false };
  return {
    operationId: `on_${name.replace('.', '_')}`,
    tags: [tag],
    summary: name,
    description: meaning,
    security: [],
    parameters: HEADERS.map(([header, description, value]) => ({
      ...{ name: header, in: 'header', required: true, description, schema: { type: 'string' }, example: value },
    })),
    requestBody: { required: true, content: { 'application/json': { schema, example } } },
    responses: {
      '2XX': { description: 'It was received. Whatever else is answered, it is sent again.' },
      '410': { description: 'The receiver is gone: nothing more is sent to it.' },
    },
  };
}
