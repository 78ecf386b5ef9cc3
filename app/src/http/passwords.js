'use strict';
/**
 * Password hashes: scrypt, compared in constant time. What is stored tells its parameters, so that COST may be raised:
 * who logs in is then hashed again.
 */

const { randomBytes, scrypt, timingSafeEqual } = require('node:crypto');
const { promisify } = require('node:util');

/** OWASP's: N = 2^14, r = 8, p = 5; 16 MiB and about a tenth of a second of a core. */
const FIRST = Object.freeze({ log2N: 14, p: 5 });
const R = 8;
/** @typedef {{ readonly log2N: number, readonly p: number }} Cost */
/** What new hashes cost. Raise it one release after the one that can verify the new ones. */
const COST = FIRST;
const LENGTH = 32;
/** For N = 2^17, the largest that is verified: 128 MiB, and what surrounds them. */
const MAX_MEMORY = 256 * 2 ** 20;
/** The first hashes had no parameters, and those that cost as much still have none: any release can verify them. */
const STORED = /^scrypt\$(?:(?<log2N>1[0-7])\$8\$(?<p>[1-9])\$)?(?<salt>[\w-]{22})\$(?<hash>[\w-]{43})$/;
/** @type {(password: string, salt: Buffer, length: number, options: object) => Promise<Buffer>} */
const scryptAsync = promisify(scrypt);

/**
 * @param {string} password
 * @param {Cost} [cost]
 * @returns {Promise<string>} `scrypt$14$8$5$salt$hash`, base64url; without the numbers when they are the first ones
 */
async function hashPassword(password, cost = COST) {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, cost);
  const parameters = isSame(cost, FIRST) ? [] : [cost.log2N, R, cost.p];
  return ['scrypt', ...parameters, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

/**
 * Without a stored hash, or with one of another kind, it takes as long and is false: time doesn't tell who has an
 * account.
 *
 * @param {string} password
 * @param {string | undefined} stored
 */
async function verifyPassword(password, stored) {
  const known = parse(stored);
  const { salt, hash, cost } = known ?? { salt: Buffer.alloc(16), hash: Buffer.alloc(LENGTH), cost: COST };
  const derived = await derive(password, salt, cost);
  return timingSafeEqual(derived, hash) && known !== undefined;
}

/**
 * Whether a stored hash that the password has proved right should be made again.
 *
 * @param {string} stored
 */
function isOutdated(stored) {
  return !isSame(parse(stored)?.cost ?? FIRST, COST);
}

/** @param {string | undefined} stored */
function parse(stored) {
  const { salt, hash, ...cost } = STORED.exec(stored ?? '')?.groups ?? {};
  if (!salt) return undefined;
  return {
    salt: Buffer.from(salt, 'base64url'),
    hash: Buffer.from(hash, 'base64url'),
    cost: cost.log2N ? { log2N: Number(cost.log2N), p: Number(cost.p) } : FIRST,
  };
}

/** @param {string} password @param {Buffer} salt @param {Cost} cost */
function derive(password, salt, { log2N, p }) {
  return scryptAsync(password, salt, LENGTH, { N: 2 ** log2N, r: R, p, maxmem: MAX_MEMORY });
}

/** @param {Cost} one @param {Cost} other */
const isSame = (one, other) => one.log2N === other.log2N && one.p === other.p;

module.exports = { hashPassword, isOutdated, verifyPassword };
