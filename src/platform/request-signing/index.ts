export { RequestNonces } from './request-nonces.repository.js';
export { isSignatureForm, isSignatureOf, NONCE, type SignedParts, signRequest, TIMESTAMP } from './signature.js';
