export { createLogger, type Logger, rootLogger, setLogLevel } from './logger.js';
export { NestLogger } from './nest-logger.js';
export { scrub } from './redaction.js';
export { currentRequestId, withRequestId } from './request-context.js';
