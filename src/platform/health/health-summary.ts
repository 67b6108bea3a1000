import { VERSION } from '../version.js';
import type { HealthReport } from './health.service.js';

export const summaryOf = (report: HealthReport) => ({
  ...report,
  version: VERSION,
  uptime_seconds: Math.floor(process.uptime()),
});
