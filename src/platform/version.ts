import { createRequire } from 'node:module';

/** As package.json has it, which lies beside both `src` and `dist`. */
export const VERSION = (createRequire(import.meta.url)('../../package.json') as { version: string }).version;
