import { eventually } from '../support/eventually.js';
import { DISTURBANCES, randomFaults } from './lab/disturbances.js';
import { type Night, startNight } from './lab/night.js';
import { resumeAll, reviewAll } from './lab/operator.js';
import { payroll } from './lab/payroll.js';

const MIX_MS = 60_000;
const WORDS = ['bank:accept', 'bank:reject:AC04', 'bank:accept:AC06', 'bank:return', 'Salary', 'Bonus', 'Pension'];
const ACTIONS = ['pause', 'resume', 'resume', 'cancel'];

/** A little of everything in test/faults, at random. The seed is printed; FAULT_SEED=... plays the same night again. */
describe('a night on which anything happens', () => {
  let night: Night;
  beforeAll(async () => {
    night = await startNight({ workers: 2 });
  }, 90_000);
  afterAll(() => night.close());

  it('pays every line of every bulk once, or says why not', async () => {
    const { random } = night;
    const bulks: string[] = [];
    const happened: string[] = [];
    const ends = performance.now() + MIX_MS;
    while (performance.now() < ends) {
      await night.bank.faults(randomFaults(night));
      bulks.push(await night.submit(payroll(random.integer(20, 400), () => random.pick(WORDS))));
      const action = random.pick(ACTIONS);
      if (random.next() < 0.3) {
        happened.push(action);
        const path = `/bulk-requests/${random.pick(bulks)}/${action}`;
        const answered = async (): Promise<boolean> => [200, 409].includes((await night.call('POST', path, {})).status);
        await eventually(answered, { what: `${path} to be answered` });
      }
      const disturbance = random.pick(Object.keys(DISTURBANCES));
      happened.push(disturbance);
      await DISTURBANCES[disturbance]?.(night);
    }
    process.stdout.write(`${bulks.length} bulks; ${happened.join(', ')}\n`);
    await night.bank.faults(null);
    await night.workers.untilComplete();
    await eventually(() => resumeAll(night), { what: 'nothing to be paused' });
    await night.untilEnded({ meanwhile: () => reviewAll(night) });
    await night.untilQuiet();
    await night.assertInvariants();
  }, 240_000);
});
