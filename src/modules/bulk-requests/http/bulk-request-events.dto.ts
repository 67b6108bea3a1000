import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsIn, IsOptional } from 'class-validator';
import { QuerySchema } from '../../../platform/http/index.js';
import { EVENT_FILTERS } from '../../events/index.js';

@QuerySchema()
export class BulkRequestEventsQuery {
  /**
   * Only events of these types, separated by commas. `bulk_request.*` is the bulk request itself, with its progress; `transfer.*` its lines,
   * one event for each change of each line.
   * @example ["bulk_request.*", "transfer.failed"]
   */
  @ApiProperty({
    type: 'array',
    items: { type: 'string', enum: [...EVENT_FILTERS] },
    maxItems: 50,
    required: false,
    default: ['bulk_request.*'],
    style: 'form',
    explode: false,
  } as object)
  @IsOptional()
  @ArrayMaxSize(50)
  @IsIn(EVENT_FILTERS, { each: true })
  types?: string[];
}

const frame = (sequence: number, type: string, data: object): string => {
  const organization = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c60';
  const id = `evt_${organization.replaceAll('-', '')}_${sequence}`;
  const event = { id, type, sequence, occurred_at: '2026-11-21T09:30:00.000Z', organization_id: organization, data };
  return `id: ${sequence}\nevent: ${type}\ndata: ${JSON.stringify(event)}\n\n`;
};

const BULK = { bulk_request_id: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d' };

export const BULK_REQUEST_EVENTS_EXAMPLES = {
  'Half of it has ended': `retry: 3000\n\n${frame(41, 'bulk_request.progressed', { ...BULK, percent: 50, ended_count: 5_000, transfer_count: 10_000 })}:\n\n`,
  'All of it has ended': frame(52, 'bulk_request.completed', {
    ...BULK,
    ...{ previous_status: 'processing', status: 'completed' },
    counts: { settled: 10_000, failed: 0, cancelled: 0, returned: 0 },
  }),
};
