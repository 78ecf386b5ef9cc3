'use strict';
/**
 * The queries that cost most, since the statistics began or since a snapshot: `npm run queries:top -- --help`.
 *
 *     npm run queries:top -- --save before.json      # under load, before a change
 *     npm run queries:top -- --since before.json     # under load, after it: each query's cost after and before
 */

const { readFileSync, writeFileSync } = require('node:fs');
const { parseArgs } = require('node:util');
const pg = require('pg');
const { z } = require('zod');
const { databaseUrl } = require('../process/config');
const { oneLine } = require('../postgres/slow-queries');
const { between, cost, costliest, NOT_INSTALLED, statements } = require('../postgres/top-queries');

const HELP = `npm run queries:top -- [--top N] [--save FILE] [--since FILE] [--json]

The queries of DATABASE_URL's user that took most of the database's time.
  --top N       how many (10)
  --save FILE   writes what was counted so far, to compare with later
  --since FILE  what was counted since FILE was saved, and, in brackets, until then
  --json        as JSON
`;
/** Characters of a query's text in the table. */
const WIDTH = 100;

const count = z.number().nonnegative();
const snapshot = z.array(
  z.strictObject({
    id: z.string(),
    query: z.string(),
    calls: count,
    totalMs: count,
    rows: count,
    hits: count,
    reads: count,
  }),
);

/** A use of the command that can't be granted; the message is all that is shown. */
class UsageError extends Error {
  name = 'UsageError';
}

function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean' },
      json: { type: 'boolean' },
      save: { type: 'string' },
      since: { type: 'string' },
      top: { type: 'string', default: '10' },
    },
  });
  if (!/^[1-9]\d{0,3}$/.test(values.top)) {
    throw new UsageError(`--top is '${values.top}'. Give a whole number from 1 to 9999.`);
  }
  return { ...values, top: Number(values.top) };
}

function readSnapshot(file) {
  try {
    return snapshot.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if (error.code === 'ENOENT') throw new UsageError(`There is no ${file}. Make it with --save ${file}.`);
    throw new UsageError(`${file} is no snapshot of --save.`);
  }
}

/** @returns the costliest queries, each with its cost and, where it was counted in the snapshot too, its cost until then */
function report(now, earlier, top) {
  const before = new Map(earlier.map((statement) => [statement.id, statement]));
  return costliest(between(now, earlier), top).map((statement) => ({
    query: oneLine(statement.query),
    ...cost(statement),
    ...(before.has(statement.id) && { before: cost(before.get(statement.id)) }),
  }));
}

function table(rows) {
  const columns = {
    'total ms': ({ totalMs }) => totalMs.toFixed(1),
    calls: ({ calls }) => String(calls),
    'mean ms': ({ meanMs }) => meanMs.toFixed(3),
    rows: (one) => String(one.rows),
    'hit ratio': ({ hitRatio }) => hitRatio?.toFixed(3) ?? '-',
  };
  const cells = rows.map((row) =>
    Object.values(columns).map((show) => show(row) + (row.before ? ` (${show(row.before)})` : '')),
  );
  const heads = Object.keys(columns);
  const widths = heads.map((head, at) => Math.max(head.length, ...cells.map((line) => line[at].length)));
  const line = (values, text) =>
    [...values.map((value, at) => value.padStart(widths[at])), text].join('  ').trimEnd();
  return [
    line(heads, 'query'),
    ...rows.map(({ query }, at) => line(cells[at], query.slice(0, WIDTH))),
    '',
  ].join('\n');
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return process.stdout.write(HELP);
  const earlier = options.since ? readSnapshot(options.since) : [];
  const database = new pg.Client({ connectionString: databaseUrl(process.env) });
  await database.connect();
  try {
    const now = await statements(database);
    if (options.save) writeFileSync(options.save, JSON.stringify(now));
    const rows = report(now, earlier, options.top);
    process.stdout.write(options.json ? `${JSON.stringify(rows, null, 2)}\n` : table(rows));
  } catch (error) {
    if (!NOT_INSTALLED.has(error.code)) throw error;
    throw new UsageError(
      "pg_stat_statements is not there. Set Postgres' shared_preload_libraries to 'pg_stat_statements', restart it, " +
        'and run CREATE EXTENSION pg_stat_statements in the database as its superuser.',
    );
  } finally {
    await database.end();
  }
}

main().catch((error) => {
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = 1;
});
