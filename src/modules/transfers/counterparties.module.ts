import { Module } from '@nestjs/common';
import { Counterparties } from './application/counterparties.js';
import { ResealCounterparties } from './application/reseal-counterparties.js';
import { SealedCounterpartyRepository } from './persistence/sealed-counterparty.repository.js';

/** Apart from the engine, so that keys can be rotated without it. */
@Module({
  providers: [Counterparties, ResealCounterparties, SealedCounterpartyRepository],
  exports: [Counterparties, ResealCounterparties],
})
export class CounterpartiesModule {}
