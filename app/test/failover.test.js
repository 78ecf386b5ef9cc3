'use strict';
const assert = require('node:assert/strict');
const { test } = require('node:test');
const { loggedIn, startApp } = require('./helpers/app');
const { eventually } = require('./helpers/children');
const { startEndpoint } = require('./helpers/endpoint');
const { share } = require('./helpers/harness');
const { startServices } = require('./helpers/services');

/** @import { App, Endpoint, RedisServer, Services } from './types' */

/** @type {Services} */
let services;
/** @type {RedisServer} */
let replica;
/** @type {Endpoint} */
let endpoint;
/** @type {App} */
let app;
share(async (keep) => {
  services = keep(await startServices());
  replica = keep(await services.startReplica());
  endpoint = keep(await startEndpoint(services.redis.port));
  const REDIS_URL = services.env.REDIS_URL.replace(String(services.redis.port), String(endpoint.port));
  app = keep(await startApp(services, { REDIS_URL }));
});

test('a failover keeps the sessions and is over within 5 s, though the old primary goes on answering', async () => {
  const user = await loggedIn(app.url);
  await eventually(() => replica.command('dbsize').trim() === services.redis.command('dbsize').trim());
  replica.command('replicaof', 'no', 'one');
  services.redis.command('replicaof', '127.0.0.1', String(replica.port));
  endpoint.target = replica.port;

  await eventually(async () => (await user.get('/me')).status === 200, {
    timeoutMs: 5000,
    what: 'the old session',
  });
  await eventually(() => loggedIn(app.url), { timeoutMs: 5000, what: 'a new session' });
  assert.equal((await user.get('/me')).status, 200);
  assert.equal(app.child.exitCode, null);
});

test('a primary that hangs is left, by the sessions and by the cache', async () => {
  const user = await loggedIn(app.url);
  await eventually(() => services.redis.command('dbsize').trim() === replica.command('dbsize').trim());
  replica.signal('SIGSTOP');
  try {
    services.redis.command('replicaof', 'no', 'one');
    endpoint.target = services.redis.port;
    const hits = async () => (await user.get('/me')).headers['x-cache'] === 'hit';
    await eventually(hits, { timeoutMs: 10_000, what: 'the session and the cache' });
  } finally {
    replica.signal('SIGCONT');
  }
});
