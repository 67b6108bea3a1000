import { Module } from '@nestjs/common';
import { features } from './features.js';
import { platform } from './platform.js';

/**
 * The API minus its door: the same features over the same platform. What makes a process a worker is that it starts consuming
 * and looping (see `startWorking`), not what it is composed of.
 */
@Module({ imports: [...platform, ...features] })
export class WorkerModule {}
