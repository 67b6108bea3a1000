import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, getSchemaPath } from '@nestjs/swagger';

/** Documents a 200 answer that is a page of `item`s. */
export function ApiPage(item: Type<object>, description = 'One page, in the order of the list.'): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(item),
    ApiOkResponse({
      description,
      schema: {
        type: 'object',
        required: ['data', 'next_cursor', 'has_more'],
        properties: {
          data: { type: 'array', items: { $ref: getSchemaPath(item) } },
          next_cursor: {
            type: 'string',
            nullable: true,
            description: 'Give it as `cursor` for the next page; null on the last.',
          },
          has_more: { type: 'boolean' },
        },
      },
    }),
  );
}
