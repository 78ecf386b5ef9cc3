'use strict';
/**
 * A cache in Redis: never an error, and while Redis is away or slow nothing but misses.
 *
 * A value belongs to a cache (`name`, `version`, how long it is good), has a key in it, and tags: what it is made of.
 * A write invalidates tags before it is answered; no read that begins after the answer is given what was before it,
 * by any worker of any server. What can go wrong with that: docs/cache.md.
 */

const { setTimeout: sleep } = require('node:timers/promises');
const { cacheReads } = require('../metrics/metrics');
const { messageOf } = require('../process/thrown');
const { openRedis } = require('../redis/client');
const { createBreaker } = require('./breaker');
const { decode, encode, lifeMs, LONGEST_MS } = require('./entry');
const { createInvalidations } = require('./invalidations');
const { lockOf } = require('./lock');
const { establish, versionKey } = require('./versions');

/** @import { Log, Outcome, Spec } from '../types' */

/** What each command may take. A read has the database to turn to; a write waits as long as for its session. */
const COMMAND_MS = { mGet: 100, set: 100, eval: 100, del: 1000 };
/** How long a read waits for a value that another worker computes, before it computes its own. */
const PATIENCE_MS = 1000;
/** Between two looks whether it is there, first and at last: a subscription would not tell of a worker that died. */
const LOOK_MS = { first: 10, longest: 50 };
/** How long a tag has its version: two lives of the longest entry, as many entries end with it. A value's own ends sooner. */
const TAG_MS = 2 * LONGEST_MS;

/** @typedef {{ entry?: ReturnType<typeof decode>, versions?: string, lock?: ReturnType<typeof lockOf> }} Turn */

/** @param {{ url: string, log: Log }} options */
function createCache({ url, log }) {
  const redis = openRedis({ url, log, name: 'cache', commandMs: COMMAND_MS });
  const guarded = createBreaker({ log });
  const invalidations = createInvalidations({ redis, log });
  /**
   * Values that this worker is about to have, by key and versions: a read may only join one that knows its writes.
   *
   * @type {Map<string, Promise<unknown>>}
   */
  const flights = new Map();
  /** Keys whose old value is being replaced. @type {Set<string>} */
  const refreshing = new Set();

  /**
   * The value, or null for nothing; undefined when the cache does not know.
   *
   * @param {Spec} spec
   */
  async function get(spec) {
    const state = await look(spec);
    const { entry } = state ?? {};
    note(spec, !state ? 'unavailable' : !entry ? 'miss' : entry.isFresh ? 'hit' : 'stale');
    return entry?.value;
  }

  /**
   * Keeps a value that was read after every write that was answered before this call; `wrap` sees to that itself.
   *
   * @param {Spec} spec
   * @param {unknown} value
   */
  async function set(spec, value) {
    const state = await look(spec);
    if (state) await store(spec, state.versions, value ?? null);
  }

  /**
   * The value, computed when the cache does not have it: once, however many workers want it at the same time.
   *
   * @template T
   * @param {Spec} spec
   * @param {() => Promise<T>} compute its error is the caller's, and is not kept; undefined becomes null
   * @returns {Promise<T>}
   */
  async function wrap(spec, compute) {
    // What is under a spec is what its compute gave: whoever changes the shape gives the spec another version.
    return /** @type {T} */ (await found(spec, compute));
  }

  /** @param {Spec} spec @param {() => Promise<unknown>} compute */
  async function found(spec, compute) {
    const state = await look(spec);
    if (!state) {
      note(spec, 'unavailable');
      return (await compute()) ?? null;
    }
    const { entry, versions } = state;
    if (entry) {
      note(spec, entry.isFresh ? 'hit' : 'stale');
      if (!entry.isFresh) refresh(spec, compute);
      return entry.value;
    }
    const flight = `${keyOf(spec)} ${versions}`;
    if (flights.has(flight)) note(spec, 'hit');
    else
      flights.set(
        flight,
        fly(spec, compute).finally(() => flights.delete(flight)),
      );
    return flights.get(flight);
  }

  /**
   * Ends every value with one of these tags.
   *
   * @param {string[]} tags
   */
  async function invalidate(...tags) {
    await invalidations.remove(tags);
  }

  /**
   * Ends one value.
   *
   * @param {Spec} spec
   */
  async function forget(spec) {
    await invalidations.remove([keyOf(spec)]);
  }

  /**
   * Waits for the turn to compute, or for the value of whoever has it.
   *
   * @param {Spec} spec
   * @param {() => Promise<unknown>} compute
   */
  async function fly(spec, compute) {
    const turn = await take(spec, PATIENCE_MS).catch(() => undefined);
    if (turn?.entry) {
      note(spec, 'hit');
      return turn.entry.value;
    }
    note(spec, 'miss');
    return computed(spec, turn ?? {}, compute);
  }

  /**
   * A new value in place of one whose time is over, which readers are given meanwhile.
   *
   * @param {Spec} spec
   * @param {() => Promise<unknown>} compute
   */
  async function refresh(spec, compute) {
    const key = keyOf(spec);
    if (refreshing.has(key)) return;
    refreshing.add(key);
    try {
      const turn = await take(spec, 0);
      if (turn.lock) await computed(spec, turn, compute);
    } catch (error) {
      log.error('cache refresh', { cache: spec.name, error: messageOf(error) });
    } finally {
      refreshing.delete(key);
    }
  }

  /**
   * @param {Spec} spec
   * @param {number} patienceMs
   * @returns {Promise<Turn>} the fresh entry that someone has made meanwhile, or the versions to compute under, with
   *   the lock if it is ours
   */
  async function take(spec, patienceMs) {
    const lock = lockOf(redis, keyOf(spec));
    const end = performance.now() + patienceMs;
    for (let pauseMs = LOOK_MS.first; ; pauseMs = Math.min(2 * pauseMs, LOOK_MS.longest)) {
      // In this order on the wire: whoever had the lock before us has stored the value before releasing it.
      const [isOurs, { entry, versions }] = await guarded(() => Promise.all([lock.take(), read(spec)])).catch(
        (error) => {
          lock.release(); // Redis may have got to it all the same, and others would wait for nobody
          throw error;
        },
      );
      if (entry?.isFresh) {
        if (isOurs) lock.release();
        return { entry };
      }
      if (isOurs) return { versions, lock };
      if (performance.now() >= end) return { versions };
      await sleep(pauseMs);
    }
  }

  /** @param {Spec} spec @param {Turn} turn @param {() => Promise<unknown>} compute */
  async function computed(spec, { versions, lock }, compute) {
    try {
      const value = (await compute()) ?? null;
      if (versions) await store(spec, versions, value);
      return value;
    } finally {
      lock?.release();
    }
  }

  /** @param {Spec} spec @param {string} versions @param {unknown} value */
  async function store(spec, versions, value) {
    const entry = encode(value, versions, spec);
    if (!entry) return;
    const expiration = /** @type {const} */ ({ type: 'PX', value: entry.lifeMs });
    await guarded(() => redis.set(keyOf(spec), entry.text, { expiration })).catch(() => {});
  }

  /**
   * What Redis knows; undefined when it is not to be asked, or does not answer.
   *
   * @param {Spec} spec
   */
  async function look(spec) {
    lifeMs(spec); // throws: a mistake in the program must not look like an outage
    if (invalidations.isOwed(tagsOf(spec))) return undefined;
    return guarded(() => read(spec)).catch(() => undefined);
  }

  /** @param {Spec} spec */
  async function read(spec) {
    const tags = tagsOf(spec);
    const [text, ...known] = await redis.mGet([keyOf(spec), ...tags.map(versionKey)]);
    const versions = await Promise.all(
      known.map((version, n) => version ?? establish(redis, tags[n], n === 0 ? 2 * lifeMs(spec) : TAG_MS)),
    );
    return { versions: versions.join(' '), entry: decode(text, versions.join(' ')) };
  }

  return {
    get,
    set,
    wrap,
    invalidate,
    forget,
    settled: redis.settled,
    async close() {
      await invalidations.close();
      await redis.close();
    },
  };
}

/** @param {Spec} spec */
const keyOf = ({ name, version, key }) => `cache:${name}:v${version}:${key}`;

/**
 * A value's own key is one of its tags.
 *
 * @param {Spec} spec
 */
const tagsOf = (spec) => [keyOf(spec), ...(spec.tags ?? [])];

/** @param {Spec} spec @param {Outcome} outcome */
function note(spec, outcome) {
  cacheReads.inc({ cache: spec.name, outcome });
  spec.onOutcome?.(outcome);
}

module.exports = { createCache };
