import { Global, Module } from '@nestjs/common';
import { IdempotencyRepository } from './idempotency.repository.js';
import { IdempotencyService } from './idempotency.service.js';
import { ResealAnswers } from './reseal-answers.js';

@Global()
@Module({
  providers: [IdempotencyRepository, IdempotencyService, ResealAnswers],
  exports: [IdempotencyRepository, IdempotencyService, ResealAnswers],
})
export class IdempotencyModule {}
