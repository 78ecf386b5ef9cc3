'use strict';
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { isOutage } = require('../src/postgres/outage');

/** @returns {Error} with the fields given */
const error = (/** @type {{ message?: string, code?: string, cause?: object, meta?: object }} */ fields) =>
  Object.assign(new Error(fields.message ?? 'no'), fields);

for (const [what, fields] of /** @type {const} */ ([
  ['a name that does not resolve for now', { code: 'EAI_AGAIN' }],
  ['a name that is away while DNS changes', { code: 'ENOTFOUND' }],
  ['a closed port', { code: 'ECONNREFUSED' }],
  ["Prisma's own", { code: 'P1001' }],
  ['a primary that became a standby', { cause: { originalCode: '25006' } }],
  ['a server that ends', { meta: { driverAdapterError: { cause: { originalCode: '57P01' } } } }],
  ['a statement that took too long', { meta: { driverAdapterError: { cause: { originalCode: '57014' } } } }],
  ['a connection that broke', { message: 'Connection terminated unexpectedly' }],
])) {
  test(`${what} is an outage`, () => assert.equal(isOutage(error(fields)), true));
}

for (const [what, fields] of /** @type {const} */ ([
  ['a value that is there already', { code: 'P2002' }],
  ['a wrong statement', { cause: { originalCode: '42601' } }],
  ["a bug of the app's", { message: 'x is not a function' }],
])) {
  test(`${what} is none`, () => assert.equal(isOutage(error(fields)), false));
}
