import { startBank, type TestBank } from '../support/bank.js';
import { call, type CallbackReceiver, pay, receiveCallbacks } from '../support/bank-client.js';
import { eventually } from '../support/eventually.js';
import { stopProcesses } from '../support/processes.js';

describe('callbacks of the bank simulator', () => {
  let receiver: CallbackReceiver;
  let bank: TestBank;
  beforeAll(async () => {
    receiver = await receiveCallbacks();
    bank = await startBank({ callbackUrl: receiver.url, acceptMs: 20, returnMs: 20, callbackRetryMs: 20 });
  });
  afterEach(async () => {
    receiver.answerWith(204);
    await bank.faults(null);
    expect(receiver.refused).toEqual([]);
  });
  afterAll(async () => {
    await stopProcesses();
    await receiver.close();
  });

  const about = (reference: string) => receiver.received.filter(({ body }) => body.reference === reference);
  const untilReceived = (reference: string, count: number) =>
    eventually(() => about(reference).length >= count && about(reference), {
      what: `${count} callbacks about ${reference}`,
    });
  /** Once nothing is under way any more, nothing can follow. */
  const untilQuiet = () =>
    eventually(async () => (await bank.summary()).callbacks.open === 0, { what: 'all callbacks to be taken' });

  it('report the end of what was accepted, signed as Standard Webhooks', async () => {
    await pay(bank.url, 'accepted', { remittance: 'bank:accept' });
    await pay(bank.url, 'in-vain', { remittance: 'bank:accept:AC04' });
    const [settled] = await untilReceived('accepted', 1);
    expect(settled?.body).toEqual({ reference: 'accepted', status: 'settled', rail_id: 'bank-accepted' });
    const [rejected] = await untilReceived('in-vain', 1);
    expect(rejected?.body).toMatchObject({ status: 'rejected', reason_code: 'AC04' });
  });

  it('report what came back', async () => {
    await pay(bank.url, 'back', { remittance: 'bank:return' });
    const [returned] = await untilReceived('back', 1);
    expect(returned?.body).toEqual({
      reference: 'back',
      status: 'returned',
      reason_code: 'AC04',
      rail_id: 'bank-back',
    });
  });

  it('say nothing about what the answer said already', async () => {
    await pay(bank.url, 'at-once');
    await bank.callback({ reference: 'later', status: 'settled' });
    await untilReceived('later', 1);
    expect(about('at-once')).toEqual([]);
  });

  it('are repeated under the same id until they are taken', async () => {
    receiver.answerWith(500);
    await pay(bank.url, 'unwelcome', { remittance: 'bank:accept' });
    await untilReceived('unwelcome', 3);
    receiver.answerWith(204);
    await untilQuiet();
    const ids = about('unwelcome').map(({ id }) => id);
    expect(new Set(ids).size).toBe(1);
    const count = ids.length;
    const events = (await bank.journal('unwelcome')).map(({ event }) => event);
    expect(events.filter((event) => event === 'callback_failed')).toHaveLength(count - 1);
    expect(events.filter((event) => event === 'callback_delivered')).toHaveLength(1);
  });

  it('duplicate_callbacks: the same one, so many times', async () => {
    await bank.faults({ duplicate_callbacks: { times: 3 } });
    await pay(bank.url, 'thrice', { remittance: 'bank:accept' });
    await untilReceived('thrice', 3);
    await untilQuiet();
    expect(about('thrice')).toHaveLength(3);
    expect(new Set(about('thrice').map(({ id }) => id)).size).toBe(1);
  });

  it('contradictory_callbacks: the opposite, too', async () => {
    await bank.faults({ contradictory_callbacks: {} });
    await pay(bank.url, 'both', { remittance: 'bank:accept' });
    await pay(bank.url, 'both-in-vain', { remittance: 'bank:accept:AC04' });
    const statusesOf = async (reference: string) =>
      (await untilReceived(reference, 2)).map(({ body }) => body.status).sort();
    await expect(statusesOf('both')).resolves.toEqual(['rejected', 'settled']);
    await expect(statusesOf('both-in-vain')).resolves.toEqual(['rejected', 'settled']);
  });

  it('say anything on request, also about what the bank does not know', async () => {
    const id = await bank.callback({ reference: 'made-up', status: 'returned', reason_code: 'AC06', rail_id: 'x' });
    const [made] = await untilReceived('made-up', 1);
    expect(made).toEqual({
      id,
      body: { reference: 'made-up', status: 'returned', reason_code: 'AC06', rail_id: 'x' },
    });
    await expect(call(`${bank.url}/payments/made-up`)).resolves.toMatchObject({ status: 404 });
    await expect(bank.callback({ reference: 'x', status: 'accepted' as 'settled' })).rejects.toThrow('400');
  });

  it('go on after a kill -9, to wherever they are directed then', async () => {
    receiver.answerWith(500);
    const mortal = await startBank({ callbackUrl: receiver.url, acceptMs: 20, callbackRetryMs: 20 });
    await pay(mortal.url, 'survivor', { remittance: 'bank:accept' });
    await untilReceived('survivor', 1);
    await mortal.kill();
    const elsewhere = await receiveCallbacks();
    await mortal.restart();
    await mortal.directCallbacks(elsewhere.url);
    await eventually(() => elsewhere.received.length > 0, { what: 'the callback to arrive elsewhere' });
    expect(elsewhere.received[0]?.id).toBe(about('survivor')[0]?.id);
    await mortal.stop();
    await elsewhere.close();
  });

  it('are none without a URL', async () => {
    const silent = await startBank({ acceptMs: 20 });
    await pay(silent.url, 'unreported', { remittance: 'bank:accept' });
    await eventually(async () => (await silent.summary()).executed === 1, { what: 'it to settle' });
    await expect(silent.summary()).resolves.toMatchObject({ callbacks: { delivered: 0, open: 0 } });
    await expect(silent.callback({ reference: 'x', status: 'settled' })).rejects.toThrow('409');
    await silent.stop();
  });
});
