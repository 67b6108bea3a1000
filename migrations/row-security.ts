/**
 * The roles that every statement of the product runs as; none of them owns anything or can log in (docs/tenant-isolation.md):
 *
 * - `tranche_organization` sees and writes the rows of one organization, the one its transaction named, and without a name none;
 * - `tranche_discovery` finds work across organizations: ids, states and times, nothing of who is paid how much;
 * - `tranche_platform` is the platform's own work: organizations and keys, rails and their statements, checks of all books.
 */
export const ORGANIZATION = 'tranche_organization';
export const DISCOVERY = 'tranche_discovery';
export const PLATFORM = 'tranche_platform';

const EVERYONE = `${ORGANIZATION}, ${DISCOVERY}, ${PLATFORM}`;

/** A sub-select is evaluated once for each statement; the bare function would be called for every row. */
const ACTING = '(SELECT acting_organization())';

export interface Isolation {
  /** What an organization, and the platform, may do with the rows they see. */
  readonly privileges: string;
  /** What discovery may do, if anything: a privilege each, with columns where it does not need all. */
  readonly discovery?: readonly string[];
  /** SQL: which rows are the acting organization's. */
  readonly own?: string;
}

/** SQL that makes the rows of `table` visible and writable to their own organization alone, and to the platform. Fails closed. */
export function isolate(table: string, { privileges, discovery = [], own }: Isolation): string {
  // Not a bare equality: that is a way to find rows, and the planner would take it (1795252516000-keep-policies-out-of-plans).
  const isOwn = own ?? `(organization_id = ${ACTING}) IS TRUE`;
  const found = discovery.map((privilege) => `GRANT ${privilege} ON ${table} TO ${DISCOVERY};`).join('\n');
  return `
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY own_rows ON ${table} TO ${ORGANIZATION} USING (${isOwn}) WITH CHECK (${isOwn});
    CREATE POLICY all_rows ON ${table} TO ${PLATFORM} USING (true) WITH CHECK (true);
    GRANT ${privileges} ON ${table} TO ${ORGANIZATION}, ${PLATFORM};
    ${discovery.length > 0 ? `CREATE POLICY found_rows ON ${table} TO ${DISCOVERY} USING (true) WITH CHECK (true);` : ''}
    ${found}`;
}

/** SQL that takes back what {@link isolate} gave. */
export const expose = (table: string): string => `
    DROP POLICY own_rows ON ${table};
    DROP POLICY all_rows ON ${table};
    DROP POLICY IF EXISTS found_rows ON ${table};
    REVOKE ALL ON ${table} FROM ${EVERYONE};
    ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY;
    ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY;`;
