import { ReadEvents, toldEvent } from '../../src/modules/events/index.js';
import { DeliveryRepository } from '../../src/modules/webhooks/persistence/delivery.repository.js';
import { ResendDeliveries } from '../../src/modules/webhooks/application/resend-deliveries.js';
import { SweepDeliveries } from '../../src/modules/webhooks/application/sweep-deliveries.js';
import { WebhooksService } from '../../src/modules/webhooks/webhooks.service.js';
import { Database, type Queryable } from '../../src/platform/database/index.js';
import { Reply } from '../../src/platform/idempotency/index.js';
import { createOrganization } from '../factories/organizations.js';
import { eventually } from '../support/eventually.js';
import { ownerOf } from '../support/owner.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { type ReceiverAnswer, startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';
import { webhooksOf, type WebhookSteps } from '../support/webhook-steps.js';

const RETRIES = 2;

describe('webhooks', () => {
  let worker: TestWorker;
  let owner: Queryable;
  let receiver: WebhookReceiver;
  const answers = new Map<string, () => ReceiverAnswer>();

  beforeAll(async () => {
    receiver = await startWebhookReceiver(({ path }) => (answers.get(path) ?? (() => ({ status: 204 })))());
    worker = await startTestWorker({
      WEBHOOK_ALLOW_PRIVATE_NETWORKS: 'true',
      WEBHOOK_RETRY_SECONDS: Array<string>(RETRIES).fill('0.05').join(','),
      OUTBOUND_TIMEOUT_MS: '10000',
      WEBHOOK_LEASE_MS: '20000',
    });
    owner = ownerOf(worker.app);
  });
  afterAll(async () => {
    await receiver.close();
    await worker.close();
  });
  afterEach(() => jest.restoreAllMocks());

  let paths = 0;
  /** A path of the receiver that answers like that. */
  const path = (answer?: () => ReceiverAnswer): string => {
    const made = `/${paths++}`;
    if (answer) answers.set(made, answer);
    return made;
  };
  const organization = async (): Promise<WebhookSteps & { organizationId: string }> => {
    const { id: organizationId } = await createOrganization(worker.app);
    return { organizationId, ...webhooksOf(worker.app, organizationId) };
  };
  const eventsOf = async (organizationId: string): Promise<{ type: string; data: unknown }[]> =>
    owner.query(`SELECT type, data FROM events WHERE organization_id = $1 ORDER BY sequence`, [organizationId]);

  it('tells an endpoint of what happens, signed, in the words of the event log', async () => {
    const acme = await organization();
    await acme.happen();
    const at = path();
    const { id, secret } = await acme.endpoint(receiver.url + at);
    await acme.happen(3);
    const told = await acme.until(id, 'succeeded', 3);
    expect(told.map(({ sequence }) => sequence)).toEqual([2, 3, 4]);
    for (const message of receiver.at(at)) {
      const on = worker.app.get(Database).of(acme.organizationId);
      const { sequence } = message.body;
      const event = await worker.app
        .get(ReadEvents, { strict: false })
        .find(on, acme.organizationId, { sequence, type: 'account.opened' });
      expect(event && toldEvent(event)).toEqual(message.verify(secret));
      expect(message.id).toBe(event?.id);
    }
    const [first] = told;
    await expect(acme.attempts(first?.id ?? '')).resolves.toMatchObject([
      { attempt: 1, statusCode: 204, failure: null, manual: false },
    ]);
  });

  it('tries again under the same id, then gives up, says so in the log, and tells no endpoint of that', async () => {
    const acme = await organization();
    const at = path(() => ({ status: 500 }));
    const { id } = await acme.endpoint(receiver.url + at);
    await acme.happen();
    const [failed] = await acme.until(id, 'failed');
    expect(receiver.at(at)).toHaveLength(RETRIES + 1);
    expect(new Set(receiver.at(at).map((message) => message.id)).size).toBe(1);
    await expect(acme.attempts(failed?.id ?? '')).resolves.toHaveLength(RETRIES + 1);
    const last = (await eventsOf(acme.organizationId)).at(-1);
    expect(last).toMatchObject({
      type: 'webhook_delivery.failed',
      data: { webhook_delivery_id: failed?.id, webhook_endpoint_id: id, event_type: 'account.opened' },
    });
    answers.delete(at);
    await acme.happen();
    // What comes after it was seen: so was the failure, and nothing was made of it.
    expect((await acme.until(id, 'succeeded')).map(({ sequence }) => sequence)).toEqual([1, 3]);
  });

  it('disables an endpoint that answers 410', async () => {
    const acme = await organization();
    const { id } = await acme.endpoint(receiver.url + path(() => ({ status: 410 })));
    await acme.happen();
    await acme.until(id, 'failed');
    expect(await acme.get(id)).toMatchObject({ status: 'disabled', disabledReason: 'gone' });
    const types = (await eventsOf(acme.organizationId)).map(({ type }) => type);
    expect(types).toEqual(['account.opened', 'webhook_delivery.failed', 'webhook_endpoint.disabled']);
  });

  it('disables an endpoint that has failed for days, and not one that has failed since', async () => {
    const acme = await organization();
    const at = path(() => ({ status: 503 }));
    const { id } = await acme.endpoint(receiver.url + at);
    await acme.happen();
    await acme.until(id, 'failed');
    expect(await acme.get(id)).toMatchObject({ status: 'enabled', failingSince: expect.any(Date) });
    await owner.execute(`UPDATE webhook_endpoints SET failing_since = now() - interval '5 days' WHERE id = $1`, [id]);
    await acme.happen();
    await eventually(async () => (await acme.get(id)).disabledReason === 'failing', { what: 'it to be disabled' });
    answers.delete(at);
    const service = worker.app.get(WebhooksService, { strict: false });
    await service.change({ organizationId: acme.organizationId, endpointId: id, status: 'enabled' });
    expect(await acme.get(id)).toMatchObject({ status: 'enabled', disabledReason: null, failingSince: null });
    // What waited goes on.
    await acme.until(id, 'succeeded');
  });

  it('signs with both secrets during the overlap of a rotation', async () => {
    const acme = await organization();
    const at = path();
    const { id, secret: old } = await acme.endpoint(receiver.url + at);
    const rotate = async (overlapSeconds: number): Promise<string> => {
      const command = { organizationId: acme.organizationId, endpointId: id, overlapSeconds };
      let shown = '';
      await worker.app.get(WebhooksService, { strict: false }).rotateSecret(command, null, (secret) => {
        shown = secret ?? shown;
        return Reply.of(201, {});
      });
      return shown;
    };
    const next = await rotate(3_600);
    await acme.happen();
    await acme.until(id, 'succeeded');
    const [both] = receiver.at(at);
    expect(both?.signature.split(' ')).toHaveLength(2);
    expect(both?.verify(old)).toEqual(both?.verify(next));
    const last = await rotate(0);
    await acme.happen();
    await acme.until(id, 'succeeded', 2);
    const [, one] = receiver.at(at);
    expect(one?.signature.split(' ')).toHaveLength(1);
    expect(one?.verify(last)).toMatchObject({ sequence: 2 });
    for (const secret of [old, next]) expect(() => one?.verify(secret)).toThrow('No matching signature');
  });

  it('keeps the order where that was asked for, also when one has to be tried again', async () => {
    const acme = await organization();
    let failures = 2;
    const at = path(() => (failures-- > 0 ? { status: 500 } : { status: 200 }));
    const { id } = await acme.endpoint(receiver.url + at, { ordered: true });
    await acme.happen(6);
    await acme.until(id, 'succeeded', 6);
    expect(receiver.at(at).map(({ body }) => body.sequence)).toEqual([1, 1, 1, 2, 3, 4, 5, 6]);
  });

  it('delays nobody else when one receiver hangs', async () => {
    const [stuck, other] = [await organization(), await organization()];
    const hanging = path(() => null);
    const { id: stuckId } = await stuck.endpoint(receiver.url + hanging, { maxConcurrency: 3 });
    await stuck.happen(50);
    await eventually(() => receiver.at(hanging).length === 3, { what: 'as many to hang as may' });
    const neighbour = await stuck.endpoint(receiver.url + path());
    const { id } = await other.endpoint(receiver.url + path());
    await Promise.all([stuck.happen(), other.happen(20)]);
    await other.until(id, 'succeeded', 20);
    await stuck.until(neighbour.id, 'succeeded');
    // Until now it has hung, and only in its own places.
    const states = (await stuck.deliveries(stuckId)).map(({ status }) => status);
    expect(states.filter((status) => status === 'delivering')).toHaveLength(3);
    expect(receiver.at(hanging)).toHaveLength(3);
    await worker.app.get(WebhooksService, { strict: false }).delete(stuck.organizationId, stuckId);
    expect(new Set((await stuck.deliveries(stuckId)).map(({ status }) => status))).toEqual(
      new Set(['delivering', 'failed']),
    );
  });

  it('sends again what was sent: one, or a range', async () => {
    const acme = await organization();
    const at = path();
    const { id } = await acme.endpoint(receiver.url + at);
    await acme.happen(4);
    const told = await acme.until(id, 'succeeded', 4);
    const { organizationId } = acme;
    const resends = worker.app.get(ResendDeliveries, { strict: false });
    const deliveryId = told[1]?.id ?? '';
    await resends.one({ organizationId, deliveryId }, null, () => Reply.of(202, {}));
    await eventually(() => receiver.at(at).length === 5, { what: 'it to come again' });
    expect(receiver.at(at).filter(({ body }) => body.sequence === 2)).toHaveLength(2);
    await acme.until(id, 'succeeded', 4);
    await expect(acme.attempts(deliveryId)).resolves.toMatchObject([{ manual: false }, { manual: true }]);
    const range = { endpointId: id, fromSequence: 2, toSequence: 3, from: null, to: null };
    const count = (statuses: ('failed' | 'succeeded')[]): Promise<Reply> =>
      resends.range({ organizationId, range: { ...range, statuses } }, null, ({ count: resent }) =>
        Reply.of(202, { resent }),
      );
    expect((await count(['failed'])).json).toBe('{"resent":0}');
    expect((await count(['failed', 'succeeded'])).json).toBe('{"resent":2}');
    await eventually(() => receiver.at(at).length === 7, { what: 'both to come again' });
    const again = receiver.at(at).slice(5);
    expect(again.map(({ body }) => body.sequence).sort()).toEqual([2, 3]);
    expect(new Set(receiver.at(at).map((message) => message.id)).size).toBe(4);
  });

  it('makes one delivery of each event, whatever dies in between', async () => {
    const acme = await organization();
    const at = path();
    const { id } = await acme.endpoint(receiver.url + at);
    const deliveries = worker.app.get(DeliveryRepository, { strict: false });
    const insert = deliveries.insert.bind(deliveries);
    const failing = jest.spyOn(deliveries, 'insert').mockImplementationOnce(async (...written) => {
      await insert(...written);
      throw new Error('gone after writing');
    });
    await acme.happen(5);
    const told = await acme.until(id, 'succeeded', 5);
    expect(failing.mock.calls.length).toBeGreaterThan(1);
    expect(told.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    expect(receiver.at(at)).toHaveLength(5);
  });

  it('sends again, under the same id, what a process was sending when it died', async () => {
    const acme = await organization();
    const at = path(() => null);
    const { id } = await acme.endpoint(receiver.url + at);
    await acme.happen();
    await eventually(() => receiver.at(at).length === 1, { what: 'it to be sent' });
    answers.delete(at);
    // What its lease says once nobody renews it.
    await owner.execute(`UPDATE webhook_deliveries SET lease_until = now() WHERE endpoint_id = $1`, [id]);
    const [delivery] = await acme.until(id, 'succeeded');
    expect(new Set(receiver.at(at).map((message) => message.id)).size).toBe(1);
    await expect(acme.attempts(delivery?.id ?? '')).resolves.toMatchObject([
      { attempt: 1, failure: 'interrupted', statusCode: null },
      { attempt: 2, failure: null, statusCode: 204 },
    ]);
  });

  it('gives up what is about an event that is no longer kept', async () => {
    const acme = await organization();
    const { id } = await acme.endpoint(receiver.url + path());
    await acme.happen();
    const [told] = await acme.until(id, 'succeeded');
    await owner.execute(`DELETE FROM events WHERE organization_id = $1`, [acme.organizationId]);
    const { organizationId } = acme;
    const resends = worker.app.get(ResendDeliveries, { strict: false });
    await resends.one({ organizationId, deliveryId: told?.id ?? '' }, null, () => Reply.of(202, {}));
    await acme.until(id, 'failed');
    expect(await acme.get(id)).toMatchObject({ failingSince: null });
    expect(await acme.attempts(told?.id ?? '')).toMatchObject([{ failure: null }, { failure: 'event_purged' }]);
  });

  it('keeps deliveries as long as events, and deleted endpoints as long as their deliveries', async () => {
    const acme = await organization();
    const [gone, kept] = [await acme.endpoint(receiver.url + path()), await acme.endpoint(receiver.url + path())];
    await acme.happen();
    for (const { id } of [gone, kept]) await acme.until(id, 'succeeded');
    await worker.app.get(WebhooksService, { strict: false }).delete(acme.organizationId, gone.id);
    for (const table of ['webhook_deliveries', 'webhook_endpoints']) {
      await owner.execute(`UPDATE ${table} SET created_at = now() - interval '91 days' WHERE organization_id = $1`, [
        acme.organizationId,
      ]);
    }
    const sweeper = worker.app.get(SweepDeliveries, { strict: false });
    await sweeper.purge();
    expect(await acme.deliveries(kept.id)).toEqual([]);
    const left = await owner.query(`SELECT id FROM webhook_endpoints WHERE organization_id = $1`, [
      acme.organizationId,
    ]);
    expect(left).toEqual([{ id: kept.id }]);
    const attempts = await owner.query(`SELECT 1 FROM webhook_attempts WHERE organization_id = $1`, [
      acme.organizationId,
    ]);
    expect(attempts).toEqual([]);
  });
});
