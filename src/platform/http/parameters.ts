import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader, ApiParam } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { DomainError, invariantViolated } from '../../domain/errors.js';
import { isUuid } from '../../domain/ids.js';
import { IDEMPOTENCY_KEY_HEADER, idempotencyKeyOf } from './idempotency-key.js';
import { ORGANIZATION_HEADER } from './organization.js';
import { principalOf } from './principal.js';

export const ORGANIZATION_METADATA = 'tranche:organization';
/** Of an admin key: others always act in their own organization. */
export type OrganizationNeed = 'required' | 'optional';

const requestOf = (context: ExecutionContext): FastifyRequest => context.switchToHttp().getRequest<FastifyRequest>();

const currentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext) =>
  principalOf(requestOf(context)),
);

const organizationNotFound = () => invariantViolated('The guard did not find the organization of the request.');

const organizationId = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const id = requestOf(context).organizationId;
  if (id === null) throw organizationNotFound();
  return id;
});

const optionalOrganizationId = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const request = requestOf(context);
  if (request.organizationId === null && principalOf(request).organizationId !== null) throw organizationNotFound();
  return request.organizationId;
});

const idempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext) =>
  idempotencyKeyOf(requestOf(context).headers[IDEMPOTENCY_KEY_HEADER]),
);

const idParam = createParamDecorator((name: string, context: ExecutionContext) =>
  idOf((requestOf(context).params as Record<string, string | undefined>)[name], name),
);

/** The {@link Principal} that calls. */
export const CurrentPrincipal = (): ParameterDecorator => currentPrincipal();

/**
 * The id of the organization the request acts in: the key's own, or for an admin the one `X-Organization-Id` names. It is
 * known before the body is looked at.
 */
export const OrganizationId = (): ParameterDecorator =>
  documented(
    organizationId(),
    actingIn('required', 'The organization to act in. Only an admin key needs it; other keys act in their own.'),
  );

/** The same, `string | null`: null for an admin that names none, and so means all. */
export const OptionalOrganizationId = (): ParameterDecorator =>
  documented(
    optionalOrganizationId(),
    actingIn(
      'optional',
      'The organization to act in. An admin key without it acts in all; other keys act in their own.',
    ),
  );

/** The key that makes the call safe to repeat, `string | null`. `"abc"` and `abc` are the same key. */
export const IdempotencyKey = (): ParameterDecorator =>
  documented(
    idempotencyKey(),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        'Makes the call safe to repeat for 30 days: the same key with the same body gets the stored answer again, with `Idempotent-Replayed: true`.',
      schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7E]+$' },
    }),
  );

/** A UUID from the path, in lower case. */
export const IdParam = (name = 'id', description?: string): ParameterDecorator =>
  documented(
    idParam(name),
    ApiParam({ name, description: description ?? 'The id, a UUID.', schema: { type: 'string', format: 'uuid' } }),
  );

/** @throws invalid_id */
export function idOf(text: string | undefined, name: string): string {
  if (text === undefined || !isUuid(text)) {
    throw new DomainError('invalid', 'invalid_id', `"${name}" must be a UUID.`);
  }
  return text.toLowerCase();
}

type HandlerDecorator = (target: object, key: string | symbol, descriptor: PropertyDescriptor) => void;

function actingIn(need: OrganizationNeed, description: string): HandlerDecorator {
  return (target, key, descriptor) => {
    Reflect.defineMetadata(ORGANIZATION_METADATA, need, descriptor.value as object);
    ApiHeader({
      name: 'X-Organization-Id',
      required: false,
      description,
      schema: { type: 'string', format: 'uuid' },
    })(target, key, descriptor);
  };
}

/** A parameter decorator that also says something about the handler, so that the document cannot forget it. */
export function documented(parameter: ParameterDecorator, handler: HandlerDecorator): ParameterDecorator {
  return (target, key, index) => {
    parameter(target, key, index);
    const descriptor = key === undefined ? undefined : Object.getOwnPropertyDescriptor(target, key);
    if (key !== undefined && descriptor) handler(target, key, descriptor);
  };
}

export { ORGANIZATION_HEADER };
