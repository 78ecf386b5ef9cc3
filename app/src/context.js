'use strict';
/** Which request the code that runs now belongs to, so that every line of the log can say so. */

const { AsyncLocalStorage } = require('node:async_hooks');

/** @type {AsyncLocalStorage<{ id?: string }>} */
const storage = new AsyncLocalStorage();

/**
 * Runs a request's handling as the request's own. What the request leaves behind, such as a connection, outlives it:
 * from the returned function's call on, nothing is the request's any more.
 *
 * @param {string} id
 * @param {() => void} handle
 * @returns {() => void} to be called at the request's end
 */
function asRequest(id, handle) {
  /** @type {{ id?: string }} */
  const context = { id };
  storage.run(context, handle);
  return () => {
    context.id = undefined;
  };
}

/** @returns {string | undefined} */
const currentRequestId = () => storage.getStore()?.id;

module.exports = { asRequest, currentRequestId };
