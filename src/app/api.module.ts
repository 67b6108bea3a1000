import { Module } from '@nestjs/common';
import { HealthModule } from '../platform/health/index.js';
import { HttpModule } from '../platform/http/index.js';
import { MetricsModule } from '../platform/metrics/index.js';
import { RateLimitModule } from '../platform/rate-limit/index.js';
import { features } from './features.js';
import { platform } from './platform.js';

/** The features with their door. It never consumes jobs. */
@Module({ imports: [...platform, MetricsModule, HealthModule.forApi(), RateLimitModule, HttpModule, ...features] })
export class ApiModule {}
