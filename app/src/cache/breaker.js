'use strict';
/** Leaves a dependency alone after failures in a row; once a while one call tries whether it is back. */

const { messageOf } = require('../process/thrown');
const { Unavailable } = require('../process/with-timeout');

/** @import { Log } from '../types' */

const FAILURES = 5;
const OPEN_MS = 1000;

/**
 * @param {{ log: Log }} options
 * @returns {<T>(call: () => Promise<T>) => Promise<T>} which throws Unavailable at once while the breaker is open, and
 *   else what the call throws
 */
function createBreaker({ log }) {
  let failures = 0;
  let openUntil = 0;

  return async (call) => {
    if (failures >= FAILURES) {
      if (performance.now() < openUntil) throw new Unavailable('The cache is left alone after failures');
      openUntil = performance.now() + OPEN_MS; // this call is the probe; the others still go without
    }
    try {
      const result = await call();
      if (failures >= FAILURES) log.info('cache in use again');
      failures = 0;
      return result;
    } catch (error) {
      failures += 1;
      openUntil = performance.now() + OPEN_MS;
      if (failures === FAILURES) log.error('cache left alone', { error: messageOf(error) });
      throw error;
    }
  };
}

module.exports = { createBreaker };
