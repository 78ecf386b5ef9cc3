'use strict';
const assert = require('node:assert/strict');
const { once } = require('node:events');
const { createServer } = require('node:net');
const { test } = require('node:test');
const { join } = require('node:path');
const { client, SERVER, slowLogIn, startApp } = require('./helpers/app');
const { eventually, freePort, portOf, start } = require('./helpers/children');
const { share } = require('./helpers/harness');
const { startServices } = require('./helpers/services');

/** @import { App, Services } from './types' */

const SERVERS_TIMES = { DRAIN_TIMEOUT_MS: '1000', KILL_TIMEOUT_MS: '5000' };
/** An idle connection keeps the worker for 58 s: one that leaves in less than half of that waited for none. */
const LONG_TIMES = { DRAIN_TIMEOUT_MS: '1000', KILL_TIMEOUT_MS: '60000' };

/** @type {Services} */
let services;
share(async (keep) => {
  services = keep(await startServices());
});

/** Sends the signal and waits until the worker says that it heard it. */
async function signal(/** @type {App} */ app, /** @type {NodeJS.Signals} */ name) {
  app.child.kill(name);
  await eventually(() => app.logged('shutting down').length, { what: 'the shutdown' });
}

for (const name of /** @type {const} */ (['SIGTERM', 'SIGINT'])) {
  test(`${name} lets a request in flight finish, and the exit code is 0`, async () => {
    const app = await startApp(services, SERVERS_TIMES);
    const slow = slowLogIn(app.url);
    await slow.underWay();
    await signal(app, name);
    const response = await slow.finish();
    assert.equal(response.statusCode, 400);
    assert.equal(response.headers.connection, 'close');
    const [code, killedBy] = await app.exited;
    assert.deepEqual([code, killedBy], [0, null]);
    assert.equal(app.logged('exit')[0].cutOff, 0);
  });
}

test('readiness fails first: a kept-alive connection is answered 503 and closed while the worker drains', async () => {
  const app = await startApp(services, SERVERS_TIMES);
  const balancer = client(app.url);
  assert.equal((await balancer.get('/readyz')).status, 200);
  await signal(app, 'SIGTERM');
  const { status, headers, body } = await balancer.get('/readyz');
  assert.deepEqual([status, headers.connection, body.checks.accepting], [503, 'close', 'shutting down']);
  assert.equal((await app.exited)[0], 0);
});

test('an idle kept-alive connection is left open until near the end, then closed', async () => {
  const app = await startApp(services, SERVERS_TIMES);
  await client(app.url).get('/healthz');
  const started = Date.now();
  await signal(app, 'SIGTERM');
  await app.exited;
  const took = Date.now() - started;
  assert.ok(took > 2800, `the way out took ${took} ms`);
  assert.equal(app.logged('exit')[0].hardStop, undefined);
});

test('nothing in flight and no connection: the worker leaves at once', async () => {
  const app = await startApp(services, LONG_TIMES);
  const started = Date.now();
  await signal(app, 'SIGTERM');
  await app.exited;
  assert.ok(Date.now() - started < 29_000, `the way out took ${Date.now() - started} ms`);
});

test('a request that never ends is cut off before PM2 would kill the worker', async () => {
  const app = await startApp(services, SERVERS_TIMES);
  const slow = slowLogIn(app.url);
  await slow.underWay();
  await signal(app, 'SIGTERM');
  await assert.rejects(slow.broken);
  assert.equal((await app.exited)[0], 0);
  const { cutOff, hardStop } = app.logged('exit')[0];
  assert.deepEqual([cutOff, hardStop], [1, undefined]);
});

test('a second signal changes nothing', async () => {
  const app = await startApp(services, SERVERS_TIMES);
  const slow = slowLogIn(app.url);
  await slow.underWay();
  await signal(app, 'SIGTERM');
  for (const name of /** @type {const} */ (['SIGTERM', 'SIGINT', 'SIGINT'])) app.child.kill(name);
  assert.equal((await slow.finish()).statusCode, 400);
  assert.equal((await app.exited)[0], 0);
  assert.equal(app.logged('shutting down').length, 1);
});

test('a worker whose log nobody reads any more goes on, and leaves in order', async () => {
  const app = await startApp(services);
  app.child.stdout?.destroy();
  app.child.stderr?.destroy();
  assert.equal((await client(app.url).get('/nowhere')).status, 404);
  assert.equal((await client(app.url).get('/nowhere')).status, 404);
  assert.equal(await app.stop(), 0);
});

for (const [signalName, kind] of /** @type {const} */ ([
  ['SIGUSR2', 'uncaughtException'],
  ['SIGPIPE', 'unhandledRejection'],
])) {
  test(`an ${kind} takes the same way out, with code 1`, async () => {
    const app = await startApp(services, {
      ...SERVERS_TIMES,
      NODE_OPTIONS: `--require ${join(__dirname, 'fixtures/failing.js')}`,
    });
    const slow = slowLogIn(app.url);
    await slow.underWay();
    await signal(app, signalName);
    assert.equal((await slow.finish()).statusCode, 400);
    assert.equal((await app.exited)[0], 1);
    assert.match(app.logged(kind)[0].error, /^Error: a fault of the tests/);
  });
}

/**
 * A process that has only a way out, and takes it at once: with this closer, and with these fields of its log's.
 *
 * @param {{ closer?: string, flush?: string, killTimeoutMs: number }} options
 */
function leaver({ closer = 'async () => {}', flush = 'log.flush', killTimeoutMs }) {
  const script = `
    const { createLog } = require('./process/log');
    const { gracefulShutdown } = require('./process/shutdown');
    const log = createLog({});
    gracefulShutdown({
      work: { underWay: () => ({}), leave: async () => ({}) },
      closers: [${closer}],
      drainTimeoutMs: 0,
      killTimeoutMs: ${killTimeoutMs},
      log: { ...log, flush: ${flush} },
    });
    process.kill(process.pid, 'SIGTERM');
    setInterval(() => {}, 1000);`;
  return start(process.execPath, ['-e', script], {
    cwd: join(SERVER, '..'),
    env: { PATH: process.env.PATH },
  });
}

test('what can not be closed is in the log, and delays nothing', async () => {
  const closer = "async () => { throw new Error('a fault of the tests') }";
  const child = leaver({ closer, killTimeoutMs: 60_000 });
  assert.equal((await once(child, 'close'))[0], 0);
  assert.match(child.output, /"message":"close".*a fault of the tests/);
  assert.doesNotMatch(child.output, /hardStop/);
});

test('a log that nobody takes does not keep a process', async () => {
  const child = leaver({ flush: '() => new Promise(() => {})', killTimeoutMs: 1000 });
  assert.equal((await once(child, 'exit'))[0], 1);
});

test('a worker that is told to leave while its database hangs never listens', async () => {
  const database = createServer().listen(0, '127.0.0.1'); // It accepts, and says nothing.
  await once(database, 'listening');
  const asked = once(database, 'connection');
  const child = start(process.execPath, [SERVER], {
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: String(await freePort()),
      ...SERVERS_TIMES,
      ...services.env,
      DATABASE_URL: `postgresql://app@127.0.0.1:${portOf(database)}/app?sslmode=disable`,
    },
  });
  const exited = once(child, 'exit');
  await asked;
  child.kill('SIGTERM');
  await exited;
  database.close();
  assert.match(child.output, /"shutting down"/);
  assert.doesNotMatch(child.output, /"listening"/);
});
