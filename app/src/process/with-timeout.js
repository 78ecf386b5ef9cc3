'use strict';
/** A promise that gives up: a dependency that hangs must cost a request milliseconds, not its patience. */

/** What a dependency's outage or slowness is to a caller: 503, try again. */
class Unavailable extends Error {
  name = 'Unavailable';
  status = 503;
}

/**
 * @template T
 * @param {Promise<T>} promise
 * @param {number} timeoutMs
 * @param {string} what named in the error
 * @returns {Promise<T>}
 * @throws {Unavailable} when the promise fails, which is then the cause, or takes longer, which has none
 */
async function withTimeout(promise, timeoutMs, what) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const expiry = new Promise((_, reject) => {
    const expire = () => reject(new Unavailable(`${what} took more than ${timeoutMs} ms`));
    // A process that was busy for that long finds the answer among what has arrived meanwhile, and reads that first.
    timer = setTimeout(() => setImmediate(expire), timeoutMs);
  });
  try {
    return await Promise.race([promise, expiry]);
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    throw new Unavailable(`${what} failed: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

module.exports = { withTimeout, Unavailable };
