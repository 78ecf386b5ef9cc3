'use strict';
/** Whose turn it is to compute a value, among all workers of all servers. */

const { randomUUID } = require('node:crypto');

/** @import { Redis } from '../types' */

/** After which a holder that died has lost it; longer than a statement may take. */
const LOCK_MS = 10_000;
/** A lock that ended meanwhile may be someone else's by now. */
const RELEASE = `if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end`;

/**
 * @param {Pick<Redis, 'set' | 'eval'>} redis
 * @param {string} key of what is to be computed
 */
function lockOf(redis, key) {
  const lockKey = `cache:lock:${key}`;
  const token = randomUUID();
  return {
    /** @returns {Promise<boolean>} whether it is ours now */
    async take() {
      const taken = await redis.set(lockKey, token, {
        condition: 'NX',
        expiration: { type: 'PX', value: LOCK_MS },
      });
      return taken === 'OK';
    },
    /** Without waiting: one that is not released ends by itself. */
    release() {
      redis.eval(RELEASE, { keys: [lockKey], arguments: [token] }).catch(() => {});
    },
  };
}

module.exports = { lockOf };
