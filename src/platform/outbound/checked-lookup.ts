import type { LookupFunction } from 'node:net';
import { isAllowedAddress } from './address-rules.js';
import type { Network } from './network.js';
import type { OutboundFailure } from './outcome.js';

/** A name that leads nowhere, or to where it must not. */
export class NameRefused extends Error {
  constructor(
    readonly failure: Extract<OutboundFailure, 'dns_failure' | 'address_not_allowed'>,
    /** The code of the error, or the address. */
    readonly why: string,
  ) {
    super(`${failure}: ${why}`);
  }
}

/**
 * How a socket finds the addresses of its name: it connects to one of those that were checked here, and asks no second time. A name with
 * a single address that is not allowed is refused with all of them: which one a socket takes is chance.
 */
export function checkedLookup(network: Network, allowsPrivate: boolean, signal: AbortSignal): LookupFunction {
  return (name, { all }, callback) => {
    network.addressesOf(name, signal).then(
      (addresses) => {
        const [first] = addresses;
        const refused = addresses.find(({ address }) => !isAllowedAddress(address, allowsPrivate));
        if (refused !== undefined) callback(new NameRefused('address_not_allowed', refused.address), []);
        else if (first === undefined) callback(new NameRefused('dns_failure', 'no_address'), []);
        else if (all === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      ({ code = 'unknown' }: NodeJS.ErrnoException) => callback(new NameRefused('dns_failure', code), []),
    );
  };
}
