'use strict';
/** What the tests of a file share: made before the first of them, and ended after the last. */

const { after, before } = require('node:test');

/**
 * Has it made before the first test. Whatever is kept is stopped after the last one, the latest first, also when the
 * rest could not be made.
 *
 * @param {(keep: Keep) => Promise<void>} arrange assigns the file's variables
 * @typedef {<T extends { stop: () => unknown }>(part: T) => T} Keep
 */
function share(arrange) {
  /** @type {{ stop: () => unknown }[]} */
  const parts = [];
  before(() =>
    arrange((part) => {
      parts.unshift(part);
      return part;
    }),
  );
  after(async () => {
    const failures = [];
    for (const part of parts) {
      try {
        await part.stop();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0)
      throw new AggregateError(failures, 'not all that the tests share could be stopped');
  });
}

module.exports = { share };
