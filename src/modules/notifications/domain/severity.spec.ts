import { isAtLeast, SEVERITIES, severityOf } from './severity.js';

describe('the severity of an event', () => {
  it.each([
    ['bulk_request.completed', 'info'],
    ['bulk_request.failed', 'critical'],
    ['transfer.failed', 'warning'],
    ['transfer.manual_review', 'critical'],
    ['webhook_endpoint.disabled', 'critical'],
    ['webhook_delivery.failed', 'warning'],
    ['something.new', 'warning'],
  ])('of %s is %s', (type, severity) => {
    expect(severityOf(type)).toBe(severity);
  });

  it('is compared in the order of the list', () => {
    const pairs = SEVERITIES.flatMap((one) => SEVERITIES.map((other) => `${one} ${other} ${isAtLeast(one, other)}`));
    expect(pairs).toEqual([
      ...['info info true', 'info warning false', 'info critical false'],
      ...['warning info true', 'warning warning true', 'warning critical false'],
      ...['critical info true', 'critical warning true', 'critical critical true'],
    ]);
  });
});
