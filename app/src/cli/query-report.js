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
const { codeOf } = require('../process/thrown');
const { oneLine } = require('../postgres/slow-queries');
const { between, cost, costliest, isNotInstalled, statements } = require('../postgres/top-queries');

/** @import { Cost, Statement } from '../types' */

const HELP = `npm run queries:top -- [--top N] [--save FILE] [--since FILE] [--json]

The queries of DATABASE_URL's user that took most of the database's time.
  --top N       how many (10)
  --save FILE   writes what was counted so far, to compare with later
  --since FILE  what was counted since FILE was saved, and, in brackets, until then
  --json        as JSON
`;
/** @typedef {{ query: string, before?: Cost } & Cost} Row before: its cost until the snapshot, if it was counted then */

/** Characters of a query's text in the table. */
const WIDTH = 100;

const figure = z.number().nonnegative();
const snapshot = z.array(
  z.strictObject({
    id: z.string(),
    query: z.string(),
    calls: figure,
    totalMs: figure,
    rows: figure,
    hits: figure,
    reads: figure,
  }),
);

/** A use of the command that can't be granted; the message is all that is shown. */
class UsageError extends Error {
  name = 'UsageError';
}

/** @param {string[]} args */
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

/**
 * @param {string} file
 * @returns {Statement[]}
 */
function readSnapshot(file) {
  try {
    return snapshot.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new UsageError(`There is no ${file}. Make it with --save ${file}.`);
    throw new UsageError(`${file} is no snapshot of --save.`);
  }
}

/**
 * @param {Statement[]} now
 * @param {Statement[]} earlier
 * @param {number} top
 * @returns {Row[]} the costliest queries
 */
function report(now, earlier, top) {
  const before = new Map(earlier.map((statement) => [statement.id, statement]));
  return costliest(between(now, earlier), top).map((statement) => {
    const known = before.get(statement.id);
    return {
      query: oneLine(statement.query),
      ...cost(statement),
      ...(known && { before: cost(known) }),
    };
  });
}

/** @param {Row[]} rows */
function table(rows) {
  /** @type {Record<string, (cost: Cost) => string>} */
  const columns = {
    'total ms': ({ totalMs }) => totalMs.toFixed(1),
    calls: ({ calls }) => String(calls),
    'mean ms': ({ meanMs }) => meanMs.toFixed(3),
    rows: ({ rows: count }) => String(count),
    'hit ratio': ({ hitRatio }) => hitRatio?.toFixed(3) ?? '-',
  };
  const cells = rows.map((row) =>
    Object.values(columns).map((show) => show(row) + (row.before ? ` (${show(row.before)})` : '')),
  );
  const heads = Object.keys(columns);
  const widths = heads.map((head, at) => Math.max(head.length, ...cells.map((line) => line[at].length)));
  /** @type {(values: string[], text: string) => string} */
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
    if (!isNotInstalled(error)) throw error;
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
