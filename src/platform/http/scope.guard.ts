import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { ORGANIZATION_HEADER, organizationOf } from './organization.js';
import { ORGANIZATION_METADATA } from './parameters.js';
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
    if (this.reflector.get<boolean | undefined>(ORGANIZATION_METADATA, handler)) {
      const named = request.headers[ORGANIZATION_HEADER];
      request.organizationId = await organizationOf(principal, named as string | undefined, this.authenticator);
    }
    return true;
  }
}
