import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { OpenAPIObject } from '@nestjs/swagger';
import { EVENT_WEBHOOKS } from '../../src/modules/events/http/event-webhooks.js';
import { EVENT_TYPES } from '../../src/modules/events/domain/event-type.js';
import { addWebhooks } from '../../src/platform/http/openapi-webhooks.js';

const PAGE = readFileSync(path.resolve(__dirname, '../../docs/events.md'), 'utf8');
const TYPES = Object.entries(EVENT_TYPES);

describe('every type of event', () => {
  it('has a row in docs/events.md that says what it means', () => {
    const rows = PAGE.split('\n').map((row) => row.split('|').map((cell) => cell.trim()));
    const missing = TYPES.filter(
      ([type, meaning]) => !rows.some((cells) => cells[1] === `\`${type}\`` && cells[2] === meaning),
    );
    expect(missing).toEqual([]);
    const listed = rows.flatMap((cells) => /^`([a-z_]+\.[a-z_]+)`$/.exec(cells[1] ?? '')?.[1] ?? []);
    expect(listed.filter((type) => !(type in EVENT_TYPES))).toEqual([]);
  });

  it('has a schema and an example in the webhooks of the document, whose data is one of those of an event', () => {
    const eventDto = { type: 'object', properties: { type: {}, data: { description: 'What there is to say.' } } };
    const document = { paths: {}, components: { schemas: { EventDto: eventDto } } } as unknown as OpenAPIObject;
    addWebhooks(document, EVENT_WEBHOOKS);
    expect(Object.keys(document.webhooks ?? {}).sort()).toEqual(TYPES.map(([type]) => type).sort());
    const { oneOf } = eventDto.properties.data as unknown as { oneOf: { $ref: string }[] };
    for (const [type] of TYPES) {
      const request = document.webhooks?.[type]?.post?.requestBody as {
        content: Record<string, { schema: { properties: Record<string, object> }; example: Record<string, object> }>;
      };
      const { schema, example } = request.content['application/json'] ?? { schema: { properties: {} }, example: {} };
      expect(schema.properties['type']).toEqual({ type: 'string', const: type });
      expect(oneOf).toContainEqual(schema.properties['data']);
      expect(example).toMatchObject({ type, data: expect.any(Object) });
    }
  });

  it('tells of a line, a bulk request or an account by the same example as the page', () => {
    const example = JSON.parse(/<!-- event -->\s*```json\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? '') as object;
    expect(EVENT_WEBHOOKS.find(({ name }) => name === 'transfer.failed')?.example).toEqual(example);
  });
});
