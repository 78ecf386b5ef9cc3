'use strict';
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { decode, encode } = require('../src/cache/entry');
const { startCache } = require('./helpers/cache');
const { eventually } = require('./helpers/children');
const { share } = require('./helpers/harness');
const { startRedisAlone } = require('./helpers/services');

/**
 * @import { Spec } from '../src/types'
 * @import { CacheProcess, RedisServices } from './types'
 */

const HOUR_MS = 60 * 60 * 1000;
/** After which the turn of a worker that died ends by itself: src/cache/lock.js. */
const LOCK_MS = 10_000;

/** @type {RedisServices} */
let services;
/** Two workers, as of two servers. @type {CacheProcess} */
let one;
/** @type {CacheProcess} */
let other;
share(async (keep) => {
  services = keep(await startRedisAlone());
  one = keep(await startCache(services));
  other = keep(await startCache(services));
});

let specs = 0;
/**
 * A value of its own for each test.
 *
 * @param {Partial<Spec>} [fields]
 * @returns {Spec & { tags: string[] }}
 */
function newSpec(fields = {}) {
  specs += 1;
  return {
    name: 'test',
    version: 1,
    key: `value ${specs}`,
    ttlMs: 60_000,
    ...fields,
    tags: fields.tags ?? [`tag ${specs}`],
  };
}

const redisKey = (/** @type {Spec} */ { name, version, key }) => `cache:${name}:v${version}:${key}`;
const redis = (/** @type {string[]} */ ...command) => services.redis.command(...command).trim();

/** The value, and how it was come by. */
async function seen(
  /** @type {CacheProcess} */ cache,
  /** @type {Spec} */ spec,
  /** @type {import('./helpers/cache').Computing} */ computing,
) {
  const { value, outcome } = await cache.wrap(spec, computing);
  return [value, outcome];
}

test('a value is computed by the first who asks, and read by all others', async () => {
  const spec = newSpec();
  assert.deepEqual(await seen(one, spec, { value: { a: [1] } }), [{ a: [1] }, 'miss']);
  assert.deepEqual(await seen(one, spec, { value: 'not this' }), [{ a: [1] }, 'hit']);
  assert.deepEqual(await seen(other, spec, { value: 'not this' }), [{ a: [1] }, 'hit']);
});

test('get and set go by hand', async () => {
  const spec = newSpec();
  assert.equal(await one.get(spec), undefined);
  await one.set(spec, 'by hand');
  assert.equal(await other.get(spec), 'by hand');
});

test('a value belongs to its cache, its version and its key', async () => {
  const spec = newSpec();
  await one.set(spec, 'kept');
  for (const difference of [{ name: 'another' }, { version: 2 }, { key: 'another' }]) {
    assert.equal(await one.get({ ...spec, ...difference }), undefined);
  }
  assert.equal(redis('exists', `cache:test:v1:${spec.key}`), '1');
});

test('an invalidated tag ends its values and no others, for every worker', async () => {
  const [spec, sibling, stranger] = [newSpec(), newSpec(), newSpec()];
  sibling.tags = [...sibling.tags, ...spec.tags];
  for (const each of [spec, sibling, stranger]) await one.set(each, 'old');
  await other.invalidate(...spec.tags);
  assert.equal(await one.get(spec), undefined);
  assert.equal(await other.get(sibling), undefined);
  assert.equal(await one.get(stranger), 'old');
});

test('a value is forgotten by its key, and its siblings stay', async () => {
  const spec = newSpec();
  const sibling = newSpec({ tags: spec.tags });
  for (const each of [spec, sibling]) await one.set(each, 'old');
  await other.forget(spec);
  assert.equal(await one.get(spec), undefined);
  assert.equal(await one.get(sibling), 'old');
});

for (const [way, end] of /** @type {const} */ ([
  ['by its tag', (/** @type {ReturnType<typeof newSpec>} */ spec) => other.invalidate(...spec.tags)],
  ['by its key', (/** @type {ReturnType<typeof newSpec>} */ spec) => other.forget(spec)],
])) {
  test(`what was being computed when it was invalidated ${way} is given to no later read`, async () => {
    const spec = newSpec();
    const early = one.wrap(spec, { value: 'before', isHeld: true });
    await one.begun(spec);
    await end(spec);
    const later = [one.wrap(spec, { value: 'after' }), other.wrap(spec, { value: 'after' })];
    await one.finish(spec);
    const [same, elsewhere] = await Promise.all(later);
    assert.deepEqual([same.value, elsewhere.value], ['after', 'after']);
    assert.equal((await early).value, 'before');
    assert.equal((await other.wrap(spec, { value: 'after' })).value, 'after');
  });
}

test('a tag whose version Redis has lost ends its values; a new version never matches them', async () => {
  const spec = newSpec();
  await one.set(spec, 'old');
  redis('del', `cache:version:${spec.tags[0]}`);
  assert.equal(await other.get(spec), undefined);
  assert.equal(await one.get(spec), undefined);
});

test('however many ask at the same time, on both workers, one computes', async () => {
  const spec = newSpec();
  const earlier = (await one.computes()) + (await other.computes());
  const asked = Array.from({ length: 40 }, (_, n) =>
    [one, other][n % 2].wrap(spec, { value: 'the same', afterMs: 150 }),
  );
  const found = await Promise.all(asked);
  assert.deepEqual(new Set(found.map(({ value }) => value)), new Set(['the same']));
  assert.equal(found.filter(({ outcome }) => outcome === 'miss').length, 1);
  assert.equal((await one.computes()) + (await other.computes()) - earlier, 1);
});

test('an error is told to whoever asked, and not kept', async () => {
  const times = [];
  for (let turn = 0; turn < 3; turn += 1) {
    const spec = newSpec();
    await assert.rejects(one.wrap(spec, { error: 'no database' }), /no database/);
    const { value, outcome, ms } = await other.wrap(spec, { value: 'now' });
    assert.deepEqual([value, outcome], ['now', 'miss']);
    times.push(ms);
  }
  // Who waits for another's turn to end waits for a second each time.
  assert.ok(Math.min(...times) < 500, `the failed ones kept their turns: ${times} ms`);
});

test('who waits for a worker that died computes after a second', async () => {
  const spec = newSpec();
  const doomed = await startCache(services);
  doomed.wrap(spec, { value: 'never', isHeld: true });
  await doomed.begun(spec);
  await doomed.kill();
  const { value, outcome, ms } = await one.wrap(spec, { value: 'mine' });
  assert.deepEqual([value, outcome], ['mine', 'miss']);
  assert.ok(ms > 900 && ms < LOCK_MS, `it took ${ms} ms`);
  assert.deepEqual(await seen(other, spec, { value: 'not this' }), ['mine', 'hit']);
});

test('nothing is a value too, for ten seconds at most', async () => {
  for (const nothing of [null, undefined]) {
    const spec = newSpec();
    assert.deepEqual(await seen(one, spec, { value: nothing }), [null, 'miss']);
    assert.deepEqual(await seen(other, spec, { value: 'not this' }), [null, 'hit']);
    assert.ok(Number(redis('pttl', redisKey(spec))) <= 10_000);
  }
});

test('an old value is given while a new one is computed, by one worker alone', async () => {
  const spec = newSpec({ ttlMs: 100, staleMs: 60_000 });
  await one.set(spec, 'old');
  await sleep(150);
  const earlier = (await one.computes()) + (await other.computes());
  const asked = Array.from({ length: 20 }, (_, n) =>
    [one, other][n % 2].wrap(spec, { value: 'new', isHeld: true }),
  );
  for (const { value, outcome } of await Promise.all(asked)) {
    assert.deepEqual([value, outcome], ['old', 'stale']);
  }
  await Promise.all([one.finish(spec), other.finish(spec)]);
  await eventually(async () => (await other.get(spec)) === 'new', { what: 'the new value' });
  assert.equal((await one.computes()) + (await other.computes()) - earlier, 1);
});

test('an old value that was invalidated is not given any more', async () => {
  const spec = newSpec({ ttlMs: 100, staleMs: 60_000 });
  await one.set(spec, 'old');
  await sleep(150);
  await one.invalidate(...spec.tags);
  assert.deepEqual(await seen(other, spec, { value: 'new' }), ['new', 'miss']);
});

test('a value of more than 256 KiB is not kept', async () => {
  const spec = newSpec();
  const { value } = await one.wrap(spec, { value: 'x'.repeat(256 * 1024) });
  assert.equal(String(value).length, 256 * 1024);
  assert.equal(redis('exists', redisKey(spec)), '0');
  await one.set(spec, 'x'.repeat(255 * 1024));
  assert.equal(redis('exists', redisKey(spec)), '1');
});

test('times over an hour are refused by name', async () => {
  const message =
    "The cache 'test' keeps values for 3600001 ms. Let ttlMs and staleMs add up to 3600000 at most.";
  await assert.rejects(one.wrap(newSpec({ ttlMs: HOUR_MS, staleMs: 1 }), { value: 1 }), { message });
});

test('lives end apart: never later than they should, and up to a tenth earlier', () => {
  const lives = Array.from({ length: 1000 }, () => encode('x', 'v', { ttlMs: 10_000 })?.lifeMs ?? NaN);
  assert.ok(Math.min(...lives) >= 9000 && Math.max(...lives) <= 10_000);
  assert.ok(new Set(lives.map((life) => Math.floor(life / 100))).size >= 9, 'they end together');
});

test('an entry is good under its own versions alone', () => {
  const { text = '' } = encode('x', 'a b', { ttlMs: 1000 }) ?? {};
  assert.deepEqual(decode(text, 'a b'), { value: 'x', isFresh: true });
  for (const versions of ['a', 'b a', 'a c', '']) assert.equal(decode(text, versions), undefined);
});

test('a Redis that is full keeps no new value, and still ends the old ones', async () => {
  const [spec, late] = [newSpec(), newSpec()];
  await one.set(spec, 'old');
  redis('config', 'set', 'maxmemory', '1');
  try {
    assert.deepEqual((await seen(one, late, { value: 'computed' }))[0], 'computed');
    assert.equal(redis('exists', redisKey(late)), '0');
    await one.invalidate(...spec.tags);
    assert.equal((await other.wrap(spec, { value: 'new' })).value, 'new');
  } finally {
    redis('config', 'set', 'maxmemory', '0');
  }
});

test('every key in Redis ends by itself', () => {
  const immortal = `local found = {}
    for _, key in ipairs(redis.call('keys', '*')) do
      if redis.call('pttl', key) < 0 then table.insert(found, key) end
    end
    return found`;
  assert.ok(Number(redis('dbsize')) > 20);
  assert.equal(redis('eval', immortal, '0'), '');
});
