'use strict';
/** What the tests of a file share: made before the first of them, and ended after the last. */

const { after, before } = require('node:test');

/**
 * Arranges what the tests of a file share, before the first of them. All that is kept is stopped after the last test,
 * the latest first, also when the arrangement failed halfway. Of a variable that a test assigns again, keep
 * `{ stop: () => variable.stop() }`: else the part that it had first is stopped, and the last one goes on.
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
