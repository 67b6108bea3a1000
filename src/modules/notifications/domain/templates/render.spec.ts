import type { ToldEvent } from '../told-event.js';
import { oneLine, render, renderTest } from './render.js';

const ID = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d';
const OTHER = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e';
const event = (type: string, data: object = {}): ToldEvent => ({
  id: 'evt_0198f2c17f3a7c318b0e1d2f3a4b5c60_42',
  type,
  sequence: 42,
  occurredAt: new Date('2026-11-21T09:30:00.000Z'),
  subjectId: ID,
  data,
});

describe('the templates', () => {
  it('tell how a bulk request ended', () => {
    const counts = { settled: 9_983, failed: 17, cancelled: 0, returned: 0 };
    const told = render(event('bulk_request.partially_completed', { bulk_request_id: ID, counts }), 1);
    expect(told.subject).toBe(`Bulk request ${ID} partially completed`);
    expect(told.text).toBe(
      [
        'It has ended: some lines were paid, others were not. Look at those that failed.',
        '',
        `Bulk request: ${ID}`,
        'Settled: 9983',
        'Failed: 17',
        'Cancelled: 0',
        'Returned: 0',
        `Read it: GET /api/v1/bulk-requests/${ID}`,
        '',
        'bulk_request.partially_completed, 2026-11-21T09:30:00.000Z, event evt_0198f2c17f3a7c318b0e1d2f3a4b5c60_42',
      ].join('\n'),
    );
  });

  it.each([
    ['bulk_request.accepted', { status: 'awaiting_approval' }, 1, `Bulk request ${ID} awaits approval`],
    ['bulk_request.accepted', { status: 'processing' }, 1, `Bulk request ${ID} accepted`],
    ['bulk_request.progressed', { percent: 30 }, 1, `Bulk request ${ID} is at 30 %`],
    ['transfer.failed', { bulk_request_id: OTHER }, 1, `1 transfer failed, bulk request ${OTHER}`],
    ['transfer.failed', { bulk_request_id: OTHER }, 17, `17 transfers failed, bulk request ${OTHER}`],
    ['transfer.manual_review', {}, 2, `2 transfers for manual review, bulk request ${ID}`],
    ['transfer.settled', {}, 10_000, `10,000 transfers settled, bulk request ${ID}`],
    ['account.balance_changed', { account_id: OTHER }, 5, `Account ${OTHER} has another balance`],
    ['api_key.revoked', { api_key_id: OTHER }, 1, `API key ${OTHER} revoked`],
    ['webhook_endpoint.disabled', { webhook_endpoint_id: OTHER }, 1, `Webhook endpoint ${OTHER} was switched off`],
    ['webhook_delivery.failed', {}, 1, '1 webhook delivery failed'],
    ['webhook_delivery.failed', { webhook_endpoint_id: OTHER }, 3, `3 webhook deliveries failed, endpoint ${OTHER}`],
    ['something.new', {}, 1, 'Event something.new'],
    ['something.new', {}, 3, '3 events something.new'],
  ])('call %s %o, %d times: %s', (type, data, count, subject) => {
    expect(render(event(type, data), count).subject).toBe(subject);
  });

  it('show what is known of a transfer', () => {
    const data = { transfer_id: OTHER, line: 3, amount: '12.50', currency: 'EUR', reason_code: 'AC04' };
    const { text } = render(event('transfer.failed', data), 1);
    expect(text).toContain(`Transfer: ${OTHER}\nLine: 3\nAmount: 12.50 EUR\nReason: AC04\n`);
  });

  it('never have more than one line as a subject', () => {
    expect(oneLine('a\r\nBcc: b@example.com\u2028c\u0000d ')).toBe('a Bcc: b@example.com c d');
    expect(oneLine('x'.repeat(1_000))).toHaveLength(200);
    expect(render(event('evil.\r\nBcc: eve'), 1).subject).toBe('Event evil. Bcc: eve');
  });

  it('say that a channel works', () => {
    const told = renderTest(ID, new Date(0));
    expect(told.text).toContain(`Channel: ${ID}\nAt: 1970-01-01T00:00:00.000Z`);
  });
});
