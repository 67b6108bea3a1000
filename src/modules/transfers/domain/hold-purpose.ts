/** Why a bulk request's money is reserved: the purpose of its one hold, whose reference is the bulk's id. */
export const BULK_REQUEST_HOLD = 'bulk_request';
