import { type AuditEntry, NO_HASH, textOfEntry } from './audit-entry.js';

const ENTRY: Omit<AuditEntry, 'hash'> = {
  id: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d',
  organizationId: null,
  chain: 'changes',
  sequence: 1,
  occurredAt: new Date('2026-11-21T09:30:00.120Z'),
  action: 'kill_switch.engaged',
  actor: { kind: 'admin', id: 'admin', keyId: null },
  requestId: 'req-1',
  resource: { type: 'kill_switch', id: 'rail/http' },
  reason: 'Zu spät "gebucht"',
  before: { engaged: false },
  after: { engaged: true, b: [1, 2], a: null },
  previousHash: NO_HASH,
};

describe('what the hash of an entry is taken of', () => {
  it('is canonical JSON: all fields, sorted, without spaces, null where there is nothing', () => {
    expect(textOfEntry(ENTRY)).toBe(
      '{"action":"kill_switch.engaged","actor_id":"admin","actor_kind":"admin","after":{"a":null,"b":[1,2],"engaged":true},' +
        '"before":{"engaged":false},"chain":"changes","id":"0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d","key_id":null,' +
        '"occurred_at":"2026-11-21T09:30:00.120Z","organization_id":null,' +
        '"previous_hash":"0000000000000000000000000000000000000000000000000000000000000000",' +
        '"reason":"Zu spät \\"gebucht\\"","request_id":"req-1","resource_id":"rail/http","resource_type":"kill_switch","sequence":1}',
    );
  });

  it('is the same whatever order members have, and when PostgreSQL has sorted them anew', () => {
    expect(textOfEntry({ ...ENTRY, after: { a: null, b: [1, 2], engaged: true } })).toBe(textOfEntry(ENTRY));
  });

  it.each<[string, Partial<AuditEntry>]>([
    ['id', { id: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e' }],
    ['owner', { organizationId: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d' }],
    ['chain', { chain: 'refusals' }],
    ['place', { sequence: 2 }],
    ['time', { occurredAt: new Date('2026-11-21T09:30:00.121Z') }],
    ['action', { action: 'kill_switch.released' }],
    ['kind of actor', { actor: { ...ENTRY.actor, kind: 'system' } }],
    ['actor', { actor: { ...ENTRY.actor, id: 'other' } }],
    ['key', { actor: { ...ENTRY.actor, keyId: 'other' } }],
    ['request', { requestId: null }],
    ['type of resource', { resource: { ...ENTRY.resource, type: 'route' } }],
    ['resource', { resource: { ...ENTRY.resource, id: 'rail/book' } }],
    ['reason', { reason: null }],
    ['state before', { before: null }],
    ['state after', { after: { engaged: true, b: [2, 1], a: null } }],
    ['hash before it', { previousHash: '1'.repeat(64) }],
  ])('is another one for another %s', (_, change) => {
    expect(textOfEntry({ ...ENTRY, ...change })).not.toBe(textOfEntry(ENTRY));
  });
});
