import { z } from 'zod';

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
/** Standard Webhooks: `whsec_` and 24 to 64 bytes in Base64. */
const webhookSecret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'must be whsec_ and 24 to 64 bytes in Base64');

/** Every environment variable the product reads. Keys are the variables' names; `.env.example` lists the same ones. */
export const configSchema = z
  .object({
    DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'must be a postgres:// URL'),
    DATABASE_POOL_SIZE: integer(1, 500).default(20),
    DATABASE_IDLE_TRANSACTION_MS: integer(100, 600_000).default(10_000),
    REDIS_URL: z.string().regex(/^rediss?:\/\//, 'must be a redis:// URL'),
    HOST: z.string().min(1).default('127.0.0.1'),
    PORT: integer(0, 65535).default(3000),
    WORKER_PORT: z.preprocess((text) => (text === '' ? undefined : text), integer(0, 65535).optional()),
    TRUST_PROXY: flag.default(false),
    // Optional once organizations have their own keys; the worker never reads it.
    ADMIN_API_KEY: z.string().min(8, 'needs at least 8 characters').optional(),
    METRICS_TOKEN: optionalText,
    LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    MIGRATE_ON_START: flag.default(false),
    ALLOW_UNSAFE_DURABILITY: flag.default(false),
    SHUTDOWN_TIMEOUT_MS: integer(100, 600_000).default(20_000),
    DEMO_KEY_FILE: optionalText,

    BODY_LIMIT_BYTES: integer(1_024, 1_073_741_824).default(33_554_432),
    MAX_TRANSFERS_PER_BULK: integer(1, 100_000).default(10_000),
    IDEMPOTENCY_TTL_DAYS: integer(1, 365).default(30),

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
  })
  .refine((config) => config.DEFAULT_RAIL !== 'http' || config.RAIL_HTTP_URL !== undefined, {
    path: ['RAIL_HTTP_URL'],
    message: 'is needed when DEFAULT_RAIL is http',
  });

export type Config = z.infer<typeof configSchema>;

/**
 * Reads the environment once. Throws an Error of one line that names every variable that is missing or wrong.
 */
export function loadConfig(environment: NodeJS.ProcessEnv): Config {
  const result = configSchema.safeParse(environment);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`Configuration is not usable: ${problems.join('; ')}`);
}
