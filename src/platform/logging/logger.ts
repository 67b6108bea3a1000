import { type DestinationStream, type LevelWithSilent, type LogFn, type Logger, pino, stdTimeFunctions } from 'pino';
import { errorRecord, redact, scrub } from './redaction.js';
import { currentRequestId } from './request-context.js';

export type { Logger };

/** JSON lines: `level`, `time` (ISO 8601), `component`, the request id of whatever is being worked on, and the fields. */
export function buildLogger(level: LevelWithSilent, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      mixin: () => {
        const requestId = currentRequestId();
        return requestId === undefined ? {} : { request_id: requestId };
      },
      formatters: { level: (label) => ({ level: label }), log: redact },
      serializers: { err: (error: unknown) => errorRecord(error) },
      hooks: { logMethod: scrubTexts },
    },
    destination,
  );
}

/** Texts are scrubbed like fields; and where there is none, pino would take the error's message as it is. */
function scrubTexts(this: Logger, [first, ...rest]: unknown[], method: LogFn): void {
  const fields = first instanceof Error ? { err: first } : first;
  const texts = rest.map((text) => (typeof text === 'string' ? scrub(text) : text));
  const err = typeof fields === 'object' && fields !== null ? (fields as { err?: unknown }).err : undefined;
  if (texts.length === 0 && err instanceof Error) texts.push(scrub(err.message));
  method.call(this, ...([typeof fields === 'string' ? scrub(fields) : fields, ...texts] as Parameters<LogFn>));
}

export const rootLogger: Logger = buildLogger('info');

const loggers: Logger[] = [rootLogger];

/** @param component who speaks, kebab-case */
export function createLogger(component: string): Logger {
  const logger = rootLogger.child({ component });
  loggers.push(logger);
  return logger;
}

/** Loggers are made when files are loaded, the level is known when the configuration is. */
export function setLogLevel(level: LevelWithSilent): void {
  for (const logger of loggers) logger.level = level;
}
