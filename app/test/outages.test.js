'use strict';
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { client, loggedIn, startApp } = require('./helpers/app');
const { eventually } = require('./helpers/children');
const { share } = require('./helpers/harness');
const { startServices } = require('./helpers/services');

/** @import { App, Services, User } from './types' */

/** @type {Services} */
let services;
/** @type {App} */
let app;
/** @type {User} */
let user;
share(async (keep) => {
  services = keep(await startServices());
  app = keep(await startApp(services));
  user = await loggedIn(app.url);
});

/** The status, and that it came within the time. */
async function statusWithin(/** @type {number} */ timeoutMs, /** @type {string} */ path, from = user) {
  const started = Date.now();
  const { status } = await from.get(path);
  const took = Date.now() - started;
  assert.ok(took < timeoutMs, `${path} took ${took} ms`);
  return status;
}

/** A load balancer that asks goes on sending requests, and the answer names what is out. */
async function stillInService(/** @type {number} */ timeoutMs, /** @type {'redis' | 'postgres'} */ outage) {
  assert.equal(app.child.exitCode, null);
  assert.equal(await statusWithin(timeoutMs, '/readyz'), 200);
  await eventually(async () => {
    const { status, checks } = (await user.get('/readyz')).body;
    return status === 'degraded' && checks[outage] === 'unreachable';
  });
}

test('without Redis requests get a fast 503; when it is back, the session is', async () => {
  await services.redis.stop();
  assert.equal(await statusWithin(500, '/me'), 503);
  await stillInService(500, 'redis');
  await services.redis.start();
  await eventually(async () => (await user.get('/me')).status === 200, {
    timeoutMs: 5000,
    what: 'the session',
  });
});

test('a Redis that hangs costs a request a bounded time', async () => {
  services.redis.signal('SIGSTOP');
  try {
    assert.equal(await statusWithin(1500, '/me'), 503);
    await stillInService(1500, 'redis');
  } finally {
    services.redis.signal('SIGCONT');
  }
  await eventually(async () => (await user.get('/me')).status === 200, {
    timeoutMs: 5000,
    what: 'the session',
  });
});

test('without Postgres requests get a fast 503, unless the cache has the answer; when it is back, so are they', async () => {
  await user.get('/me');
  await services.postgres.stop();
  assert.equal(await statusWithin(500, '/me'), 200);
  assert.equal(await statusWithin(500, '/members'), 503);
  await stillInService(500, 'postgres');
  await services.postgres.start();
  await eventually(async () => (await user.get('/members')).status === 200, {
    timeoutMs: 5000,
    what: 'Postgres',
  });
});

test('a worker starts without Redis and is ready when Redis is', async () => {
  await services.redis.stop();
  const early = await startApp(services);
  try {
    assert.equal((await fetch(`${early.url}/readyz`)).status, 503);
    await services.redis.start();
    await eventually(async () => (await fetch(`${early.url}/readyz`)).ok, {
      timeoutMs: 5000,
      what: 'readiness',
    });
  } finally {
    await early.stop();
  }
});

test('a worker that no check has met yet is in service too when an outage comes', async () => {
  const unasked = await startApp(services);
  try {
    await sleep(600); // two looks of its own
    await services.redis.stop();
    assert.equal((await fetch(`${unasked.url}/readyz`)).status, 200);
  } finally {
    await services.redis.start();
    await unasked.stop();
  }
});

test('a worker whose Postgres has never answered is not ready, and never becomes it', async () => {
  const DATABASE_URL = services.env.DATABASE_URL.replace(/:\d+\//, ':1/');
  const misled = await startApp(services, { DATABASE_URL });
  try {
    await sleep(600);
    const { status, body } = await client(misled.url).get('/readyz');
    assert.deepEqual([status, body.status, body.checks.redis], [503, 'unready', 'ok']);
  } finally {
    await misled.stop();
  }
});

test('neither Redis nor Postgres is trusted without their authority', async () => {
  const distrustful = await startApp(services, { NODE_EXTRA_CA_CERTS: '' });
  try {
    const { checks } = (await client(distrustful.url).get('/readyz')).body;
    assert.deepEqual([checks.redis, checks.postgres], ['unreachable', 'unreachable']);
  } finally {
    await distrustful.stop();
  }
});

test('verify-full refuses a server whose certificate names another host', async () => {
  const misled = await startApp(services, {
    DATABASE_URL: services.env.DATABASE_URL.replace('127.0.0.1', 'localhost'),
    REDIS_URL: services.env.REDIS_URL.replace('127.0.0.1', 'localhost'),
  });
  try {
    const { checks } = (await client(misled.url).get('/readyz')).body;
    assert.deepEqual([checks.redis, checks.postgres], ['unreachable', 'unreachable']);
    assert.match(misled.child.output, /does not match certificate's altnames/);
  } finally {
    await misled.stop();
  }
});
