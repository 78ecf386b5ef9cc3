'use strict';
const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { join } = require('node:path');
const { test } = require('node:test');
const { promisify } = require('node:util');
const { startCache } = require('./helpers/cache');
const { share } = require('./helpers/harness');
const { startRedisAlone } = require('./helpers/services');

/**
 * @import { Spec } from '../src/types'
 * @import { CacheProcess, RedisServices } from './types'
 */

/** @type {RedisServices} */
let services;
/** @type {CacheProcess} */
let cache;
share(async (keep) => {
  services = keep(await startRedisAlone());
  cache = keep(await startCache(services));
});

/** Runs the command; what it printed. */
async function flush(/** @type {string[]} */ ...args) {
  const command = [join(__dirname, '../src/cli/flush-cache.js'), ...args];
  return (await promisify(execFile)(process.execPath, command, { env: services.env })).stdout;
}

const spec = (/** @type {string} */ name, /** @type {string} */ key, /** @type {string[]} */ tags = []) => ({
  name,
  version: 1,
  key,
  tags,
  ttlMs: 60_000,
});
const outcome = async (/** @type {Spec} */ value) => (await cache.wrap(value, { value: 'computed' })).outcome;

test('all entries of a cache end by its name, and no other', async () => {
  const [one, two, other] = [spec('figures', '1'), spec('figures', '2'), spec('figures_old', '1')];
  for (const value of [one, two, other]) assert.equal(await outcome(value), 'miss');
  assert.equal(await flush('figures'), '2 entries of figures have ended.\n');
  assert.deepEqual([await outcome(one), await outcome(two), await outcome(other)], ['miss', 'miss', 'hit']);
});

test('what is made of something ends by its tag', async () => {
  const [mine, theirs] = [spec('lists', '1', ['members:1']), spec('lists', '2', ['members:2'])];
  for (const value of [mine, theirs]) assert.equal(await outcome(value), 'miss');
  assert.equal(await flush('--tag', 'members:1'), 'What has the tag members:1 has ended.\n');
  assert.deepEqual([await outcome(mine), await outcome(theirs)], ['miss', 'hit']);
  assert.equal(await flush('--tag', 'members:3'), 'Nothing has the tag members:3.\n');
});

test('without a name, or with a pattern, nothing ends', async () => {
  await assert.rejects(flush(), /Name a cache, or --tag TAG/);
  await assert.rejects(flush('*'), /'\*' is no name of a cache/);
});
