'use strict';
/** Which request the code that runs now belongs to. */

const { AsyncLocalStorage } = require('node:async_hooks');

/**
 * @typedef {{ id?: string, isAdmitted?: boolean }} Context
 *   id: undefined once the request is over; isAdmitted: whether it has been let to the database
 * @type {AsyncLocalStorage<Context>}
 */
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
  /** @type {Context} */
  const context = { id };
  storage.run(context, handle);
  return () => {
    context.id = undefined;
  };
}

/** @returns {Context | undefined} */
const currentRequest = () => storage.getStore();

module.exports = { asRequest, currentRequest };
