import { buildLogger, createLogger, type Logger, rootLogger, setLogLevel } from './logger.js';
import { withRequestId } from './request-context.js';

const IBAN = 'DE89370400440532013000';

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
    buildLogger('info', destination).warn({ event: 'x', iban: IBAN, err: new Error('why') });
    expect(records[0]).toMatchObject({ iban: '[redacted]', err: { type: 'Error', message: 'why' } });
  });

  it.each<[string, (logger: Logger) => void]>([
    ['an error', (logger) => logger.error(new Error(`no ${IBAN}`))],
    ['an error among fields', (logger) => logger.error({ event: 'x', err: new Error(`no ${IBAN}`) })],
    ['a text beside fields', (logger) => logger.error({ event: 'x' }, `no ${IBAN}`)],
    ['a text alone', (logger) => logger.error(`no ${IBAN}`)],
  ])('scrubs the text as well, of %s', (_, write) => {
    const { records, destination } = recorder();
    write(buildLogger('info', destination));
    expect(records).toEqual([expect.objectContaining({ msg: 'no [redacted]' })]);
    expect(JSON.stringify(records)).not.toContain(IBAN);
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
