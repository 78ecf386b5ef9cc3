'use strict';
const assert = require('node:assert/strict');
const { once } = require('node:events');
const { mock, test } = require('node:test');
const express = require('express');
const { health } = require('../src/http/health');
const { readConfig } = require('../src/process/config');
const { portOf } = require('./helpers/children');

test('however often readiness is asked for, the stores are asked twice a second', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  let pings = 0;
  const store = { ping: async () => (pings += 1) };
  const shutdown = { isShuttingDown: false };
  const config = readConfig({ RELEASE: 'tests', SERVER_ID: 'here' });
  const app = express().use(health({ config, redis: store, database: store, shutdown }));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const ask = async () => (await fetch(`http://127.0.0.1:${portOf(server)}/readyz`)).status;
  try {
    await ask();
    const [first, all] = [pings, Array.from({ length: 20 }, ask)];
    assert.deepEqual(new Set(await Promise.all(all)), new Set([200]));
    assert.equal(pings, first);
    mock.timers.tick(500);
    await ask();
    assert.equal(pings, first + 2);
    shutdown.isShuttingDown = true; // is told at once
    assert.equal(await ask(), 503);
  } finally {
    mock.timers.reset();
    server.close();
    server.closeAllConnections();
  }
});
