import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiHeader, ApiTags } from '@nestjs/swagger';
import { transferIdOf } from '../../../domain/ids.js';
import { ApiProblems } from '../../../platform/http/index.js';
import { HTTP } from '../../rails/index.js';
import { TransfersService } from '../transfers.service.js';
import { BankSignatureGuard } from './bank-signature.guard.js';
import { RailEventDto, RailEventReceiptDto } from './rail-events.dto.js';

const EXAMPLES = {
  settled: {
    summary: 'An accepted payment was settled',
    value: { reference: '0198f2c17f3a7c318b0e1d2f3a4b5c6e', status: 'settled', rail_id: 'B-2024-06-000017' },
  },
  returned: {
    summary: 'A settled payment came back: the account is closed',
    value: { reference: '0198f2c17f3a7c318b0e1d2f3a4b5c6e', status: 'returned', reason_code: 'AC04' },
  },
};

@ApiTags('Rails')
@Controller('rails/http/events')
export class RailEventsController {
  constructor(private readonly transfers: TransfersService) {}

  /**
   * Receive what became of a payment
   *
   * For the bank of the rail `http`. No API key: the body is signed as [Standard Webhooks](https://www.standardwebhooks.com) describes, with
   * the secret `RAIL_HTTP_CALLBACK_SECRET`. 202 means that it is kept, and applied soon; the same word about the same payment again
   * is answered alike and changes nothing.
   */
  @Post()
  @HttpCode(202)
  @UseGuards(BankSignatureGuard)
  @ApiHeader({ name: 'webhook-id', required: true, description: 'The id of the message.', schema: { type: 'string' } })
  @ApiHeader({
    name: 'webhook-timestamp',
    required: true,
    description: 'When it was sent, in seconds since 1970; not older than five minutes.',
    schema: { type: 'string' },
  })
  @ApiHeader({
    name: 'webhook-signature',
    required: true,
    description: '`v1,` and the HMAC-SHA256, in Base64, of id, timestamp and body, joined by full stops.',
    schema: { type: 'string' },
  })
  @ApiBody({ type: RailEventDto, examples: EXAMPLES })
  @ApiAcceptedResponse({ type: RailEventReceiptDto, description: 'Kept.' })
  @ApiProblems(400, 401, 413, 415, 503)
  async receive(@Body() event: RailEventDto): Promise<RailEventReceiptDto> {
    const receivedAt = new Date();
    await this.transfers.keepEvidence([
      {
        rail: HTTP,
        reference: event.reference,
        transferId: transferIdOf(event.reference),
        source: 'callback',
        status: event.status,
        reasonCode: event.reason_code ?? null,
        railId: event.rail_id ?? null,
      },
    ]);
    return { reference: event.reference, received_at: receivedAt.toISOString() };
  }
}
