'use strict';
/** A process of its own with a cache, as a worker has one. */

const { once } = require('node:events');
const { join } = require('node:path');
const { start, stop } = require('./children');

const FIXTURE = join(__dirname, '../fixtures/cache.js');
const CALLS = [
  'get',
  'set',
  'wrap',
  'begun',
  'finish',
  'invalidate',
  'forget',
  'computes',
  'settled',
  'close',
];

/**
 * Starts it, connected; it has the cache's methods. `wrap` takes what the computing gives and how long it takes
 * (`{ value, afterMs, isHeld, error }`) and resolves with `{ value, outcome, ms }`. A computing that is held lasts until
 * `finish`; `begun` resolves once it has begun.
 */
async function startCache(services) {
  const child = start(process.execPath, [FIXTURE], {
    env: { PATH: process.env.PATH, ...services.env, CACHE_REDIS_URL: services.env.REDIS_URL },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const waiting = new Map();
  let calls = 0;
  child.on('message', ({ id, ...answer }) => waiting.get(id)(answer));
  async function call(name, ...args) {
    const id = (calls += 1);
    const answered = new Promise((resolve) => waiting.set(id, resolve));
    child.send({ id, call: name, args });
    const { result, error } = await answered;
    waiting.delete(id);
    if (error) throw new Error(error);
    return result;
  }
  const cache = Object.fromEntries(CALLS.map((name) => [name, (...args) => call(name, ...args)]));
  await cache.settled();
  return { ...cache, child, kill: () => stop(child, 'SIGKILL'), exited: once(child, 'exit') };
}

module.exports = { startCache };
