import { Injectable } from '@nestjs/common';
import { DomainError } from '../../domain/errors.js';
import { examineUrl, OutboundPolicy } from './url-rules.js';

/** Addresses that customers type in, before they are kept. */
@Injectable()
export class OutboundUrls {
  constructor(private readonly policy: OutboundPolicy) {}

  /**
   * Refuses what would never be called. Names are not looked up: that is done with every request.
   *
   * @param pointer JSON pointer of the field
   * @throws url_not_allowed
   */
  assertAllowed(url: string, pointer: string): void {
    const examined = examineUrl(url, this.policy);
    if (examined instanceof URL) return;
    const { code, detail } = examined;
    throw new DomainError('rule', 'url_not_allowed', detail, { errors: [{ pointer, code, detail }], errorCount: 1 });
  }
}
