'use strict';
/** Invalidates tags. What Redis does not take at once is tried again in the background until it does. */

const { messageOf } = require('../process/thrown');
const { LONGEST_MS } = require('./entry');
const { versionKey } = require('./versions');

/** @import { Log } from '../types' */

const RETRY_MS = 200;

/** @param {{ redis: { del: (keys: string[]) => Promise<number> }, log: Log }} options */
function createInvalidations({ redis, log }) {
  /**
   * Tags that Redis still has the old version of, and what they wait for: an object of its own for each failure.
   *
   * @type {Map<string, { until: number }>}
   */
  const owed = new Map();
  /** @type {NodeJS.Timeout | undefined} */
  let retry;

  /** @param {string[]} tags */
  async function remove(tags) {
    try {
      await redis.del(tags.map(versionKey));
    } catch (error) {
      log.error('cache invalidation is owed', { tags: tags.length, error: messageOf(error) });
      for (const tag of tags) owed.set(tag, { until: performance.now() + LONGEST_MS });
      retry ??= setTimeout(settle, RETRY_MS).unref();
    }
  }

  /** A timer beside the client's own reconnecting: a Redis that loads its data refuses commands over a good connection. */
  async function settle() {
    const debts = [...owed];
    const paid = await redis.del(debts.map(([tag]) => versionKey(tag))).then(
      () => true,
      () => false,
    );
    for (const [tag, debt] of debts) {
      const isOver = paid || performance.now() > debt.until;
      if (isOver && owed.get(tag) === debt) owed.delete(tag); // not one that was added meanwhile
    }
    if (paid) log.info('cache invalidations made up for', { tags: debts.length });
    retry = owed.size > 0 ? setTimeout(settle, RETRY_MS).unref() : undefined;
  }

  return {
    remove,
    /**
     * Whether one of the tags may still be read in its old version.
     *
     * @param {string[]} tags
     */
    isOwed: (tags) => owed.size > 0 && tags.some((tag) => owed.has(tag)),
    /** Tries a last time. */
    async close() {
      clearTimeout(retry);
      if (owed.size > 0) await settle();
      clearTimeout(retry);
    },
  };
}

module.exports = { createInvalidations };
