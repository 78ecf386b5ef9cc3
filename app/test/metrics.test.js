'use strict';
/** What a Prometheus and CloudWatch are told of a process. */

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { readConfig } = require('../src/process/config');
const { reportMetrics, UNITS } = require('../src/metrics/embedded');
const metrics = require('../src/metrics/metrics');
const { client, loggedIn, startApp } = require('./helpers/app');
const { freePort } = require('./helpers/children');
const { share } = require('./helpers/harness');
const { startServices } = require('./helpers/services');

/** @import { App, Env, MetricsLine, Services } from './types' */

const PHONE = '+4915112345678';

/** @type {Services} */
let services;
/** @type {App} */
let app;
/** @type {number} */
let port;
share(async (keep) => {
  services = keep(await startServices());
  port = await freePort();
  app = keep(await startApp(services, { METRICS_PORT: String(port), METRICS_NAMESPACE: 'Test' }));
});

async function scrape(path = '/metrics') {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } });
  return { status: response.status, text: await response.text() };
}

/** Route and status of each request that was counted. */
async function counted() {
  const lines = (await scrape()).text.matchAll(/^app_request_seconds_count\{(.+)\} (\d+)$/gm);
  return Object.fromEntries(
    [...lines].map(([, labels, count]) => [labels.replaceAll('"', ''), Number(count)]),
  );
}

test('a request counts under its route, and never under an id', async () => {
  const user = await loggedIn(app.url);
  const member = { firstName: 'Ada', lastName: 'L', phone: PHONE, optInSms: true };
  const { id } = (await user.post('/members', member)).body;
  await user.post(`/members/${id}/messages`, { body: 'Hello' });
  await user.post(`/Members/${PHONE}/messages/`, { body: 'Hello' });
  await user.get('/members?limit=1');
  await client(app.url).get('/members');
  await user.get(`/nowhere/${id}`);
  const seen = await counted();
  const routes = Object.keys(seen).map((labels) => labels.replace(/,status=.*/, ''));
  assert.deepEqual(
    [...new Set(routes)].sort(),
    [
      'method=GET,route=/members',
      'method=GET,route=none',
      'method=POST,route=/login',
      'method=POST,route=/members',
      'method=POST,route=/members/:memberId/messages',
      'method=POST,route=/register',
    ].sort(),
  );
  assert.equal(seen['method=POST,route=/members/:memberId/messages,status=400'], 1);
  const { text } = await scrape();
  for (const secret of [id, PHONE]) assert.ok(!text.includes(secret));
});

test('health checks that pass do not count among the requests', async () => {
  assert.ok(!Object.keys(await counted()).some((labels) => labels.includes('healthz')));
});

test("a Prometheus gets Node's own figures, the event loop's lag among them", async () => {
  const { text } = await scrape();
  for (const name of ['nodejs_eventloop_lag_p99_seconds', 'process_resident_memory_bytes']) {
    assert.match(text, new RegExp(`^${name} [\\d.e-]+$`, 'm'));
  }
  assert.equal((await scrape('/')).status, 404);
});

test('metrics are on loopback only, wherever the app listens, and each worker has a port', () => {
  const place = (/** @type {Env} */ env) => {
    const { metricsHost, metricsPort } = readConfig(env);
    return `${metricsHost}:${metricsPort}`;
  };
  assert.equal(place({}), '127.0.0.1:9464');
  assert.equal(place({ HOST: '10.0.1.2', NODE_APP_INSTANCE: '3' }), '127.0.0.1:9467');
  assert.equal(place({ HOST: '0.0.0.0' }), '127.0.0.1:9464');
  assert.equal(place({ HOST: '127.evil.example' }), '127.0.0.1:9464');
  assert.equal(place({ HOST: '127.3.1.2', METRICS_PORT: '9000' }), '127.3.1.2:9000');
});

test('a port that is taken costs the metrics, not the app', async () => {
  const second = await startApp(services, { METRICS_PORT: String(port) });
  try {
    assert.equal((await client(second.url).get('/readyz')).status, 200);
    assert.match(second.logged('metrics endpoint')[0].error, /EADDRINUSE/);
  } finally {
    assert.equal(await second.stop(), 0);
  }
});

test('what came since the last minute is in the log when a worker leaves', async () => {
  const user = client(app.url);
  await user.get('/me');
  const asked = (await counted())['method=GET,route=/me,status=401'];
  assert.equal(asked, 1);
  const all = Object.values(await counted()).reduce((sum, count) => sum + count, 0);
  assert.equal(await app.stop(), 0);
  const lines = metricsOf(app).filter(({ Requests }) => Requests !== undefined);
  assert.equal(
    lines.reduce((sum, { Requests }) => sum + Requests, 0),
    all,
  );
  for (const line of lines) conforms(line);
});

/** @returns {MetricsLine[]} */
function metricsOf(/** @type {App} */ { child }) {
  return child.output
    .split('\n')
    .filter((line) => line.includes('"_aws"'))
    .map((line) => JSON.parse(line));
}

/** As the specification of the format has it. */
function conforms(/** @type {MetricsLine} */ { _aws, ...metricsAndNames }) {
  /** @type {Record<string, unknown>} */
  const members = metricsAndNames;
  assert.ok(Number.isInteger(_aws.Timestamp));
  const [{ Namespace, Dimensions, Metrics }] = _aws.CloudWatchMetrics;
  assert.equal(Namespace, 'Test');
  for (const key of Dimensions.flat()) assert.equal(typeof members[key], 'string');
  assert.ok(Metrics.length > 0);
  for (const { Name, Unit } of Metrics) {
    assert.equal(Unit, UNITS[Name]);
    const values = [members[Name]].flat();
    assert.ok(values.length > 0 && values.length <= 100, `${Name} has ${values.length} values`);
    assert.ok(values.every(Number.isFinite), `${Name} is ${values}`);
  }
}

test('the embedded metrics of a process', async (t) => {
  /** @type {MetricsLine[]} */
  const lines = [];
  t.mock.timers.enable({ apis: ['setInterval'] });
  const embedded = reportMetrics({
    namespace: 'Test',
    log: {
      info: (_message, line) => lines.push(JSON.parse(JSON.stringify(line))),
      error: (message) => assert.fail(message),
    },
  });
  /** The lines of the next minute. */
  async function minute() {
    lines.length = 0;
    for (let seconds = 0; seconds < 60; seconds += 5) {
      t.mock.timers.tick(5000);
      await new Promise(setImmediate);
    }
    for (const line of lines) conforms(line);
    return lines.map(({ _aws, ...line }) => line);
  }

  await t.test('only what was not counted before', async () => {
    metrics.slowQueries.inc(2);
    metrics.observeRequest({ method: 'GET', route: '/me', status: 200 }, 0.25);
    const [first] = await minute();
    assert.deepEqual([first.SlowQueries, first.Requests, first.RequestLatency], [2, 1, [250.1]]);
    const [second] = await minute();
    assert.deepEqual([second.SlowQueries, second.Requests, second.RequestLatency], [0, 0, undefined]);
  });

  await t.test("a hundred values that have the requests' own percentiles", async () => {
    for (let ms = 1; ms <= 1000; ms += 1)
      metrics.observeRequest({ method: 'GET', route: '/me', status: 200 }, ms / 1000);
    const [{ RequestLatency: values }] = await minute();
    assert.equal(values.length, 100);
    for (const percent of [50, 95, 99]) {
      const found = values[percent - 1];
      assert.ok(Math.abs(found - percent * 10) < 8, `p${percent} is ${found} ms`);
    }
  });

  await t.test('caches: all together, and each by its name', async () => {
    const reads = (/** @type {string} */ cache, /** @type {string} */ outcome, /** @type {number} */ count) =>
      metrics.cacheReads.inc({ cache, outcome }, count);
    reads('members', 'hit', 60);
    reads('members', 'stale', 15);
    reads('members', 'miss', 20);
    reads('members', 'unavailable', 5);
    reads('analytics', 'hit', 10);
    const [whole, members, analytics] = await minute();
    assert.deepEqual([whole.CacheHits, whole.CacheMisses, whole.CacheUnavailable], [85, 20, 5]);
    assert.equal(Math.round(whole.CacheHitRate), 77);
    assert.deepEqual([members.Cache, members.CacheHits, members.CacheHitRate], ['members', 75, 75]);
    // Ten reads say nothing of a rate.
    assert.deepEqual(
      [analytics.Cache, analytics.CacheHits, analytics.CacheHitRate],
      ['analytics', 10, undefined],
    );
    assert.equal((await minute()).length, 1);
  });

  await t.test('queues: what was done, and what waits, of whoever looks into them', async () => {
    metrics.jobs.inc({ queue: 'sms', outcome: 'completed' }, 7);
    metrics.jobs.inc({ queue: 'sms', outcome: 'retried' }, 2);
    const [, done] = await minute();
    assert.deepEqual(
      [done.Queue, done.JobsCompleted, done.JobsRetried, done.JobsDead, done.QueueDepth],
      ['sms', 7, 2, 0, undefined],
    );
    for (const [state, count] of Object.entries({
      wait: 3,
      delayed: 2,
      active: 1,
      failed: 4,
      completed: 9,
    })) {
      metrics.queueJobs.set({ queue: 'sms', state }, count);
    }
    metrics.queueOldestSeconds.set({ queue: 'sms' }, 12.5);
    const [, waits] = await minute();
    assert.deepEqual(
      [waits.QueueDepth, waits.QueueOldestJob, waits.DeadLetters, waits.JobsCompleted],
      [6, 12.5, 4, 0],
    );
  });

  await t.test('how late an event loop is that was held up', async () => {
    await minute();
    await sleep(50);
    const end = performance.now() + 300;
    while (performance.now() < end);
    await sleep(50);
    const [{ EventLoopLagP99: held }] = await minute();
    assert.ok(held >= 250, `${held} ms`);
  });

  await t.test('gauges of the pool: each value of the minute', async () => {
    metrics.poolConnections.set({ state: 'used' }, 5);
    metrics.poolConnections.set({ state: 'waiting' }, 0);
    const [{ PoolUsed, PoolWaiting }] = await minute();
    assert.deepEqual([...new Set(PoolUsed)], [5]);
    assert.ok(PoolWaiting.length >= 11);
  });
  await embedded.close();
});

test('without a namespace nothing is written', async () => {
  const { close } = reportMetrics({
    namespace: undefined,
    log: { info: (message) => assert.fail(message), error: (message) => assert.fail(message) },
  });
  await close();
});
