import { Module } from '@nestjs/common';
import { HealthModule } from '../platform/health/index.js';
import { MetricsModule } from '../platform/metrics/index.js';
import { features } from './features.js';
import { platform } from './platform.js';

/**
 * The API minus its door: the same features over the same platform. What makes a process a worker is that it starts consuming
 * and looping (see `startWorking`), not what it is composed of.
 */
@Module({ imports: [...platform, MetricsModule, HealthModule.forWorker(), ...features] })
export class WorkerModule {}
