'use strict';
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { test } = require('node:test');
const { setImmediate, setTimeout: sleep } = require('node:timers/promises');
const { between, cost, reportTopQueries } = require('../src/postgres/top-queries');
const { loggedIn, startApp } = require('./helpers/app');
const { share } = require('./helpers/harness');
const { startServices } = require('./helpers/services');

/**
 * @import { Cost, Log, Statement } from '../src/types'
 * @import { App, Services, User } from './types'
 */

const REPORT = join(__dirname, '../src/cli/query-report.js');
const MEMBER = { firstName: 'Ada', lastName: 'Abbott', phone: '+15550100123', email: 'ada@example.org' };

/** @type {Services} */
let services;
/** @type {App} */
let app;
/** @type {User} */
let user;
share(async (keep) => {
  services = keep(await startServices());
  services.postgres.query('CREATE EXTENSION pg_stat_statements');
  app = keep(await startApp(services));
  user = await loggedIn(app.url);
  await user.post('/members', MEMBER);
});

const file = (/** @type {string} */ name) => join(services.folder, name);

function report(/** @type {readonly string[]} */ args, env = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [REPORT, ...args], {
    env: { ...services.env, ...env },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** @returns {Row[]} */
function json(/** @type {string[]} */ ...args) {
  const { status, stdout, stderr } = report(['--json', '--top', '1000', ...args]);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

/** @typedef {{ query: string, before?: Cost } & Cost} Row */
/** @typedef {Omit<Statement, 'id' | 'query'>} Counts */

function insert(/** @type {Row[]} */ rows) {
  const row = rows.find(({ query }) => query.startsWith('INSERT INTO "public"."Member"'));
  assert.ok(row);
  return row;
}

test('the table has a line for each query, the costliest first, without a value of anyone', () => {
  const { status, stdout, stderr } = report(['--top', '1000']);
  assert.equal(status, 0, stderr);
  const [head, ...lines] = stdout.trimEnd().split('\n');
  assert.match(head, /^ *total ms +calls +mean ms +rows +hit ratio +query$/);
  const totals = lines.map((line) => parseFloat(line));
  assert.deepEqual(
    totals,
    totals.toSorted((a, b) => b - a),
  );
  assert.match(insert(json()).query, /VALUES \(\$1,\$2,/);
  for (const value of [MEMBER.phone, MEMBER.email, MEMBER.firstName, 'CREATE TABLE']) {
    assert.ok(!stdout.includes(value), value);
  }
});

test('since a snapshot only what came after it counts, beside what came before', async () => {
  json('--save', file('before.json'));
  assert.ok(!readFileSync(file('before.json'), 'utf8').includes(MEMBER.phone));
  for (const phone of ['+15550100124', '+15550100125']) await user.post('/members', { ...MEMBER, phone });
  const rows = json('--since', file('before.json'));
  const { calls, rows: count, before: earlier } = insert(rows);
  assert.deepEqual([calls, count, earlier?.calls], [2, 2, 1]);
  assert.ok(rows.every((row) => row.calls > 0));
  assert.match(report(['--since', file('before.json')]).stdout, / 2 \(1\) /);
});

test('a query that nobody asked since has no line', () => {
  json('--save', file('now.json'));
  // The app itself asks how many messages wait, every five seconds.
  const since = json('--since', file('now.json')).filter(({ query }) => !query.includes('"SmsOutbox"'));
  assert.deepEqual(since, []);
});

test('statistics that began again are counted from there', async () => {
  json('--save', file('old.json'));
  services.postgres.query('SELECT pg_stat_statements_reset()');
  await user.post('/members', { ...MEMBER, phone: '+15550100126' });
  assert.equal(insert(json('--since', file('old.json'))).calls, 1);
});

test('what can not be granted is said in one line with the remedy', () => {
  writeFileSync(file('wrong.json'), '{"a":1}');
  for (const [args, message] of /** @type {const} */ ([
    [['--top', '0'], "UsageError: --top is '0'. Give a whole number from 1 to 9999.\n"],
    [['--since', 'nowhere'], 'UsageError: There is no nowhere. Make it with --save nowhere.\n'],
    [['--since', file('wrong.json')], `UsageError: ${file('wrong.json')} is no snapshot of --save.\n`],
  ])) {
    const { status, stdout, stderr } = report(args);
    assert.deepEqual([status, stdout, stderr], [1, '', message]);
  }
  const DATABASE_URL = services.env.DATABASE_URL.replace('/app?', '/postgres?');
  assert.match(report([], { DATABASE_URL }).stderr, /^UsageError: pg_stat_statements is not there\. Set /);
});

const FIELDS = /** @type {const} */ (['calls', 'totalMs', 'rows', 'hits', 'reads']);

/** A database whose counts grow by `growth` at each look, or which throws it. */
function looked(/** @type {(Partial<Counts> | Error)[]} */ growth) {
  let looks = 0;
  const counted = { calls: 0, totalMs: 0, rows: 0, hits: 0, reads: 0 };
  return {
    get looks() {
      return looks;
    },
    async query() {
      const step = growth[Math.min(looks++, growth.length - 1)];
      if (step instanceof Error) throw step;
      for (const field of FIELDS) counted[field] += step[field] ?? 0;
      return { rows: [{ id: '1', query: 'SELECT  $1\n', ...counted }] };
    },
  };
}

/** What a report writes until it has looked as often as that. */
async function written(/** @type {ReturnType<typeof looked>} */ database, /** @type {number} */ looks) {
  /** @type {{ level: string, message: string }[]} */
  const lines = [];
  /** @type {(level: string) => Log['info']} */
  const write = (level) => (message, fields) => lines.push({ level, message, ...fields });
  const close = reportTopQueries({
    database,
    log: { info: write('info'), error: write('error') },
    intervalMs: 20,
  }).close;
  while (database.looks < looks) await sleep(20);
  await setImmediate(); // the last look's lines are written
  await close();
  return lines;
}

test('each interval the log tells what it alone cost, and nothing of before the start', async () => {
  const database = looked([
    { calls: 100, totalMs: 9000 },
    { calls: 4, totalMs: 10, rows: 8, hits: 3, reads: 1 },
    {},
  ]);
  const lines = await written(database, 5);
  assert.deepEqual(lines, [
    {
      level: 'info',
      message: 'top queries',
      query: 'SELECT $1',
      calls: 4,
      meanMs: 2.5,
      totalMs: 10,
      rows: 8,
      hitRatio: 0.75,
    },
  ]);
});

test('an outage costs a look, a database without the extension all of them', async () => {
  const outage = looked([{}, new Error('away'), { calls: 1, totalMs: 1 }, {}]);
  assert.deepEqual(
    (await written(outage, 5)).map(({ level }) => level),
    ['error', 'info'],
  );
  const bare = looked([Object.assign(new Error('no such view'), { code: '42P01' })]);
  assert.equal((await written(bare, 1)).length, 1);
  await sleep(200);
  assert.equal(bare.looks, 1);
});

test('what came in between adds up, for any counts', () => {
  const at = (/** @type {number} */ calls, /** @type {number} */ totalMs) => ({
    id: '1',
    query: 'SELECT $1',
    calls,
    totalMs,
    rows: calls,
    hits: 0,
    reads: 0,
  });
  for (let turn = 0; turn < 200; turn++) {
    const [early, more] = [Math.floor(Math.random() * 50), Math.floor(Math.random() * 50)];
    const [statement] = between([at(early + more, 2 * (early + more))], [at(early, 2 * early)]);
    if (more === 0) assert.equal(statement, undefined);
    else {
      assert.deepEqual(cost(statement), {
        calls: more,
        meanMs: 2,
        totalMs: 2 * more,
        rows: more,
        hitRatio: null,
      });
    }
  }
});
