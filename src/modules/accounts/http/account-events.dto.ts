import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsIn, IsOptional } from 'class-validator';
import { QuerySchema } from '../../../platform/http/index.js';
import { EVENT_FILTERS } from '../../events/index.js';

@QuerySchema()
export class AccountEventsQuery {
  /**
   * Only events of these types, separated by commas.
   * @example ["account.balance_changed"]
   */
  @ApiProperty({
    type: 'array',
    items: { type: 'string', enum: [...EVENT_FILTERS] },
    maxItems: 50,
    required: false,
    default: ['account.*'],
    style: 'form',
    explode: false,
  } as object)
  @IsOptional()
  @ArrayMaxSize(50)
  @IsIn(EVENT_FILTERS, { each: true })
  types?: string[];
}

export const ACCOUNT_EVENTS_EXAMPLES = {
  'Money was reserved': `retry: 3000

id: 43
event: account.balance_changed
data: {"id":"evt_0198f2c17f3a7c318b0e1d2f3a4b5c60_43","type":"account.balance_changed","sequence":43,"occurred_at":"2026-11-21T09:30:00.000Z","organization_id":"0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c60","data":{"account_id":"0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c61","currency":"EUR","posted":"1000.00","reserved":"100.00","available":"900.00"}}

:

`,
};
