import { errorRecord, redact } from './redaction.js';

const IBAN = 'DE89370400440532013000';
const KEY = 'trk_0198f2c1_c2VjcmV0';

describe('log redaction', () => {
  it.each([
    { authorization: `Bearer ${KEY}` },
    { headers: { 'X-API-Key': KEY } },
    { counterparty: { name: 'John Doe', iban: IBAN } },
    { lines: [{ counterparty_name: 'John Doe', counterpartyIban: IBAN }] },
    { detail: `Key (iban)=(${IBAN}) already exists for John Doe`.replace('John Doe', 'someone') },
    { detail: 'spaced DE89 3704 0044 0532 0130 00 here' },
    { detail: 'in lower case de89370400440532013000, or De89 3704 0044 0532 0130 00' },
    { path: `/accounts?key=${KEY}` },
  ])('lets no IBAN, name or key through: %j', (fields) => {
    const text = JSON.stringify(redact(fields));
    expect(text).toContain('[redacted]');
    expect(text).not.toMatch(/DE89|John Doe|c2VjcmV0/i);
  });

  it.each([
    [
      'connect to postgres://tranche:s3cr3t@db:5432/tranche failed',
      'connect to postgres://tranche:[redacted]@db:5432/tranche failed',
    ],
    ['rediss://:s3cr3t@cache:6379 is gone', 'rediss://:[redacted]@cache:6379 is gone'],
    ['postgres://u:s3/cr3t@x@db/t', 'postgres://u:[redacted]@db/t'],
    ['postgres://db/t?password=s3cr3t&ssl=true', 'postgres://db/t?password=[redacted]&ssl=true'],
    ['authorization: Bearer s3cr3t.s3cr3t was refused', 'authorization: Bearer [redacted] was refused'],
    ['secret whsec_czNjcjN0czNjcjN0czNjcjN0czNjcjN0 is short', 'secret [redacted] is short'],
  ])('lets no secret of a connection through: %s', (text, shown) => {
    const error = new Error(text, { cause: new Error(text) });
    expect(errorRecord(error)).toMatchObject({ message: shown, cause: { message: shown } });
    expect(JSON.stringify([errorRecord(error), redact({ text })])).not.toMatch(/s3\/?cr3t|whsec_/);
  });

  it('leaves addresses without a password as they are', () => {
    for (const text of ['http://127.0.0.1:3000/docs@2', 'postgres://db:5432/tranche', 'https://bank.test/v1?q=1']) {
      expect(redact({ text })).toEqual({ text });
    }
  });

  it('keeps ids, counts and words', () => {
    const fields = { event: 'chunk_recorded', bulk_id: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d', lines: 100, ok: true };
    expect(redact(fields)).toEqual(fields);
  });

  it('keeps hashes', () => {
    const fields = { hash: 'ab12cd34ef5678901234567890abcdef', trace: '4bf92f3577b34da6a3ce929d0e0e4736' };
    expect(redact(fields)).toEqual(fields);
  });

  it('survives a record that contains itself', () => {
    const fields: Record<string, unknown> = {};
    fields.self = fields;
    expect(JSON.stringify(redact(fields))).toContain('[redacted]');
  });

  it('tells of an error what it is and why, and nothing else it carries', () => {
    const cause = Object.assign(new Error(`duplicate ${IBAN}`), { code: '23505', detail: `Key (iban)=(${IBAN})` });
    const error = Object.assign(new TypeError('insert failed', { cause }), { parameters: [IBAN, 'John Doe'] });
    const record = errorRecord(error);
    expect(record).toMatchObject({
      type: 'TypeError',
      message: 'insert failed',
      cause: { code: '23505', message: 'duplicate [redacted]' },
    });
    expect(JSON.stringify(record)).not.toMatch(/DE89|John Doe/);
  });

  it('tells of something thrown that is no error, too', () => {
    expect(errorRecord(`no account ${IBAN}`)).toEqual({ type: 'string', message: 'no account [redacted]' });
  });
});
