import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { readSignedBody } from '../../../platform/http/index.js';
import { actAs } from '../../../platform/logging/index.js';
import { BankCallbacks } from '../../rails/index.js';

/** Lets through what the bank has signed, and nothing else. */
@Injectable()
export class BankSignatureGuard implements CanActivate {
  constructor(private readonly callbacks: BankCallbacks) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    readSignedBody(request, (bytes) => this.callbacks.verify(request.headers, bytes));
    actAs({ kind: 'rail', id: 'http', keyId: null });
    return true;
  }
}
