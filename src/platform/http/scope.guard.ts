import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { ORGANIZATION_HEADER, organizationOf } from './organization.js';
import { ORGANIZATION_METADATA, type OrganizationNeed } from './parameters.js';
import { Authenticator, forbidden, principalOf } from './principal.js';
import { isPublicPath, pathOf } from './public-paths.js';
import { holdsScopes, SCOPES_METADATA } from './scopes.js';

/** Deny by default: a handler says which scopes it needs, or its path is public, or nobody may call it. */
@Injectable()
export class ScopeGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const handler = context.getHandler();
    const needed = this.reflector.get<string[] | undefined>(SCOPES_METADATA, handler);
    if (!needed) {
      if (isPublicPath(pathOf(request.raw.url ?? ''))) return true;
      throw forbidden('Nobody may call this operation.');
    }
    const principal = principalOf(request);
    if (!holdsScopes(principal, needed)) throw forbidden(`The API key needs the scopes: ${needed.join(', ')}.`);
    const need = this.reflector.get<OrganizationNeed | undefined>(ORGANIZATION_METADATA, handler);
    if (need === undefined) return true;
    const named = request.headers[ORGANIZATION_HEADER] as string | undefined;
    const isOfAll = need === 'optional' && named === undefined && principal.organizationId === null;
    request.organizationId = isOfAll ? null : await organizationOf(principal, named, this.authenticator);
    return true;
  }
}
