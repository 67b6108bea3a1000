export { OutboundModule } from './outbound.module.js';
export { OutboundClient } from './outbound-client.js';
export { OutboundUrls } from './outbound-urls.js';
export { MAX_URL_LENGTH } from './url-rules.js';
export type { OutboundFailure, OutboundOutcome, OutboundRequest } from './outcome.js';
