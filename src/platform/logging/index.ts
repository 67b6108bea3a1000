export { createLogger, type Logger, rootLogger, setLogLevel } from './logger.js';
export { NestLogger } from './nest-logger.js';
export { scrub } from './redaction.js';
export { actAs, type Actor, currentActor, currentRequestId, SYSTEM_ACTOR, withRequestId } from './request-context.js';
