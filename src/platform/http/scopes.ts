import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { Principal } from './principal.js';

export const SCOPES_METADATA = 'tranche:scopes';

/** The scope of the platform itself; it implies every other. */
export const ADMIN_SCOPE = 'admin';

/** The scopes a handler needs, all of them. A handler without this decorator is refused to everybody. */
export function Scopes(first: string, ...others: string[]): MethodDecorator {
  const scopes = [first, ...others];
  return applyDecorators(SetMetadata(SCOPES_METADATA, scopes), ApiExtension('x-required-scopes', scopes));
}

/** For what only the platform may do. */
export const PlatformScope = (): MethodDecorator => Scopes(ADMIN_SCOPE);

/** Scopes are literal: writing does not imply reading. */
export function holdsScopes(principal: Principal, needed: readonly string[]): boolean {
  return principal.scopes.has(ADMIN_SCOPE) || needed.every((scope) => principal.scopes.has(scope));
}
