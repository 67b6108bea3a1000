import 'reflect-metadata';
import { createApi } from './app/create-api.js';
import { startProcess, stopOnSignals } from './app/process-life.js';
import { environmentConfig } from './config/environment.js';
import { createLogger } from './platform/logging/index.js';

await startProcess(async () => {
  const config = environmentConfig();
  const app = await createApi(config);
  stopOnSignals(app, config.SHUTDOWN_TIMEOUT_MS);
  await app.listen(config.PORT, config.HOST);
  createLogger('process').info({ event: 'listening', url: await app.getUrl() });
});
