import 'reflect-metadata';
import { createWorker } from './app/create-worker.js';
import { startProcess, stopOnSignals } from './app/process-life.js';
import { environmentConfig } from './config/environment.js';
import { createLogger } from './platform/logging/index.js';

await startProcess(async () => {
  const config = environmentConfig();
  const app = await createWorker(config);
  stopOnSignals(app, config.SHUTDOWN_TIMEOUT_MS);
  createLogger('process').info({ event: 'working' });
});
