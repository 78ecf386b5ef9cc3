'use strict';
/** The deployer's own requests: they have to get through while others are refused, and nobody else may look like one. */

const { createHash, timingSafeEqual } = require('node:crypto');

/** @import { IsCheck } from '../types' */

const HEADER = 'X-Check-Token';

/**
 * @param {string | undefined} token without one no request is a check
 * @returns {IsCheck} whether the header holds the token
 */
function checks(token) {
  if (!token) return () => false;
  const expected = digest(token);
  return (request) => timingSafeEqual(digest(request.get(HEADER) ?? ''), expected);
}

/**
 * As long for any text, as the comparison needs it.
 *
 * @param {string} text
 */
const digest = (text) => createHash('sha256').update(text).digest();

module.exports = { checks };
