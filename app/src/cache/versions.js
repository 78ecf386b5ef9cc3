'use strict';
/**
 * Tags have versions: random texts. An entry carries those that its tags had before it was computed, and is good
 * while they are the same. To invalidate a tag is to remove its version: the next reader gives it another, and no
 * entry made before, nor one whose computing began before, ever matches again. A version that Redis evicted or lost
 * does no harm for the same reason.
 */

const { randomBytes } = require('node:crypto');

/** @import { Redis } from '../types' */

/** @param {string} tag */
const versionKey = (tag) => `cache:version:${tag}`;

/**
 * Gives a tag a version unless somebody else just has.
 *
 * @param {Pick<Redis, 'set'>} redis
 * @param {string} tag
 * @param {number} lifeMs of the version: longer than its entries', which end with it
 * @returns {Promise<string>} the version that it has now
 */
async function establish(redis, tag, lifeMs) {
  const version = randomBytes(9).toString('base64url');
  const earlier = await redis.set(versionKey(tag), version, {
    condition: 'NX',
    GET: true,
    expiration: { type: 'PX', value: lifeMs },
  });
  return earlier ?? version;
}

module.exports = { establish, versionKey };
