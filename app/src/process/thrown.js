'use strict';
/** What may be known of something that was thrown: in JavaScript that is anything. */

/**
 * @param {unknown} value
 * @param {string[]} path the names of fields, from the outside in
 * @returns {unknown} undefined where there is none
 */
function at(value, ...path) {
  return path.reduce((outer, name) => (isRecord(outer) ? outer[name] : undefined), value);
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isRecord(value) {
  return typeof value === 'object' && value !== null;
}

/**
 * @param {unknown} thrown
 * @returns {string}
 */
const messageOf = (thrown) => (thrown instanceof Error ? thrown.message : String(thrown));

/**
 * Errors of Node, Postgres, Prisma and Redis have one.
 *
 * @param {unknown} thrown
 * @returns {string | undefined}
 */
function codeOf(thrown) {
  const code = at(thrown, 'code');
  return typeof code === 'string' ? code : undefined;
}

module.exports = { at, codeOf, messageOf };
