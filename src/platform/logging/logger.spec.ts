import { buildLogger, createLogger, rootLogger, setLogLevel } from './logger.js';
import { withRequestId } from './request-context.js';

function recorder() {
  const records: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void records.push(JSON.parse(line) as Record<string, unknown>) };
  return { records, destination };
}

describe('the logger', () => {
  it('writes one JSON line with level, ISO time, the fields and the text', () => {
    const { records, destination } = recorder();
    buildLogger('info', destination).info({ event: 'chunk_recorded', lines: 3 }, 'recorded');
    expect(records).toEqual([
      expect.objectContaining({ level: 'info', event: 'chunk_recorded', lines: 3, msg: 'recorded' }),
    ]);
    expect(records[0]?.time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  it('adds the request id of the work it speaks about, across awaits', async () => {
    const { records, destination } = recorder();
    const logger = buildLogger('info', destination);
    await withRequestId('req-1', async () => {
      await Promise.resolve();
      logger.info({ event: 'inside' });
    });
    logger.info({ event: 'outside' });
    expect(records.map((record) => record.request_id)).toEqual(['req-1', undefined]);
  });

  it('redacts fields and errors on the way', () => {
    const { records, destination } = recorder();
    buildLogger('info', destination).warn({ event: 'x', iban: 'DE89370400440532013000', err: new Error('why') });
    expect(records[0]).toMatchObject({ iban: '[redacted]', err: { type: 'Error', message: 'why' } });
  });

  it.each([
    [[new Error('no DE89370400440532013000')]],
    [[{ event: 'x', err: new Error('no DE89370400440532013000') }]],
    [[{ event: 'x' }, 'no DE89370400440532013000']],
    [['no DE89370400440532013000']],
  ])('scrubs the text as well, whoever wrote it', (args) => {
    const { records, destination } = recorder();
    (buildLogger('info', destination).error as (...args: unknown[]) => void)(...args);
    expect(records).toEqual([expect.objectContaining({ msg: 'no [redacted]' })]);
    expect(JSON.stringify(records)).not.toContain('DE89');
  });

  it('gives the configured level also to loggers that exist already', () => {
    const before = rootLogger.level;
    const logger = createLogger('test');
    try {
      setLogLevel('fatal');
      expect(logger.isLevelEnabled('error')).toBe(false);
      expect(logger.isLevelEnabled('fatal')).toBe(true);
    } finally {
      setLogLevel(before as 'info');
    }
  });
});
