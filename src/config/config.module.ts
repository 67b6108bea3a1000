import { Global, Module } from '@nestjs/common';
import { loadConfig } from './config.schema.js';

/** Injection token of the one validated {@link Config}. */
export const CONFIG = Symbol('CONFIG');

@Global()
@Module({ providers: [{ provide: CONFIG, useFactory: () => loadConfig(process.env) }], exports: [CONFIG] })
export class ConfigModule {}
