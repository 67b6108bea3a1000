/**
 * How PostgreSQL answers a statement, in one line: `Limit < Nested Loop < Index Scan transfers_of_organization (41,231 rows read in
 * vain)`. Runs it; the caller rolls back what it changes.
 *
 * @param {import('pg').Client} client
 * @param {{text: string, values: readonly unknown[]}} statement
 */
export async function describePlan(client, { text, values }) {
  const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, [...values]);
  const [{ Plan: plan }] = rows[0]['QUERY PLAN'];
  const pages = plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
  return `${describe(heaviestPath(plan))}; ${pages.toLocaleString('en-US')} pages`;
}

/**
 * From the top down to the node that took the most time.
 *
 * @param {any} plan
 * @returns {any[]}
 */
function heaviestPath(plan) {
  const path = [plan];
  for (let node = plan; node.Plans?.length > 0; path.push(node)) {
    node = node.Plans.reduce((/** @type {any} */ most, /** @type {any} */ next) =>
      timeOf(next) > timeOf(most) ? next : most,
    );
  }
  return path;
}

/** @param {any} node of all its loops */
function timeOf(node) {
  return node['Actual Total Time'] * node['Actual Loops'];
}

/** @param {any[]} path */
function describe(path) {
  return path
    .map((node) => {
      const where = node['Index Name'] ?? node['Relation Name'] ?? node['CTE Name'];
      const inVain = (node['Rows Removed by Filter'] ?? 0) * node['Actual Loops'];
      const note = inVain > 0 ? ` (${inVain.toLocaleString('en-US')} rows read in vain)` : '';
      return `${node['Node Type']}${where ? ` ${where}` : ''}${note}`;
    })
    .join(' < ');
}
