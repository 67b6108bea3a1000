import { newId } from '../../../domain/ids.js';
import { gatherIdOf } from './gathering.js';
import { draftsOf } from './plan-notifications.js';
import type { OpenedRule } from './notification-rule.js';
import type { ToldEvent } from './told-event.js';

let sequence = 0;
function event(type: string, data: object = {}, subjectId: string = newId()): ToldEvent {
  sequence += 1;
  return { id: `evt_1_${sequence}`, type, sequence, occurredAt: new Date(), subjectId, data };
}
const lineOf = (bulkId: string, type = 'transfer.failed'): ToldEvent =>
  event(type, { bulk_request_id: bulkId }, bulkId);
const rule = (id: string, ...eventTypes: string[]): OpenedRule => ({
  id,
  channelId: `channel of ${id}`,
  channelKind: 'email',
  startSequence: 0,
  eventTypes: new Set(eventTypes),
});

describe('the notifications that events make', () => {
  it('are one for each rule that asks for the type', () => {
    const completed = event('bulk_request.completed');
    const failed = event('bulk_request.failed');
    const rules = [rule('a', 'bulk_request.completed', 'bulk_request.failed'), rule('b', 'bulk_request.failed')];
    const drafts = draftsOf(rules, [completed, failed]);
    expect(drafts.map(({ ruleId, first, severity, count }) => [ruleId, first, severity, count])).toEqual([
      ['a', completed, 'info', 1],
      ['a', failed, 'critical', 1],
      ['b', failed, 'critical', 1],
    ]);
  });

  it('about the lines of a bulk request are one for each rule, bulk request and what became of them', () => {
    const [bulk, other] = [newId(), newId()];
    const events = [
      lineOf(bulk),
      lineOf(other),
      lineOf(bulk),
      lineOf(bulk, 'transfer.manual_review'),
      ...Array.from({ length: 10_000 }, () => lineOf(bulk)),
    ];
    const rules = [rule('a', 'transfer.failed', 'transfer.manual_review'), rule('b', 'transfer.failed')];
    const told = draftsOf(rules, events).map(({ ruleId, gatherId, first, count }) => [
      ruleId,
      gatherId,
      first.type,
      count,
    ]);
    expect(told).toEqual([
      ['a', bulk, 'transfer.failed', 10_002],
      ['b', bulk, 'transfer.failed', 10_002],
      ['a', other, 'transfer.failed', 1],
      ['b', other, 'transfer.failed', 1],
      ['a', bulk, 'transfer.manual_review', 1],
    ]);
  });

  it('have the number of the first event and tell of the last', () => {
    const bulk = newId();
    const events = [lineOf(bulk), lineOf(bulk), lineOf(bulk)];
    const [draft] = draftsOf([rule('a', 'transfer.failed')], events);
    expect(draft).toMatchObject({ first: events[0], latest: events[2], count: 3 });
  });

  it('are about what happens after the rule was made: also where nobody has looked at the rest yet', () => {
    const bulk = newId();
    const [before, last, after] = [lineOf(bulk), lineOf(bulk), lineOf(bulk)];
    const made = { ...rule('a', 'transfer.failed'), startSequence: last.sequence };
    expect(draftsOf([made], [before, last])).toEqual([]);
    expect(draftsOf([made], [before, last, after])).toMatchObject([{ first: after, latest: after, count: 1 }]);
  });

  it('are none when nobody asks', () => {
    expect(draftsOf([rule('a', 'account.opened')], [event('bulk_request.completed')])).toEqual([]);
    expect(draftsOf([], [event('bulk_request.completed')])).toEqual([]);
  });
});

describe('what events are gathered by', () => {
  const id = newId();
  it.each([
    [lineOf(id), id],
    [event('bulk_request.progressed', {}, id), id],
    [event('account.balance_changed', {}, id), id],
    [event('webhook_delivery.failed', { webhook_endpoint_id: id }), id],
    [event('webhook_delivery.failed', {}), null],
    [event('transfer.failed', { bulk_request_id: 'none' }), null],
    [event('bulk_request.completed', {}, id), null],
    [event('webhook_endpoint.disabled', { webhook_endpoint_id: id }), null],
  ])('%o', (one, expected) => {
    expect(gatherIdOf(one)).toBe(expected);
  });
});
