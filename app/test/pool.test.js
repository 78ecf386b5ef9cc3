'use strict';
/** How long a query waits for a connection, with connections that are made of nothing. */

const assert = require('node:assert/strict');
const { AsyncResource } = require('node:async_hooks');
const { after, test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const pg = require('pg');
const { asRequest, currentRequest } = require('../src/process/context');
const { BoundedPool } = require('../src/postgres/pool');

class Connection extends pg.Client {
  constructor(opensInMs = 0) {
    super();
    Object.assign(this, {
      connect: (/** @type {() => void} */ opened) => setTimeout(opened, opensInMs),
      end: setImmediate,
    });
  }
}

/** The pool's timers alone keep no process alive; sockets do. */
const alive = setInterval(() => {}, 1000);
after(() => clearInterval(alive));

const WAIT_MS = 100;
/** How long the connection was used before: two waiting ones would have to wait longer than they may. */
const USE_MS = 60;

/** A pool of one connection, in use, which was used before. */
async function exhausted(/** @type {import('node:test').TestContext} */ t) {
  const pool = new BoundedPool({
    Client: Connection,
    max: 1,
    poolTimeoutMs: WAIT_MS,
    connectionTimeoutMillis: 5000,
  });
  t.after(() => pool.end());
  const earlier = await pool.connect();
  await sleep(USE_MS);
  earlier.release();
  return { pool, client: await pool.connect() };
}

async function refusal(/** @type {Promise<unknown>} */ promise) {
  const started = performance.now();
  const error = await promise.then(
    () => assert.fail('it was let in'),
    (/** @type {Error} */ reason) => reason,
  );
  return { message: error.message, ms: performance.now() - started };
}

const TOO_LATE = /^a connection would be free in \d+ ms$/;

test('who waits for a connection is refused after the time given', async (t) => {
  const { pool, client } = await exhausted(t);
  const { message, ms } = await refusal(pool.connect());
  client.release();
  assert.equal(message, 'timeout exceeded when trying to connect');
  assert.ok(ms >= WAIT_MS - 2, `it took ${ms} ms`);
});

test('who would wait too long is refused at once, and those in front are not', async (t) => {
  const { pool, client } = await exhausted(t);
  const inFront = pool.connect();
  for (const late of [() => pool.connect(), () => pool.query('SELECT 1')]) {
    // Who waits is told another reason.
    assert.match((await refusal(late())).message, TOO_LATE);
  }
  client.release();
  (await inFront).release();
});

test('a request that was let in goes on, however long the queue, and its siblings with it', async (t) => {
  const { pool, client } = await exhausted(t);
  const ask = (/** @type {string} */ id, /** @type {number} */ count) =>
    new Promise((resolve) => {
      asRequest(id, () => resolve(Array.from({ length: count }, () => pool.connect())));
    });
  const [first, ...siblings] = await ask('let in', 3);
  const refused = await ask('refused', 3);
  for (const one of refused) assert.match((await refusal(one)).message, /^a connection would be free/);
  client.release();
  for (const turn of [first, ...siblings]) (await turn).release();
});

test('the pool recovers as soon as a connection comes back', async (t) => {
  const { pool, client } = await exhausted(t);
  await refusal(pool.connect());
  client.release();
  (await pool.connect()).release();
  assert.equal(pool.waitingCount, 0);
});

test('short uses after a long one let more in again', async (t) => {
  const { pool, client } = await exhausted(t);
  client.release();
  for (let use = 0; use < 100; use++) (await pool.connect()).release();
  const again = await pool.connect();
  const waiting = Array.from({ length: 5 }, () => pool.connect());
  again.release();
  for (const turn of waiting) (await turn).release();
});

test('a connection that is made has its own, longer time', async (t) => {
  class Slow extends Connection {
    constructor() {
      super(2 * WAIT_MS);
    }
  }
  const pool = new BoundedPool({
    Client: Slow,
    max: 1,
    poolTimeoutMs: WAIT_MS,
    connectionTimeoutMillis: 5000,
  });
  t.after(() => pool.end());
  (await pool.connect()).release();
});

test('who is given a connection by another request goes on as itself', async (t) => {
  const { pool, client } = await exhausted(t);
  const served = new Promise((resolve) => {
    asRequest('waiting', () =>
      pool.connect((_error, connection) => {
        connection?.release();
        resolve(currentRequest()?.id);
      }),
    );
  });
  asRequest('giving back', () => client.release());
  assert.equal(await served, 'waiting');
});

test('what outlives a request is not its own any more', () => {
  let later = () => currentRequest()?.id;
  const end = asRequest('short', () => {
    later = AsyncResource.bind(later);
  });
  assert.equal(later(), 'short');
  end();
  assert.equal(later(), undefined);
});
