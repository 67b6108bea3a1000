import { isIP } from 'node:net';
import { z } from 'zod';
import { readSecrets, secretStores } from './secrets.js';
import { isDevelopmentKey, parseEncryptionKeys } from './encryption-keys.js';
import { parseSender, parseSmtpUrl } from './smtp.js';

const integer = (min: number, max: number) => z.coerce.number().int().min(min).max(max);
const flag = z.enum(['true', 'false', 'on', 'off', '1', '0']).transform((text) => ['true', 'on', '1'].includes(text));
const optionalText = z
  .string()
  .transform((text) => (text === '' ? undefined : text))
  .optional();

const httpUrl = z
  .string()
  .refine(
    (text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol),
    'must be an http:// or https:// URL',
  );
const isPlainHttp = (url: string | undefined): boolean => url !== undefined && new URL(url).protocol === 'http:';
/** Standard Webhooks: `whsec_` and 24 to 64 bytes in Base64. */
const webhookSecret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'must be whsec_ and 24 to 64 bytes in Base64');

/** Seconds, separated by commas. Hundredths of them are for tests. */
const pauses = z
  .string()
  .transform((text) => listOf(text).map(Number))
  .refine(
    (seconds) => seconds.length <= 20 && seconds.every((pause) => pause >= 0.01 && pause <= 604_800),
    'must be up to 20 numbers of seconds, each up to 604800, separated by commas',
  );

const encryptionKeys = z.string().transform((text, context) => {
  const keys = parseEncryptionKeys(text);
  if (typeof keys !== 'string') return keys;
  context.addIssue(keys);
  return z.NEVER;
});
/** Read by a function that answers null to what it cannot read. */
const readBy = <Value>(read: (text: string) => Value | null, message: string) =>
  z.string().transform((text, context) => {
    const value = read(text);
    if (value !== null) return value;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
const smtpUrl = readBy(
  parseSmtpUrl,
  'must be smtp:// or smtps://, with user:password@ if needed, and no path or query',
);
const sender = readBy(parseSender, 'must be an address, or a name and <an address>');
const listOf = (text: string): string[] => text.split(',').map((item) => item.trim());

/** Addresses, networks (CIDR), or the names that stand for the private ones. */
const isProxy = (text: string): boolean => {
  const [address = '', bits, ...rest] = text.split('/');
  if (['loopback', 'linklocal', 'uniquelocal'].includes(text)) return true;
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
};
const trustedProxies = z.union([
  flag,
  z
    .string()
    .transform(listOf)
    .refine((proxies) => proxies.every(isProxy), 'must be true, false, or addresses and networks, separated by commas'),
]);

const isOrigin = (text: string): boolean =>
  URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text;
const origins = z
  .string()
  .transform((text) => (text === '' ? [] : listOf(text)))
  .refine((list) => list.every(isOrigin), 'must be origins such as https://app.example.com, separated by commas');

/** Every environment variable the product reads. Keys are the variables' names; `.env.example` lists the same ones. */
export const configSchema = z
  .object({
    // A list, so that a misspelt "production" cannot switch off what production insists on.
    NODE_ENV: z.preprocess(
      (text) => (text === '' ? undefined : text),
      z.enum(['development', 'test', 'production']).default('development'),
    ),
    DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL'),
    DATABASE_POOL_SIZE: integer(1, 500).default(20),
    DATABASE_PREPARED_STATEMENTS: flag.default(true),
    DATABASE_IDLE_TRANSACTION_MS: integer(100, 600_000).default(10_000),
    REDIS_URL: z.string().regex(/^rediss?:\/\//, 'must be a redis:// URL'),
    HOST: z.string().min(1).default('127.0.0.1'),
    PORT: integer(0, 65535).default(3000),
    WORKER_PORT: z.preprocess((text) => (text === '' ? undefined : text), integer(0, 65535).optional()),
    // The first encrypts, all decrypt. Without one there is a development key, except in production.
    DATA_ENCRYPTION_KEYS: z.preprocess((text) => (text === '' ? undefined : text), encryptionKeys.optional()),
    TRUST_PROXY: trustedProxies.default(false),
    REQUIRE_HTTPS: flag.default(false),
    CORS_ORIGINS: origins.default([]),
    HTTP_HEADERS_TIMEOUT_MS: integer(50, 120_000).default(30_000),
    HTTP_BODY_TIMEOUT_MS: integer(50, 120_000).default(10_000),
    LARGE_BODIES_AT_ONCE: integer(1, 1_000).default(8),
    // 0: no limit.
    RATE_LIMIT_PER_MINUTE: integer(0, 10_000_000).default(60_000),
    RATE_LIMIT_ORGANIZATION_PER_MINUTE: integer(0, 10_000_000).default(300_000),
    // Optional once organizations have their own keys; the worker never reads it.
    ADMIN_API_KEY: z.string().min(8, 'needs at least 8 characters').optional(),
    METRICS_TOKEN: optionalText,
    API_KEY_ROTATION_OVERLAP_SECONDS: integer(0, 2_592_000).default(0),
    AUTH_FAILURES_PER_MINUTE: integer(1, 1_000_000).default(30),
    REQUEST_SIGNATURE_TOLERANCE_SECONDS: integer(1, 3_600).default(300),
    OIDC_ISSUER: z.preprocess((text) => (text === '' ? undefined : text), httpUrl.optional()),
    OIDC_AUDIENCE: optionalText,
    OIDC_JWKS_URL: z.preprocess((text) => (text === '' ? undefined : text), httpUrl.optional()),
    OIDC_ORGANIZATION_CLAIM: z.string().min(1).default('organization_id'),
    OIDC_SCOPES_CLAIM: z.string().min(1).default('scope'),
    OIDC_JWKS_COOLDOWN_SECONDS: integer(1, 3_600).default(30),
    OIDC_CLOCK_TOLERANCE_SECONDS: integer(0, 300).default(5),
    LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    MIGRATE_ON_START: flag.default(false),
    ALLOW_UNSAFE_DURABILITY: flag.default(false),
    SHUTDOWN_TIMEOUT_MS: integer(100, 600_000).default(20_000),
    DEMO_KEY_FILE: optionalText,
    SECRETS_DIR: optionalText,

    BODY_LIMIT_BYTES: integer(1_024, 1_073_741_824).default(33_554_432),
    MAX_TRANSFERS_PER_BULK: integer(1, 100_000).default(10_000),
    // 0: nobody looks for duplicates.
    DUPLICATE_WINDOW_DAYS: integer(0, 366).default(5),
    IDEMPOTENCY_TTL_DAYS: integer(1, 365).default(30),
    EVENT_RETENTION_DAYS: integer(1, 3_650).default(90),
    SSE_HEARTBEAT_MS: integer(50, 60_000).default(15_000),
    SSE_MAX_WATCHERS: integer(1, 100_000).default(4_000),

    DEFAULT_RAIL: z.enum(['sandbox', 'http']).default('sandbox'),
    SANDBOX_JOURNAL: flag.default(true),
    CHUNK_SIZE: z.preprocess((text) => (text === '' ? undefined : text), integer(1, 5_000).optional()),
    // Chunks of one rail handed out at a time: enough to keep every worker busy, few enough that whoever comes next is soon served.
    DISPATCH_IN_FLIGHT: integer(1, 1_000).default(16),
    CHUNK_LEASE_MS: integer(200, 3_600_000).default(60_000),
    WORKER_CONCURRENCY: integer(1, 64).default(4),
    SWEEP_INTERVAL_MS: integer(50, 600_000).default(5_000),
    RAIL_VISIBILITY_HORIZON_MS: integer(0, 86_400_000).default(60_000),
    RAIL_DOUBT_DEADLINE_MS: integer(1_000, 2_592_000_000).default(86_400_000),
    RAIL_SUBMITTED_DEADLINE_MS: integer(1_000, 2_592_000_000).default(259_200_000),
    RAIL_CONCURRENCY: integer(1, 1_000).default(50),
    RAIL_RATE_PER_SECOND: integer(0, 100_000).default(0),
    RAIL_HTTP_URL: z.preprocess((text) => (text === '' ? undefined : text), httpUrl.optional()),
    RAIL_HTTP_TOKEN: optionalText,
    RAIL_HTTP_TIMEOUT_MS: integer(10, 600_000).default(30_000),
    RAIL_HTTP_CALLBACK_SECRET: z.preprocess((text) => (text === '' ? undefined : text), webhookSecret.optional()),
    TRANSFER_MAX_ATTEMPTS: integer(1, 100).default(8),
    RETRY_BASE_MS: integer(10, 3_600_000).default(1_000),
    RETRY_MAX_MS: integer(10, 86_400_000).default(900_000),
    // 0: no run by itself.
    RECONCILIATION_INTERVAL_MS: integer(0, 2_592_000_000).default(86_400_000),
    COMPLETION_MAX_FAILURES: integer(1, 100).default(3),
    AUDIT_HEAD_EXPORT_INTERVAL_MS: integer(100, 86_400_000).default(60_000),
    // Without it there is no channel by e-mail.
    SMTP_URL: z.preprocess((text) => (text === '' ? undefined : text), smtpUrl.optional()),
    SMTP_FROM: z.preprocess((text) => (text === '' ? undefined : text), sender.optional()),

    WEBHOOK_ALLOW_PRIVATE_NETWORKS: flag.default(false),
    OUTBOUND_TIMEOUT_MS: integer(50, 120_000).default(15_000),
    WEBHOOK_MAX_ENDPOINTS: integer(0, 1_000).default(20),
    WEBHOOK_RETRY_SECONDS: pauses.default([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]),
    WEBHOOK_DISABLE_AFTER_DAYS: integer(1, 365).default(5),
    WEBHOOK_CONCURRENCY: integer(1, 1_000).default(100),
    WEBHOOK_IN_FLIGHT: integer(1, 10_000).default(100),
    WEBHOOK_IN_FLIGHT_PER_ORGANIZATION: integer(1, 1_000).default(20),
    WEBHOOK_LEASE_MS: integer(200, 3_600_000).default(60_000),
  })
  .refine((config) => !config.REQUIRE_HTTPS || config.TRUST_PROXY !== false, {
    path: ['REQUIRE_HTTPS'],
    message: 'needs TRUST_PROXY: without a proxy that ends TLS, every request is plain HTTP',
  })
  .refine((config) => config.DEFAULT_RAIL !== 'http' || config.RAIL_HTTP_URL !== undefined, {
    path: ['RAIL_HTTP_URL'],
    message: 'is needed when DEFAULT_RAIL is http',
  })
  .refine((config) => config.WEBHOOK_LEASE_MS > config.OUTBOUND_TIMEOUT_MS, {
    path: ['WEBHOOK_LEASE_MS'],
    message: 'must be more than OUTBOUND_TIMEOUT_MS',
  })
  .refine((config) => config.NODE_ENV !== 'production' || config.DATA_ENCRYPTION_KEYS !== undefined, {
    path: ['DATA_ENCRYPTION_KEYS'],
    message: 'is needed when NODE_ENV is production: openssl rand -base64 32',
  })
  .refine((config) => config.NODE_ENV !== 'production' || !config.DATA_ENCRYPTION_KEYS?.some(isDevelopmentKey), {
    path: ['DATA_ENCRYPTION_KEYS'],
    message: 'holds the development key, which everybody knows',
  })
  .refine(({ NODE_ENV, ADMIN_API_KEY: key }) => NODE_ENV !== 'production' || key === undefined || key.length >= 32, {
    path: ['ADMIN_API_KEY'],
    message: 'needs at least 32 characters when NODE_ENV is production: openssl rand -hex 32',
  })
  .refine((config) => config.NODE_ENV !== 'production' || !isPlainHttp(config.OIDC_ISSUER), {
    path: ['OIDC_ISSUER'],
    message: 'must be https:// when NODE_ENV is production: whoever is on the way could name the keys of tokens',
  })
  .refine((config) => config.NODE_ENV !== 'production' || !isPlainHttp(config.OIDC_JWKS_URL), {
    path: ['OIDC_JWKS_URL'],
    message: 'must be https:// when NODE_ENV is production: whoever is on the way could name the keys of tokens',
  })
  .refine((config) => config.SMTP_URL === undefined || config.SMTP_FROM !== undefined, {
    path: ['SMTP_FROM'],
    message: 'is needed with SMTP_URL',
  })
  .refine((config) => config.OIDC_ISSUER === undefined || config.OIDC_AUDIENCE !== undefined, {
    path: ['OIDC_AUDIENCE'],
    message: 'is needed with OIDC_ISSUER: a token that was made for somebody else must open nothing',
  });

export type Config = z.infer<typeof configSchema>;

/**
 * Reads the environment, and the files it names, once. Throws an Error of one line that names every variable that is missing or wrong.
 */
export function loadConfig(environment: NodeJS.ProcessEnv): Config {
  const secrets = readSecrets(secretStores(environment));
  const result = configSchema.safeParse({ ...environment, ...secrets.values });
  if (result.success && secrets.problems.size === 0) return result.data;
  // That it is missing is not news about a secret that could not be read.
  const issues = (result.error?.issues ?? []).filter(({ path: [name] }) => !secrets.problems.has(String(name)));
  const problems = issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  problems.unshift(...secrets.problems.values());
  throw new Error(`Configuration is not usable: ${problems.join('; ')}`);
}
