import { type Config, loadConfig } from './config.schema.js';

/** For what is decided before there is a container: the adapter, the log level, migrations. @throws as {@link loadConfig} */
export const environmentConfig = (): Config => loadConfig(process.env);
