import type { Cancellation } from '../domain/control.js';

/** What a cancel decided. With the lines that had ended otherwise these are all lines of the bulk request. */
export class CancellationDto {
  /**
   * Lines that are cancelled or certain to be: never sent, and nothing sends them any more.
   * @example 940
   */
  cancelled: number;
  /**
   * Open lines that may still be paid: with the rail at this moment, or possibly sent before.
   * @example 60
   */
  in_flight: number;
}

export const cancellationDto = ({ cancelled, inFlight }: Cancellation): CancellationDto => ({
  cancelled,
  in_flight: inFlight,
});
