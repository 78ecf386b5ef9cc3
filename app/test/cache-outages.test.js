'use strict';
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { startCache } = require('./helpers/cache');
const { eventually } = require('./helpers/children');
const { share } = require('./helpers/harness');
const { startRedisAlone } = require('./helpers/services');

/**
 * @import { Spec } from '../src/types'
 * @import { CacheProcess, RedisServices } from './types'
 */

/** What a read may lose to a Redis that hangs: 100 ms, and a busy machine's own. */
const BOUND_MS = 400;
/** After so many reads that fail the cache leaves Redis alone. */
const FAILURES = 5;

/** @type {RedisServices} */
let services;
/** @type {CacheProcess} */
let one;
/** @type {CacheProcess} */
let other;
share(async (keep) => {
  services = keep(await startRedisAlone());
  one = keep(await startCache(services));
  other = keep(await startCache(services));
});

let specs = 0;
function newSpec() {
  specs += 1;
  return { name: 'test', version: 1, key: `value ${specs}`, tags: [`tag ${specs}`], ttlMs: 60_000 };
}

/** Each read is answered with what it computes, and in time, both while Redis is asked and when it is left alone. */
async function readsWithoutCache(/** @type {CacheProcess} */ cache, /** @type {Spec} */ spec) {
  const times = [];
  for (let n = 0; n < 20; n += 1) {
    const { value, outcome, ms } = await cache.wrap(spec, { value: n });
    assert.deepEqual([value, outcome], [n, 'unavailable']);
    times.push(ms);
  }
  // The quickest: a busy machine delays any of them.
  for (const some of [times.slice(0, FAILURES), times.slice(FAILURES)])
    assert.ok(Math.min(...some) < BOUND_MS, `reads took ${times} ms`);
}

/** Both have values again that they read. */
async function readsAgain() {
  for (const cache of [one, other]) {
    const spec = newSpec();
    const hits = async () => (await cache.wrap(spec, { value: 'kept' })).outcome === 'hit';
    await eventually(hits, { what: 'a hit' });
  }
}

test('without Redis each read computes, at once; when it is back, they hit again', async () => {
  const spec = newSpec();
  await one.wrap(spec, { value: 'kept' });
  await services.redis.stop();
  await readsWithoutCache(one, spec);
  await one.set(spec, 'lost');
  assert.equal(await one.get(spec), undefined);
  await services.redis.start();
  await readsAgain();
});

test('a Redis that hangs costs the first reads 100 ms and the others nothing', async () => {
  const spec = newSpec();
  await one.wrap(spec, { value: 'kept' });
  services.redis.signal('SIGSTOP');
  try {
    await readsWithoutCache(one, spec);
    const times = [];
    for (let read = 0; read < 9; read += 1) times.push((await one.wrap(spec, { value: 'at once' })).ms);
    assert.ok(Math.min(...times) < 50, `they took ${times} ms`);
    assert.match(one.child.output, /cache left alone/);
  } finally {
    services.redis.signal('SIGCONT');
  }
  await readsAgain();
  assert.match(one.child.output, /cache in use again/);
});

test('a Redis that is slow for a moment is a miss, and keeps its connection', async () => {
  const spec = newSpec();
  const connected = () => one.child.output.split('cache connected').length;
  const isMissAndKeeps = async () => {
    await one.wrap(spec, { value: 'kept' });
    const earlier = connected();
    // Longer than a read asks, 100 ms; shorter than the silence of a second that ends a connection.
    services.redis.command('client', 'pause', '400');
    const { value, outcome } = await one.wrap(spec, { value: 'computed' });
    await readsAgain();
    return value === 'computed' && outcome === 'unavailable' && connected() === earlier;
  };
  // More than once: a busy machine may make a second of it, or nothing.
  await eventually(isMissAndKeeps, { what: 'a miss on a connection that is kept' });
});

test('an invalidation that Redis missed is made up for when it is back', async () => {
  const spec = newSpec();
  await one.set(spec, 'old');
  await services.redis.stop();
  await one.invalidate(...spec.tags);
  await services.redis.start();
  await eventually(() => one.child.output.includes('made up for'), { what: 'the repair' });
  await readsAgain();
  assert.equal((await other.wrap(spec, { value: 'new' })).value, 'new');
});

test('until it is, the worker that owes it reads past the cache', async () => {
  const spec = newSpec();
  await one.set(spec, 'old');
  services.redis.command('acl', 'setuser', 'default', '-del');
  try {
    await one.invalidate(...spec.tags);
    const { value, outcome } = await one.wrap(spec, { value: 'new' });
    assert.deepEqual([value, outcome], ['new', 'unavailable']);
    assert.equal(await other.get(spec), 'old', 'Redis has taken it: nothing was owed');
  } finally {
    services.redis.command('acl', 'setuser', 'default', '+del');
  }
  await eventually(async () => (await other.get(spec)) === undefined, { what: 'the repair' });
  const again = async () => (await one.wrap(spec, { value: 'new' })).outcome === 'hit';
  await eventually(again, { what: 'a hit' });
});

test('a worker that waits for another when Redis goes computes by itself', async () => {
  const spec = newSpec();
  const slow = other.wrap(spec, { value: 'theirs', isHeld: true });
  await other.begun(spec);
  const waiting = one.wrap(spec, { value: 'mine' });
  await sleep(50);
  await services.redis.stop();
  assert.equal((await waiting).value, 'mine');
  await other.finish(spec);
  assert.equal((await slow).value, 'theirs');
  await services.redis.start();
  await readsAgain();
});

test('a worker starts without Redis, and uses it when it is there', async () => {
  await services.redis.stop();
  const early = await startCache(services);
  const spec = newSpec();
  assert.equal((await early.wrap(spec, { value: 'computed' })).value, 'computed');
  await services.redis.start();
  const hits = async () => (await early.wrap(spec, { value: 'kept' })).outcome === 'hit';
  await eventually(hits, { what: 'a hit' });
  await early.close();
  early.child.disconnect();
  const [code] = await early.exited;
  assert.equal(code, 0, 'something keeps a closed cache alive');
});
