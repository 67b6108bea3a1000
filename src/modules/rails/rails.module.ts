import { Module } from '@nestjs/common';
import { SandboxRail } from './adapters/sandbox.rail.js';
import { SandboxJournalRepository } from './persistence/sandbox-journal.repository.js';
import { RailsService } from './rails.service.js';

@Module({ providers: [SandboxJournalRepository, SandboxRail, RailsService], exports: [RailsService] })
export class RailsModule {}
