'use strict';
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { openGateway, Rejected, Throttled } = require('../src/sms/gateway');
const { share } = require('./helpers/harness');
const { startGateway } = require('./helpers/gateway');

/**
 * @import { Gateway, Log } from '../src/types'
 * @import { SmsGateway } from './types'
 */

/** @type {SmsGateway} */
let server;
/** @type {Gateway} */
let gateway;
share(async (keep) => {
  server = keep(await startGateway());
  gateway = openGateway({ url: server.url, log: SILENT });
});

/** @type {Log} */
const SILENT = { info() {}, error() {} };

const deliver = (url = gateway) => url.deliver({ key: 'key', phone: '+15550100001', body: 'Hello' });

/** What becomes of an SMS that the gateway answers so. */
async function outcome(/** @type {number} */ status) {
  server.behave({ answer: () => status });
  try {
    await deliver();
    return 'delivered';
  } catch (error) {
    if (error instanceof Rejected) return 'dead';
    return error instanceof Throttled ? 'paused' : 'tried again';
  }
}

test('only what is wrong with the message itself makes a dead letter of it', async () => {
  for (const status of [400, 410, 413, 422]) assert.equal(await outcome(status), 'dead', `${status}`);
});

test('a first request that still runs, and an address that is half deployed, are tried again', async () => {
  const statuses = [302, 401, 402, 403, 404, 405, 407, 408, 409, 423, 425, 451, 500, 502, 503, 504];
  for (const status of statuses) assert.equal(await outcome(status), 'tried again', `${status}`);
  assert.equal(await outcome(429), 'paused');
  assert.equal(await outcome(200), 'delivered');
});

test('an error tells no password that is in the URL, and no phone number', async () => {
  const told = async (/** @type {string} */ url) => {
    const error = await deliver(openGateway({ url, log: SILENT })).catch((thrown) => thrown);
    return [error.message, error.stack, JSON.stringify(error), String(error.cause)].join('\n');
  };
  for (const url of ['https://account:secret@127.0.0.1/send?token=secret', 'http://127.0.0.1:1/secret']) {
    const text = await told(url);
    assert.match(text, /^the SMS gateway did not answer: \w+/);
    assert.doesNotMatch(text, /secret|5550100/);
  }
});
