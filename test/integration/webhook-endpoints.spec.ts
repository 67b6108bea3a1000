import type { INestApplicationContext } from '@nestjs/common';
import { newId } from '../../src/domain/ids.js';
import { DeliverWebhook } from '../../src/modules/webhooks/application/deliver-webhook.js';
import { OpenCallback } from '../../src/modules/webhooks/application/open-callback.js';
import { TestEndpoint } from '../../src/modules/webhooks/application/test-endpoint.js';
import { WebhookSecrets } from '../../src/modules/webhooks/application/webhook-secrets.js';
import { EndpointRepository } from '../../src/modules/webhooks/persistence/endpoint.repository.js';
import { SecretRepository } from '../../src/modules/webhooks/persistence/secret.repository.js';
import { WebhooksService } from '../../src/modules/webhooks/webhooks.service.js';
import { Database, ofOrganization, type Queryable, type Tx, UnitOfWork } from '../../src/platform/database/index.js';
import { Reply } from '../../src/platform/idempotency/index.js';
import { createOrganization } from '../factories/organizations.js';
import { createPayer } from '../factories/payer.js';
import { runLoop } from '../support/engine-steps.js';
import { eventually } from '../support/eventually.js';
import { ownerOf } from '../support/owner.js';
import { rowsRead } from '../support/rows-read.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.js';
import { webhooksOf, type WebhookSteps } from '../support/webhook-steps.js';

const NOW_AND_THEN = `failing_since = now() - interval '5 days', last_failed_at = now() - $2 * interval '1 day'`;

describe('webhook endpoints, step by step', () => {
  let worker: TestWorker;
  let app: INestApplicationContext;
  let owner: Queryable;
  let receiver: WebhookReceiver;
  let service: WebhooksService;
  let secrets: WebhookSecrets;
  const refusing = new Set<string>();

  beforeAll(async () => {
    receiver = await startWebhookReceiver(({ path }) => ({ status: refusing.has(path) ? 500 : 204 }));
    worker = await startTestWorker({ WEBHOOK_ALLOW_PRIVATE_NETWORKS: 'true' }, { working: false });
    ({ app } = worker);
    owner = ownerOf(app);
    service = app.get(WebhooksService, { strict: false });
    secrets = app.get(WebhookSecrets, { strict: false });
  });
  afterAll(async () => {
    await receiver.close();
    await worker.close();
  });

  let paths = 0;
  const path = (): string => `/${paths++}`;
  const stepsOf = (organizationId: string): WebhookSteps & { organizationId: string } => ({
    organizationId,
    ...webhooksOf(app, organizationId),
  });
  const organization = async () => stepsOf((await createOrganization(app)).id);
  const run = <T>(organizationId: string, work: (tx: Tx) => Promise<T>): Promise<T> =>
    app.get(UnitOfWork).run(ofOrganization(organizationId), work);
  const follow = (): Promise<void> => runLoop(app, 'events-for-webhooks');
  const setStatus = (organizationId: string, endpointId: string, status: 'enabled' | 'disabled') =>
    service.change({ organizationId, endpointId, status });
  const told = async (acme: WebhookSteps, id: string): Promise<number[]> =>
    (await acme.deliveries(id)).map(({ sequence }) => sequence);
  const send = async (acme: { organizationId: string }, endpointId: string): Promise<void> => {
    const claimed = await owner.query<{ id: string; claim: number }>(
      `SELECT id, claim FROM webhook_deliveries WHERE endpoint_id = $1 AND status = 'delivering'`,
      [endpointId],
    );
    for (const { id, claim } of claimed) {
      await app.get(DeliverWebhook, { strict: false }).deliver(acme.organizationId, id, claim);
    }
  };
  /** Everything due is claimed, and sent. */
  const deliver = async (acme: { organizationId: string }, endpointId: string): Promise<void> => {
    await follow();
    await runLoop(app, 'claim-webhooks');
    await send(acme, endpointId);
  };

  describe('the default secret', () => {
    const ownerFor = (organizationId: string) => ({ organizationId, endpointId: null });
    const signing = (organizationId: string): Promise<string[]> =>
      secrets.signing(app.get(Database).of(organizationId), ownerFor(organizationId));
    /** @returns what it shows */
    const rotate = async (organizationId: string): Promise<string> => {
      let shown = '';
      const command = { ...ownerFor(organizationId), overlapSeconds: 3_600 };
      await service.rotateSecret(command, null, (secret) => {
        shown = secret ?? shown;
        return Reply.of(201, {});
      });
      return shown;
    };
    const untilSomebodyWaits = (): Promise<unknown> =>
      eventually(async () => (await owner.query(`SELECT 1 FROM pg_locks WHERE NOT granted`)).length > 0, {
        what: 'the other one to wait',
      });

    it.each([
      ['another rotation', (tx: Tx, id: string) => secrets.rotate(tx, ownerFor(id), 3_600)],
      ['the first callback', (tx: Tx, id: string) => secrets.ensureDefault(tx, id)],
    ])('is stored whenever it is shown, also when it is made beside %s', async (_, beside) => {
      const { organizationId } = await organization();
      const second = await run(organizationId, async (tx) => {
        await beside(tx, organizationId);
        const rotated = rotate(organizationId);
        await untilSomebodyWaits();
        return { rotated };
      });
      const shown = await second.rotated;
      const stored = await signing(organizationId);
      expect(stored).toHaveLength(2);
      expect(stored[0]).toBe(shown);
    });

    it('makes no bulk request wait for a rotation once there is one', async () => {
      const { organizationId } = await organization();
      const first = await rotate(organizationId);
      await run(organizationId, async (tx) => {
        await secrets.rotate(tx, ownerFor(organizationId), 3_600);
        await run(organizationId, (other) => secrets.ensureDefault(other, organizationId));
        expect(await signing(organizationId)).toEqual([first]);
      });
    });

    it('is never shown when it was not stored', async () => {
      const { organizationId } = await organization();
      const twice = run(organizationId, async (tx) => {
        await secrets.issue(tx, ownerFor(organizationId));
        await secrets.issue(tx, ownerFor(organizationId));
      });
      await expect(twice).rejects.toMatchObject({ code: 'invariant_violated' });
    });
  });

  describe('one that is disabled', () => {
    it('is told of what happened before, and of nothing in between, however late somebody looks', async () => {
      const acme = await organization();
      const { organizationId } = acme;
      const [stopped, back] = [await acme.endpoint(receiver.url + path()), await acme.endpoint(receiver.url + path())];
      await acme.happen(2);
      for (const { id } of [stopped, back]) await setStatus(organizationId, id, 'disabled');
      await acme.happen();
      await setStatus(organizationId, back.id, 'enabled');
      await acme.happen();
      await follow();
      expect(await told(acme, stopped.id)).toEqual([1, 2]);
      expect(await told(acme, back.id)).toEqual([1, 2, 4]);
      await acme.happen();
      await setStatus(organizationId, back.id, 'disabled');
      await acme.happen();
      await follow();
      expect(await told(acme, stopped.id)).toEqual([1, 2]);
      expect(await told(acme, back.id)).toEqual([1, 2, 4, 5]);
    });

    it('is told of it also when it is the callback URL of a bulk request, and nobody else listens', async () => {
      const payer = await createPayer(app);
      const bulkId = await payer.submit(1);
      const acme = stepsOf(payer.organizationId);
      await run(payer.organizationId, (tx) =>
        app.get(OpenCallback, { strict: false }).open(tx, { ...acme, bulkId, url: receiver.url + path() }),
      );
      // As if it had been there when the bulk request was accepted.
      const [callback] = await owner.query<{ id: string }>(
        `UPDATE webhook_endpoints SET start_sequence = 0 WHERE bulk_id = $1 RETURNING id`,
        [bulkId],
      );
      const id = callback?.id ?? '';
      await setStatus(payer.organizationId, id, 'disabled');
      await follow();
      expect(await acme.deliveries(id)).toHaveLength(1);
      for (const change of [{ types: ['*'] }, { lineEvents: false }]) {
        const changed = service.change({ organizationId: payer.organizationId, endpointId: id, ...change });
        await expect(changed).rejects.toMatchObject({ code: 'validation_failed' });
      }
    });

    it('is sent nothing any more of what was handed out already, until it is enabled again', async () => {
      const acme = await organization();
      const at = path();
      const { id } = await acme.endpoint(receiver.url + at);
      await acme.happen();
      await follow();
      await runLoop(app, 'claim-webhooks');
      await setStatus(acme.organizationId, id, 'disabled');
      await send(acme, id);
      expect(receiver.at(at)).toEqual([]);
      expect(await acme.deliveries(id)).toMatchObject([{ status: 'pending', attempts: 0 }]);
      await setStatus(acme.organizationId, id, 'enabled');
      await deliver(acme, id);
      expect(receiver.at(at)).toHaveLength(1);
      expect(await acme.deliveries(id)).toMatchObject([{ status: 'succeeded', attempts: 1 }]);
    });
  });

  it.each([
    ['stays enabled when nothing was tried for long', 2, null],
    ['is disabled when it was tried all the time', 1, 'failing'],
  ])('%s before it fails', async (_, daysAgo, disabledReason) => {
    const acme = await organization();
    const at = path();
    refusing.add(at);
    const { id } = await acme.endpoint(receiver.url + at);
    await owner.execute(`UPDATE webhook_endpoints SET ${NOW_AND_THEN} WHERE id = $1`, [id, daysAgo]);
    const before = await acme.get(id);
    await acme.happen();
    await deliver(acme, id);
    expect(receiver.at(at)).toHaveLength(1);
    const after = await acme.get(id);
    expect(after.disabledReason).toBe(disabledReason);
    const hasRestarted = (after.failingSince?.getTime() ?? 0) > (before.failingSince?.getTime() ?? 0);
    expect(hasRestarted).toBe(disabledReason === null);
  });

  it.each([
    ['does not open', `UPDATE webhook_secrets SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)`],
    ['is gone', `DELETE FROM webhook_secrets`],
  ])('is sent no test when its secret %s', async (_, spoil) => {
    const acme = await organization();
    const at = path();
    const { id } = await acme.endpoint(receiver.url + at);
    await owner.execute(`${spoil} WHERE endpoint_id = $1`, [id]);
    const outcome = await app.get(TestEndpoint, { strict: false }).test(acme.organizationId, id);
    expect(outcome).toMatchObject({ isDelivered: false, statusCode: null, failure: 'secret_unreadable' });
    expect(receiver.at(at)).toEqual([]);
  });

  it('is found by an index, with its secrets, however many there have been', async () => {
    const [ROWS, FEW] = [3_000, 30];
    const acme = await organization();
    const { organizationId } = acme;
    const { id: endpointId } = await acme.endpoint(receiver.url + path());
    await run(organizationId, (tx) => secrets.ensureDefault(tx, organizationId));
    await owner.execute(
      `WITH gone AS (
         INSERT INTO webhook_endpoints (id, organization_id, url, types, start_sequence, deleted_at)
         SELECT gen_random_uuid(), $1, 'https://erp.example.com/', '{*}', 0, now() FROM generate_series(1, $2::int) RETURNING id
       )
       INSERT INTO webhook_secrets (id, organization_id, endpoint_id, sealed) SELECT gen_random_uuid(), $1, id, '\\x00' FROM gone`,
      [organizationId, ROWS],
    );
    await owner.execute(`ANALYZE webhook_endpoints, webhook_secrets`);
    const read = (table: string, ask: (on: Tx) => Promise<unknown>): Promise<number> =>
      rowsRead(app, ofOrganization(organizationId), table, ask);
    const repository = app.get(SecretRepository, { strict: false });
    for (const id of [endpointId, null]) {
      const whose = { organizationId, endpointId: id };
      for (const ask of [
        (on: Tx) => repository.hasCurrent(on, whose),
        (on: Tx) => repository.listSigning(on, whose),
        (on: Tx) => repository.listTimes(on, whose),
        (on: Tx) => repository.retire(on, whose, 60),
      ]) {
        expect(await read('webhook_secrets', ask)).toBeLessThan(FEW);
      }
    }
    const endpoints = app.get(EndpointRepository, { strict: false });
    for (const bulkId of [null, newId()]) {
      const list = (on: Tx): Promise<unknown> => endpoints.list(on, { organizationId, bulkId }, 20, null);
      expect(await read('webhook_endpoints', list)).toBeLessThan(FEW);
    }
    expect(await read('webhook_endpoints', (on) => endpoints.hasOneOff(on, organizationId, 0))).toBeLessThan(FEW);
  });
});
