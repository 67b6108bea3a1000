import { BOOK, RailsService, SANDBOX } from '../../src/modules/rails/index.js';
import { railReference } from '../../src/domain/ids.js';
import { SetKillSwitch } from '../../src/modules/transfers/application/set-kill-switch.js';
import type { KillSwitchTarget } from '../../src/modules/transfers/domain/kill-switch.js';
import { ChunkRepository } from '../../src/modules/transfers/persistence/chunk.repository.js';
import { KillSwitchRepository } from '../../src/modules/transfers/persistence/kill-switch.repository.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { creditTransfers, germanIban } from '../factories/bulk-requests.js';
import { createAccount } from '../factories/organizations.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { executeChunk, finish, UNHURRIED } from '../support/engine-steps.js';
import { eventually } from '../support/eventually.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

const ROUNDS = 50;
const WORKERS = 4;
/** Chunks that were taken, or refused, before a round looks at what was sent meanwhile. */
const TURNS = 8;
const WORDS = ['sandbox:reject:AC04', 'sandbox:retry:1', 'sandbox:timeout', 'sandbox:accept'];

/** mulberry32: the same seed gives the same choices again. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) % below;
  };
}

describe('kill switches that are engaged and released while workers are busy', () => {
  let worker: TestWorker;
  let database: Queryable;
  let payers: Payer[];
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '5' }, { working: false });
    database = ownerOf(worker.app);
    payers = await Promise.all([createPayer(worker.app), createPayer(worker.app), createPayer(worker.app)]);
    for (const [at, { organizationId }] of payers.entries()) {
      await createAccount(worker.app, { organizationId, iban: germanIban(7_000_000 + at) });
    }
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => finish(worker));

  /** Some lines on the book rail, some that are retried or asked about; the rest is plain. */
  const submit = (at: number, random: (below: number) => number): Promise<string> => {
    const lines = creditTransfers(8, () => WORDS[random(20)] ?? 'Salary').map((line) =>
      random(3) === 0 ? { ...line, counterparty_iban: germanIban(7_000_000 + at) } : line,
    );
    return (payers[at] as Payer).submit(0, undefined, { credit_transfers: lines });
  };
  const nameOf = ({ scope, target }: KillSwitchTarget): string => `${scope} ${target}`;

  /** The lines of a target that lie inside of windows granted up to now. */
  const covered = async (on: Queryable, { scope, target }: KillSwitchTarget): Promise<Set<string>> => {
    const lines = await on.query<{ id: string }>(
      `SELECT t.id FROM chunks c
         JOIN transfers t ON t.bulk_id = c.bulk_id AND t.line BETWEEN c.line_from AND c.submitted_through AND t.rail = c.rail
        WHERE c.purpose = 'submit' AND CASE $1 WHEN 'rail' THEN c.rail ELSE c.organization_id::text END = $2`,
      [scope, target],
    );
    return new Set(lines.map(({ id }) => railReference(id)));
  };
  /** The lines of a target that went out, on whatever rail. */
  const sentOf = async ({ scope, target }: KillSwitchTarget, sent: ReadonlySet<string>): Promise<string[]> => {
    const lines = await database.query<{ id: string; rail: string; status: string }>(
      `SELECT id, rail, status FROM transfers
        WHERE CASE $1 WHEN 'rail' THEN rail ELSE organization_id::text END = $2`,
      [scope, target],
    );
    return lines
      .filter(({ id, rail, status }) => (rail === BOOK ? status !== 'pending' : sent.has(railReference(id))))
      .map(({ id }) => railReference(id));
  };

  it(`sends nothing outside of the windows granted before, ${ROUNDS} times`, async () => {
    const seed = Date.now() % 1_000_000;
    const random = randomFrom(seed);
    const rail = worker.app.get(RailsService, { strict: false }).get(SANDBOX);
    const sent = new Set<string>();
    const hand = rail.submit.bind(rail);
    jest.spyOn(rail, 'windowLines').mockReturnValue(2);
    const chunks = worker.app.get(ChunkRepository, { strict: false });
    const grantWindow = chunks.grantWindow.bind(chunks);
    jest.spyOn(chunks, 'grantWindow').mockImplementation(async (tx, grant) => {
      const isGranted = await grantWindow(tx, grant);
      // A commit that takes its time: much may happen between a grant and it.
      for (let statements = random(12); statements > 0; statements--) await tx.query('SELECT 1');
      return isGranted;
    });
    jest.spyOn(rail, 'submit').mockImplementation((payments, signal) => {
      for (const { reference } of payments) sent.add(reference);
      return hand(payments, signal);
    });

    const targets: KillSwitchTarget[] = [
      { scope: 'rail', target: SANDBOX },
      { scope: 'rail', target: BOOK },
      ...payers.map(({ organizationId }) => ({ scope: 'organization' as const, target: organizationId })),
    ];
    /** What a target that is switched off may send, looked up while no window can be granted. */
    const allowed = new Map<string, Set<string>>();
    const repository = worker.app.get(KillSwitchRepository, { strict: false });
    const awaitGrants = repository.awaitGrants.bind(repository);
    let engaging = targets[0] as KillSwitchTarget;
    jest.spyOn(repository, 'awaitGrants').mockImplementation(async (tx, timeoutMs) => {
      await awaitGrants(tx, timeoutMs);
      allowed.set(nameOf(engaging), await covered(tx, engaging));
    });

    let turns = 0;
    let refused = 0;
    let isOver = false;
    /** Takes chunks as jobs that come at any time do: whether they are on anybody's list or not. */
    const work = async (): Promise<void> => {
      while (!isOver) {
        const [chunk] = await database.query<{ id: string }>(
          `SELECT id FROM chunks WHERE status = 'open' AND due_at <= now() ORDER BY random() LIMIT 1`,
        );
        if (chunk && (await executeChunk(worker.app, chunk.id)).ended === 'not_allowed') refused++;
        turns++;
      }
    };
    const working = Promise.all(Array.from({ length: WORKERS }, work));
    const switches = worker.app.get(SetKillSwitch, { strict: false });
    const outside: object[] = [];
    try {
      for (let round = 0; round < ROUNDS; round++) {
        await submit(random(payers.length), random);
        const target = targets[random(targets.length)] as KillSwitchTarget;
        const isEngaged = allowed.delete(nameOf(target));
        engaging = target;
        await switches.set({ ...target, engaged: !isEngaged, reason: 'Test', by: 'admin' });
        const until = turns + TURNS;
        await eventually(() => turns >= until, { what: `${TURNS} more chunks to be tried` });
        for (const off of targets) {
          const granted = allowed.get(nameOf(off));
          const lines = granted ? (await sentOf(off, sent)).filter((reference) => !granted.has(reference)) : [];
          if (lines.length > 0) outside.push({ seed, round, off: nameOf(off), lines });
        }
      }
    } finally {
      isOver = true;
      await working;
    }
    expect(outside).toEqual([]);
    expect(refused).toBeGreaterThan(0);
    for (const target of targets) await switches.set({ ...target, engaged: false, reason: null, by: 'admin' });
  });
});
