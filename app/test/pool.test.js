'use strict';
/** How long a query waits for a connection, with connections that are made of nothing. */

const assert = require('node:assert/strict');
const { EventEmitter } = require('node:events');
const { after, test } = require('node:test');
const { asRequest, currentRequestId } = require('../src/context');
const { BoundedPool } = require('../src/pool');

class Connection extends EventEmitter {
  _queryable = true;
  connect(callback) {
    setImmediate(callback);
  }
  end(callback) {
    setImmediate(callback);
  }
}

/** The pool's timers alone keep no process alive; sockets do. */
const alive = setInterval(() => {}, 1000);
after(() => clearInterval(alive));

const WAIT_MS = 60;
/** Twelve queries of 5 ms fit into the wait. */
const LONGEST_QUEUE = 12;

/** A pool of one connection, in use. */
async function exhausted(t) {
  const pool = new BoundedPool({
    Client: Connection,
    max: 1,
    poolTimeoutMs: WAIT_MS,
    connectionTimeoutMillis: 5000,
  });
  const client = await pool.connect();
  t.after(() => pool.end());
  return { pool, client };
}

async function refusal(promise) {
  const started = performance.now();
  const error = await promise.then(assert.fail, (reason) => reason);
  return { message: error.message, ms: performance.now() - started };
}

test('who waits for a connection is refused after the time given', async (t) => {
  const { pool, client } = await exhausted(t);
  const { message, ms } = await refusal(pool.connect());
  client.release();
  assert.equal(message, 'timeout exceeded when trying to connect');
  assert.ok(ms >= WAIT_MS - 2 && ms < 1000, `it took ${ms} ms`);
});

test('who would stand too far back is refused at once, and those in front are not', async (t) => {
  const { pool, client } = await exhausted(t);
  const waiting = Array.from({ length: LONGEST_QUEUE }, () => pool.connect());
  const { message, ms } = await refusal(pool.connect());
  assert.equal(message, '12 queries wait for a connection already');
  assert.ok(ms < WAIT_MS, `it took ${ms} ms`);
  client.release();
  for (const turn of waiting) (await turn).release();
});

test('a query is refused in the same way', async (t) => {
  const { pool, client } = await exhausted(t);
  const waiting = Array.from({ length: LONGEST_QUEUE }, () => refusal(pool.connect()));
  const { message } = await refusal(pool.query('SELECT 1'));
  assert.equal(message, '12 queries wait for a connection already');
  await Promise.all(waiting);
  client.release();
});

test('the pool recovers as soon as a connection comes back', async (t) => {
  const { pool, client } = await exhausted(t);
  await refusal(pool.connect());
  client.release();
  (await pool.connect()).release();
  assert.equal(pool.waitingCount, 0);
});

test('a connection that is made has its own, longer time', async (t) => {
  class Slow extends Connection {
    connect(callback) {
      setTimeout(callback, 2 * WAIT_MS);
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
        connection.release();
        resolve(currentRequestId());
      }),
    );
  });
  asRequest('giving back', () => client.release());
  assert.equal(await served, 'waiting');
});

test('what outlives a request is not its own any more', () => {
  let later;
  const end = asRequest('short', () => {
    later = require('node:async_hooks').AsyncResource.bind(() => currentRequestId());
  });
  assert.equal(later(), 'short');
  end();
  assert.equal(later(), undefined);
});
