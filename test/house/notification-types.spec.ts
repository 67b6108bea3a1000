import { EVENT_TYPES } from '../../src/modules/events/domain/event-type.js';
import { SEVERITY_OF_EVENT } from '../../src/modules/notifications/domain/severity.js';
import { render } from '../../src/modules/notifications/domain/templates/render.js';
import type { ToldEvent } from '../../src/modules/notifications/domain/told-event.js';

const TYPES = Object.keys(EVENT_TYPES);
const event = (type: string, data: object = {}): ToldEvent => ({
  id: 'evt_0198f2c17f3a7c318b0e1d2f3a4b5c60_42',
  type,
  sequence: 42,
  occurredAt: new Date('2026-11-21T09:30:00.000Z'),
  subjectId: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d',
  data,
});

/** The modules know nothing of each other's domain; an event that is added has to be told of, too. */
describe('every type of event', () => {
  it('has a severity, and nothing else has', () => {
    expect(Object.keys(SEVERITY_OF_EVENT).sort()).toEqual([...TYPES].sort());
  });

  it.each(TYPES)('%s has something to say', (type) => {
    const { subject, text } = render(event(type), 1);
    expect(subject).toMatch(/^\S.{5,}\S$/);
    expect(text).toContain(type);
    expect(text).not.toMatch(/undefined|null|NaN/);
  });

  const HOSTILE = [
    'x\r\nBcc: eve@example.com',
    'x\u2028Subject: another',
    '<!channel> <https://evil.example|your bank>',
    'DE89 3704 0044 0532 0130 00 Jane Doe',
    'x'.repeat(500),
  ];
  it.each(HOSTILE)('lets nothing through that somebody wrote: %j', (hostile) => {
    const members = ['bulk_request_id', 'transfer_id', 'status', 'reason_code', 'amount', 'currency', 'account_id'];
    const others = ['percent', 'counts', 'line', 'client_transfer_id', 'webhook_endpoint_id', 'event_id', 'reason'];
    const data = Object.fromEntries([...members, ...others].map((name) => [name, hostile]));
    for (const type of TYPES) {
      const { subject, text } = render(event(type, data), 1);
      expect(`${subject}${text}`).not.toContain(hostile.slice(0, 12));
      expect(subject).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
      expect(text).not.toMatch(/[\r\u2028]|Bcc|evil|Jane/);
    }
  });
});
