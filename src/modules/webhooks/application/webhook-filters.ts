import { EVENT_FILTERS } from '../../events/index.js';
import { isAboutDeliveries } from '../domain/fan-out.js';

/** What an endpoint can ask for: a type, all of a noun (`transfer.*`), or all there are (`*`). */
export const WEBHOOK_FILTERS: readonly string[] = EVENT_FILTERS.filter((filter) => !isAboutDeliveries(filter));
