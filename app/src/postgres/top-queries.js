'use strict';
/**
 * Which queries cost the database most, as its extension pg_stat_statements counts them: those of the user who asks, in
 * the database that is asked. Their texts have $1 in the place of each value; those of other statements, such as
 * ALTER ROLE, have not, and are left out.
 */

const { oneLine } = require('./slow-queries');

const INTERVAL_MS = 5 * 60_000;
const TOP = 10;
/** Characters of a query's text in the log. */
const LONGEST = 1000;
/** Postgres' codes for a view that nobody made, and for a library that is not loaded. */
const NOT_INSTALLED = new Set(['42P01', '55000']);

const STATEMENTS = `
  SELECT queryid::text AS id, min(query) AS query, sum(calls)::float8 AS calls, sum(total_exec_time) AS "totalMs",
         sum(rows)::float8 AS rows, sum(shared_blks_hit)::float8 AS hits, sum(shared_blks_read)::float8 AS reads
  FROM pg_stat_statements
  WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND userid = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    AND query ~* '^\\s*(select|insert|update|delete|merge|with|begin|commit|rollback)\\y'
    AND query NOT LIKE '%pg_stat_statements%'
  GROUP BY queryid`;

/**
 * @typedef {{ id: string, query: string, calls: number, totalMs: number, rows: number, hits: number, reads: number }}
 *   Statement hits and reads: blocks that were in the server's memory, and that were not
 * @typedef {{ calls: number, meanMs: number, totalMs: number, rows: number, hitRatio: number | null }} Cost
 *   hitRatio: of the blocks, those that were in memory, from 0 to 1; null where none was touched
 */

/**
 * @param {{ query: (text: string) => Promise<{ rows: Statement[] }> }} database
 * @returns {Promise<Statement[]>} all that was counted since the statistics began
 */
async function statements(database) {
  return (await database.query(STATEMENTS)).rows;
}

/**
 * @param {Statement[]} later
 * @param {Statement[]} earlier
 * @returns {Statement[]} what was counted in between; all of a query whose count began anew meanwhile
 */
function between(later, earlier) {
  const before = new Map(earlier.map((statement) => [statement.id, statement]));
  return later
    .map((statement) => {
      const old = before.get(statement.id);
      if (!old || old.calls > statement.calls) return statement;
      const grown = (field) => statement[field] - old[field];
      return {
        ...statement,
        calls: grown('calls'),
        totalMs: grown('totalMs'),
        rows: grown('rows'),
        hits: grown('hits'),
        reads: grown('reads'),
      };
    })
    .filter(({ calls }) => calls > 0);
}

/**
 * @param {Statement[]} counted
 * @param {number} count
 * @returns {Statement[]} those that took most of the time, the costliest first
 */
function costliest(counted, count) {
  return counted.toSorted((a, b) => b.totalMs - a.totalMs).slice(0, count);
}

/**
 * @param {Statement} statement
 * @returns {Cost}
 */
function cost({ calls, totalMs, rows, hits, reads }) {
  return {
    calls,
    meanMs: round(totalMs / calls),
    totalMs: round(totalMs),
    rows,
    hitRatio: hits + reads > 0 ? round(hits / (hits + reads)) : null,
  };
}

const round = (value) => Math.round(value * 1000) / 1000;

/**
 * Writes the costliest queries of each five minutes into the log, one a line.
 *
 * @param {{ database: { query: (text: string) => Promise<{ rows: Statement[] }> },
 *   log: import('../process/log').Log, intervalMs?: number }} options
 * @returns {{ close: () => Promise<void> }}
 */
function reportTopQueries({ database, log, intervalMs = INTERVAL_MS }) {
  let earlier;

  async function look() {
    const now = await statements(database);
    for (const statement of earlier ? costliest(between(now, earlier), TOP) : []) {
      log.info('top queries', { query: oneLine(statement.query).slice(0, LONGEST), ...cost(statement) });
    }
    earlier = now;
  }

  const tryToLook = () =>
    look().catch((error) => {
      log.error('top queries are unknown', { error: error.message });
      if (NOT_INSTALLED.has(error.code)) clearInterval(timer);
    });
  const timer = setInterval(tryToLook, intervalMs).unref();
  tryToLook();
  return { close: async () => clearInterval(timer) };
}

module.exports = { between, cost, costliest, NOT_INSTALLED, reportTopQueries, statements };
