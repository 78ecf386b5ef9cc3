'use strict';
const assert = require('node:assert/strict');
const { scryptSync } = require('node:crypto');
const { test } = require('node:test');
const { hashPassword, isOutdated, verifyPassword } = require('../src/http/passwords');

const PASSWORD = 'a long enough password';

/** As the first release stored it. */
function firstHash() {
  const salt = Buffer.alloc(16, 7);
  const hash = scryptSync(PASSWORD, salt, 32, { N: 2 ** 14, r: 8, p: 5, maxmem: 2 ** 25 });
  return `scrypt$${salt.toString('base64url')}$${hash.toString('base64url')}`;
}

test('a hash is verified with the parameters that it tells', async () => {
  const dearer = await hashPassword(PASSWORD, { log2N: 15, p: 2 });
  assert.match(dearer, /^scrypt\$15\$8\$2\$/);
  assert.equal(await verifyPassword(PASSWORD, dearer), true);
  assert.equal(await verifyPassword('another password', dearer), false);
  assert.equal(await verifyPassword(PASSWORD, dearer.replace('$15$', '$14$')), false);
});

test('hashes of the first release are still good, and those of today are good for it', async () => {
  assert.equal(await verifyPassword(PASSWORD, firstHash()), true);
  assert.match(await hashPassword(PASSWORD), /^scrypt\$[\w-]{22}\$[\w-]{43}$/);
});

test('who logs in with a hash of another cost is to be hashed again', async () => {
  assert.equal(isOutdated(await hashPassword(PASSWORD)), false);
  assert.equal(isOutdated(firstHash()), false);
  assert.equal(isOutdated(await hashPassword(PASSWORD, { log2N: 12, p: 1 })), true);
});

test('a hash of another kind is a wrong password, not an error', async () => {
  const others = [
    '',
    'scrypt',
    'scrypt$$',
    'scrypt$99$8$5$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    '$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW',
  ];
  for (const stored of others) assert.equal(await verifyPassword(PASSWORD, stored), false, stored);
});
