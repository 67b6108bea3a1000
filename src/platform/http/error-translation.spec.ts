import { BadRequestException, HttpException, InternalServerErrorException, NotFoundException } from '@nestjs/common';
import { DomainError } from '../../domain/errors.js';
import { domainErrorOf } from './error-translation.js';

const fastifyError = (code: string, statusCode: number) =>
  Object.assign(new Error('internal words'), { code, statusCode });
const withCode = (code: string) => Object.assign(new Error('x'), { code });

describe('errors of frameworks and of the database', () => {
  const own = new DomainError('conflict', 'in_flight', 'It is in flight.');

  it.each([own, new HttpException('x', 400, { cause: own })])('leave our own as they are', (error) => {
    expect(domainErrorOf(error)).toBe(own);
  });

  it.each<[Error, string, string]>([
    [fastifyError('FST_ERR_CTP_BODY_TOO_LARGE', 413), 'too_large', 'body_too_large'],
    [fastifyError('FST_ERR_CTP_INVALID_MEDIA_TYPE', 415), 'unsupported_media_type', 'unsupported_media_type'],
    [fastifyError('FST_ERR_CTP_INVALID_CONTENT_LENGTH', 400), 'invalid', 'invalid_request'],
    [fastifyError('FST_ERR_BAD_URL', 400), 'invalid', 'invalid_request'],
    [new NotFoundException('Cannot GET /secret'), 'not_found', 'not_found'],
    [new BadRequestException('x'), 'invalid', 'invalid_request'],
    [new HttpException('x', 401), 'unauthenticated', 'unauthenticated'],
    [new HttpException('x', 403), 'forbidden', 'forbidden'],
    [new HttpException('x', 405), 'not_found', 'not_found'],
    [new HttpException('x', 413), 'too_large', 'body_too_large'],
  ])('become the contract’s: %s', (error, kind, code) => {
    expect(domainErrorOf(error)).toMatchObject({ kind, code });
    expect(domainErrorOf(error)?.message).not.toMatch(/internal words|secret/);
  });

  it.each([
    withCode('ECONNREFUSED'),
    withCode('57P01'),
    withCode('08006'),
    withCode('53300'),
    Object.assign(new Error('query failed'), { driverError: withCode('57P03') }),
    new Error('Connection terminated unexpectedly'),
    new Error('timeout exceeded when trying to connect'),
  ])('are temporary when the database is away: %s', (error) => {
    expect(domainErrorOf(error)).toMatchObject({
      kind: 'unavailable',
      details: { retryAfterSeconds: 1, cause: error },
    });
  });

  it.each([
    new TypeError('x is not a function'),
    withCode('23505'),
    withCode('22P02'),
    withCode('ERR_INVALID_ARG_TYPE'),
    new InternalServerErrorException(),
    'thrown text',
    null,
    undefined,
  ])('are unexpected otherwise: %s', (error) => {
    expect(domainErrorOf(error)).toBeNull();
  });
});
