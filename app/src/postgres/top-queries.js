'use strict';
/**
 * Which queries cost the database most, as its extension pg_stat_statements counts them: those of the user who asks, in
 * the database that is asked. Their texts have $1 in the place of each value; those of other statements, such as
 * ALTER ROLE, have not, and are left out.
 */

const { codeOf, messageOf } = require('../process/thrown');
const { oneLine } = require('./slow-queries');

/** @import { Cost, Log, Statement } from '../types' */

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
 * Whether Postgres has no statistics.
 *
 * @param {unknown} error
 */
const isNotInstalled = (error) => NOT_INSTALLED.has(codeOf(error) ?? '');

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
 * @returns {Statement[]} what was counted in between; all of a query whose count began again meanwhile
 */
function between(later, earlier) {
  const before = new Map(earlier.map((statement) => [statement.id, statement]));
  return later
    .map((statement) => {
      const old = before.get(statement.id);
      if (!old || old.calls > statement.calls) return statement;
      /** @param {Exclude<keyof Statement, 'id' | 'query'>} field */
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

/** @param {number} value */
const round = (value) => Math.round(value * 1000) / 1000;

/**
 * Writes the costliest queries of each five minutes into the log, one a line.
 *
 * @param {{ database: { query: (text: string) => Promise<{ rows: Statement[] }> },
 *   log: Log, intervalMs?: number }} options
 * @returns {{ close: () => Promise<void> }}
 */
function reportTopQueries({ database, log, intervalMs = INTERVAL_MS }) {
  /** @type {Statement[] | undefined} */
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
      log.error('top queries are unknown', { error: messageOf(error) });
      if (isNotInstalled(error)) clearInterval(timer);
    });
  const timer = setInterval(tryToLook, intervalMs).unref();
  tryToLook();
  return { close: async () => clearInterval(timer) };
}

module.exports = { between, cost, costliest, isNotInstalled, reportTopQueries, statements };
