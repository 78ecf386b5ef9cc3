'use strict';
/** Password hashes: scrypt with OWASP's parameters (N = 2^14, r = 8, p = 5; 16 MiB), compared in constant time. */

const { randomBytes, scrypt, timingSafeEqual } = require('node:crypto');
const { promisify } = require('node:util');

const COST = { N: 2 ** 14, r: 8, p: 5, maxmem: 32 * 2 ** 20 };
const LENGTH = 32;
/** @type {(password: string, salt: Buffer, length: number, cost: object) => Promise<Buffer>} */
const derive = promisify(scrypt);

/** @returns {Promise<string>} `scrypt$salt$hash`, base64url */
async function hashPassword(password) {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, LENGTH, COST);
  return ['scrypt', salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/** Without a stored hash it still takes as long, so that time doesn't tell who has an account. */
async function verifyPassword(password, stored) {
  const [, salt, expected] = (stored ?? `scrypt$${'A'.repeat(22)}$${'A'.repeat(43)}`).split('$');
  const hash = await derive(password, Buffer.from(salt, 'base64url'), LENGTH, COST);
  return timingSafeEqual(hash, Buffer.from(expected, 'base64url')) && stored !== undefined;
}

module.exports = { hashPassword, verifyPassword };
