import { buildLogger } from './logger.js';
import { NestLogger } from './nest-logger.js';

function nestLogger() {
  const records: Record<string, unknown>[] = [];
  const logger = buildLogger('trace', {
    write: (line: string) => void records.push(JSON.parse(line) as Record<string, unknown>),
  });
  return { records, logger: new NestLogger(logger) };
}

describe('NestLogger', () => {
  it.each([
    ['log', 'info'],
    ['warn', 'warn'],
    ['error', 'error'],
    ['fatal', 'fatal'],
    ['debug', 'debug'],
    ['verbose', 'trace'],
  ] as const)('writes %s as %s, with the context as component', (method, level) => {
    const { records, logger } = nestLogger();
    logger[method]('said', 'NestApplication');
    expect(records).toEqual([expect.objectContaining({ level, component: 'NestApplication', msg: 'said' })]);
  });

  it('keeps what Nest says about every route on every start out of the normal log', () => {
    const { records, logger } = nestLogger();
    logger.log('Mapped {/a, GET} route', 'RouterExplorer');
    expect(records[0]).toMatchObject({ level: 'debug' });
  });

  it('keeps the stack of an error apart from its context', () => {
    const { records, logger } = nestLogger();
    logger.error('broke', 'Error: broke\n    at somewhere', 'ExceptionsHandler');
    expect(records[0]).toMatchObject({ component: 'ExceptionsHandler', stack: 'Error: broke\n    at somewhere' });
  });

  it('writes errors and objects', () => {
    const { records, logger } = nestLogger();
    logger.error(new TypeError('broke'));
    logger.log({ a: 1 });
    expect(records).toEqual([
      expect.objectContaining({ component: 'nest', err: expect.objectContaining({ type: 'TypeError' }) }),
      expect.objectContaining({ msg: '{"a":1}' }),
    ]);
  });
});
