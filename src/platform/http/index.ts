export { ApiPage } from './api-page.js';
export { ApiProblems, type ProblemStatus } from './api-problems.js';
export { authenticateBasic, requireMetricsToken } from './authentication.js';
export { configureHttp } from './configure-http.js';
export { type CreatedRange, createdRange, CreatedRangeQuery } from './created-range.dto.js';
export { type CursorShape, decodeCursor, encodeCursor } from './cursor.js';
export { Doorkeeper } from './doorkeeper.js';
export { HttpAdapter } from './http-adapter.js';
export { HttpModule } from './http.module.js';
export { readSignedBody } from './json-body.js';
export { newestFirst } from './newest-first.js';
export { API_PREFIX, buildDocument, PATHS_WITHOUT_PREFIX } from './openapi.js';
export { OptionalBody } from './optional-body.js';
export { type Page, pageOf } from './page.js';
export { PageQuery } from './page-query.dto.js';
export { CurrentPrincipal, IdempotencyKey, IdParam, OptionalOrganizationId, OrganizationId } from './parameters.js';
export {
  type Authentication,
  Authenticator,
  forbidden,
  nameOfPrincipal,
  type Principal,
  principalOf,
  unauthenticated,
} from './principal.js';
export { isToken } from './presented-key.js';
export { type Problem, problemOf } from './problem.js';
export { sendProblem } from './problem-reply.js';
export { ProblemDto } from './problem.dto.js';
export { isPublicPath, OPERATIONS_PREFIX, PUBLIC_PATHS } from './public-paths.js';
export { QuerySchema } from './query-schema.js';
export { type LimitState, RateLimiter } from './rate-limiter.js';
export { type Refusal, RefusalRecorder } from './refusals.js';
export { ADMIN_SCOPE, holdsScopes, PlatformScope, Scopes } from './scopes.js';
export { parseStrictJson } from './strict-json.js';
export { ApiWebhooks, type WebhookDescription } from './webhook-description.js';
