import {
  EVENT_FILTERS,
  EVENT_TYPES,
  type EventType,
  isEventFilter,
  LINES_RECORDED,
  storedTypes,
  transferStatusesOf,
  typesOf,
} from './event-type.js';

const ALL = Object.keys(EVENT_TYPES) as EventType[];

describe('types of events', () => {
  it('are a noun and what happened to it, each with a sentence', () => {
    for (const [type, meaning] of Object.entries(EVENT_TYPES)) {
      expect(type).toMatch(/^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$/);
      expect(meaning).toMatch(/^[A-Z].*\.$/);
    }
    expect(ALL).not.toContain(LINES_RECORDED);
  });

  it.each<[string, string[], EventType[]]>([
    ['a type', ['account.opened'], ['account.opened']],
    ['all of a noun', ['api_key.*'], ['api_key.created', 'api_key.rotated', 'api_key.revoked']],
    ['everything', ['*'], ALL],
    ['everything, whatever else is said', ['account.opened', '*'], ALL],
    [
      'several at once, each once',
      ['account.opened', 'account.opened', 'transfer.failed'],
      ['transfer.failed', 'account.opened'],
    ],
    ['nothing', [], []],
  ])('are asked for by %s', (_, filters, types) => {
    expect([...typesOf(filters)]).toEqual(types);
  });

  it('of a noun are not those of another that begins alike', () => {
    expect([...typesOf(['webhook_endpoint.*'])].every((type) => type.startsWith('webhook_endpoint.'))).toBe(true);
    expect([...typesOf(['transfer.*'])]).toHaveLength(ALL.filter((type) => type.startsWith('transfer.')).length);
  });

  it('have filters that each find something', () => {
    for (const filter of EVENT_FILTERS) expect(typesOf([filter]).size).toBeGreaterThan(0);
    expect(new Set(EVENT_FILTERS).size).toBe(EVENT_FILTERS.length);
  });

  it.each([
    '',
    '.',
    '.*',
    'transfer',
    'transfer.',
    'transfer.*.*',
    'Transfer.*',
    ' *',
    'transfers.recorded',
    '__proto__',
  ])('are not asked for by %p', (filter) => {
    expect(isEventFilter(filter)).toBe(false);
    expect(typesOf([filter]).size).toBe(0);
  });

  it('of lines are stored as blocks, which are looked for by what became of a line', () => {
    const asked = typesOf(['transfer.failed', 'transfer.in_doubt', 'account.opened']);
    expect(storedTypes(asked).sort()).toEqual(['account.opened', LINES_RECORDED]);
    expect(transferStatusesOf(asked).sort()).toEqual(['failed', 'in_doubt']);
    expect(storedTypes(typesOf(['api_key.*']))).not.toContain(LINES_RECORDED);
    expect(transferStatusesOf(typesOf(['api_key.*']))).toEqual([]);
  });
});
