import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { type Scope, SCOPES } from '../../../src/modules/organizations/index.js';
import { startBank } from '../bank.js';
import { type PostgresProxy, startPostgresProxy } from '../postgres-proxy.js';
import { startApi, startWorker, stopProcesses, type TestProcess } from '../processes.js';
import { createTestDatabase, type TestDatabase } from '../test-database.js';
import { testRedisUrl } from '../test-redis.js';
import { AUDIENCE, TokenIssuer } from '../token-issuer.js';
import { madeUpSecret, OWN } from './made-up.js';
import type { Needle } from './needles.js';
import { startMonitor } from './redis-monitor.js';
import { databaseSources, redisSources, type Source } from './sources.js';

export interface Sent {
  key?: string;
  method?: string;
  /** As bytes, or as what is sent as JSON. */
  body?: string | object;
  headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

export interface IssuedKey {
  id: string;
  secret: string;
  signing_secret: string | null;
}

interface Servers {
  readonly database: TestDatabase;
  readonly proxy: PostgresProxy;
  readonly owner: Client;
  readonly redis: Redis;
  readonly monitor: Redis;
  readonly redisUser: string;
  readonly issuer: TokenIssuer;
}

/** The built processes with every secret there is, and an eye on all they print, answer and put away. */
export class LeakLab {
  /** What was answered to what was refused. */
  readonly refusals: (Source & { status: number })[] = [];
  readonly secrets: Needle[] = [];
  readonly adminKey = this.secret('admin key', `admin_${madeUpSecret()}`);
  readonly callbackSecret = `whsec_${this.secret('callback secret', randomBytes(32).toString('base64'))}`;
  organizationId = '';
  accountId = '';
  /** Of every scope an organization can be granted. */
  key = '';
  private readonly metricsToken = this.secret('metrics token');
  private readonly railToken = this.secret('rail token');
  private readonly processes: TestProcess[] = [];
  private readonly commands: string[] = [];
  private env: Record<string, string> = {};
  private redisUrl = '';

  private constructor(private readonly servers: Servers) {}

  static async start(): Promise<LeakLab> {
    const database = await createTestDatabase();
    const owner = new Client({ connectionString: database.url });
    await owner.connect();
    const redis = new Redis(await testRedisUrl());
    const lab = new LeakLab({
      database,
      owner,
      redis,
      proxy: await startPostgresProxy(database.url),
      monitor: await startMonitor(redis),
      redisUser: `leaks-${randomBytes(8).toString('hex')}`,
      issuer: await TokenIssuer.start(),
    });
    await lab.configure();
    lab.processes.push(await startApi(lab.settings()));
    await lab.furnish();
    return lab;
  }

  get owner(): Client {
    return this.servers.owner;
  }

  get redis(): Redis {
    return this.servers.redis;
  }

  get proxy(): PostgresProxy {
    return this.servers.proxy;
  }

  /** Remembers a secret, to be looked for. */
  secret(label: string, text: string = madeUpSecret()): string {
    this.secrets.push({ label, kind: 'secret', text });
    return text;
  }

  async worker(): Promise<TestProcess> {
    const worker = await startWorker(this.settings());
    this.processes.push(worker);
    return worker;
  }

  async token(scope: string): Promise<string> {
    const token = await this.servers.issuer.token({ claims: { organization_id: this.organizationId, scope } });
    const [, claims = '', signature = ''] = token.split('.');
    this.secret('claims of a token', claims);
    this.secret('signature of a token', signature);
    return token;
  }

  async issueKey(name: string, scopes: readonly Scope[], more: object = {}): Promise<IssuedKey> {
    const path = `/organizations/${this.organizationId}/api-keys`;
    const { body } = await this.send(path, { key: this.adminKey, body: { name, scopes, ...more } });
    const key = body as unknown as IssuedKey;
    this.secret(`secret of the key ${name}`, key.secret.split('_').slice(2).join('_'));
    if (key.signing_secret !== null) {
      this.secret(`signing secret of the key ${name}`, key.signing_secret.replace(/^trs_/, ''));
    }
    return key;
  }

  /** A request to the API. What is refused is kept, with its headers. */
  async send(path: string, { key = this.key, method, body, headers = {} }: Sent = {}): Promise<Answer> {
    const response = await fetch(`${this.processes[0]?.url}/api/v1${path}`, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: {
        ...(key !== '' && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status >= 400) {
      const told = `${JSON.stringify([...response.headers])}\n${text}`;
      this.refusals.push({ where: `answer ${response.status}`, text: told, status: response.status });
    }
    return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
  }

  /** All there is to see at this moment. */
  async sources(): Promise<Source[]> {
    const alive = this.processes.filter(({ hasEnded }) => !hasEnded());
    const metrics = alive.map(async ({ name, url }) => {
      const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${this.metricsToken}` } });
      if (response.status !== 200) throw new Error(`The metrics of ${name} answered ${response.status}.`);
      return { where: `metrics of ${name}`, text: await response.text() };
    });
    return [
      ...this.processes.flatMap(({ name, printed }) =>
        printed()
          .split('\n')
          .map((text) => ({ where: `log of ${name}`, text })),
      ),
      ...this.refusals,
      ...(await Promise.all(metrics)),
      ...(await redisSources(this.redis)),
      ...this.commands.map((text) => ({ where: 'command to Redis', text })),
      ...(await databaseSources(this.owner)),
    ];
  }

  async close(): Promise<void> {
    const { monitor, redis, redisUser, owner, proxy, issuer, database } = this.servers;
    await stopProcesses();
    monitor.disconnect();
    await redis.call('ACL', 'DELUSER', redisUser);
    redis.disconnect();
    await owner.end();
    await proxy.close();
    await issuer.stop();
    await database.drop();
  }

  private settings() {
    return { databaseUrl: this.proxy.url, redisUrl: this.redisUrl, env: this.env };
  }

  private async configure(): Promise<void> {
    const { redis, monitor, redisUser, issuer, database } = this.servers;
    const redisPassword = this.secret('password of Redis');
    await redis.call('ACL', 'SETUSER', redisUser, 'on', `>${redisPassword}`, '~*', '&*', '+@all');
    this.redisUrl = Object.assign(new URL(await testRedisUrl()), { username: redisUser, password: redisPassword }).href;
    const ours = String(redis.options.db);
    monitor.on('monitor', (_time, args: string[], _source, db: string) => {
      if (db === ours) this.commands.push(args.join('\n'));
    });
    // A server of somebody's own may let us in without one.
    const { password } = new URL(database.url);
    if (password !== '') this.secret('password of the database', password);
    const encryptionKey = randomBytes(32);
    this.secret('encryption key', encryptionKey.toString('base64').slice(0, 43));
    this.secret('encryption key in hex', encryptionKey.toString('hex'));
    this.env = {
      LOG_LEVEL: 'trace',
      ADMIN_API_KEY: this.adminKey,
      METRICS_TOKEN: this.metricsToken,
      DATA_ENCRYPTION_KEYS: encryptionKey.toString('base64'),
      OIDC_ISSUER: issuer.url,
      OIDC_AUDIENCE: AUDIENCE,
      RAIL_HTTP_URL: (await startBank({ token: this.railToken, callbackSecret: this.callbackSecret })).url,
      RAIL_HTTP_TOKEN: this.railToken,
      RAIL_HTTP_CALLBACK_SECRET: this.callbackSecret,
      RAIL_VISIBILITY_HORIZON_MS: '200',
      TRANSFER_MAX_ATTEMPTS: '1',
      RETRY_BASE_MS: '20',
      CHUNK_LEASE_MS: '1000',
      SWEEP_INTERVAL_MS: '200',
      AUDIT_HEAD_EXPORT_INTERVAL_MS: '200',
      BODY_LIMIT_BYTES: '50000',
    };
  }

  /** An organization with a funded account and a key. */
  private async furnish(): Promise<void> {
    const admin = { key: this.adminKey };
    const organization = await this.send('/organizations', { ...admin, body: { name: 'Leaks', slug: 'leaks' } });
    this.organizationId = String(organization.body.id);
    this.key = (await this.issueKey('all', [...new Set(SCOPES)])).secret;
    const account = await this.send('/accounts', { body: { ...OWN, currency: 'EUR' } });
    this.accountId = String(account.body.id);
    const credit = {
      dst_account_id: this.accountId,
      amount: '1000.00',
      direction: 'credit',
      reason: 'Opening balance',
    };
    await this.send('/bank-transactions', { body: credit });
    if (this.refusals.length > 0) throw new Error(`Nothing to start from: ${JSON.stringify(this.refusals)}`);
  }
}
