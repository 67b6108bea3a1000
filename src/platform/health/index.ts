export { HealthModule } from './health.module.js';
export { HealthService, type HealthReport } from './health.service.js';
export { ProbeServer } from './probe-server.js';
export { type ReadinessCheck, Readiness } from './readiness.js';
