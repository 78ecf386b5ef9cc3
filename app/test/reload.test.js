'use strict';
const assert = require('node:assert/strict');
const http = require('node:http');
const { join } = require('node:path');
const { test } = require('node:test');
const { client, loggedIn, slowLogIn } = require('./helpers/app');
const { startCluster } = require('./helpers/cluster');
const { eventually } = require('./helpers/children');
const { startLoad } = require('./helpers/load');
const { share } = require('./helpers/harness');
const { startServices } = require('./helpers/services');

/** @import { Cluster, Services } from './types' */

const WITHOUT_HANDLER = join(__dirname, 'fixtures/without-shutdown.js');

/** @type {Services} */
let services;
/** @type {Cluster} */
let cluster;
/** @type {Awaited<ReturnType<typeof reloaded>>} */
let seen;
share(async (keep) => {
  services = keep(await startServices());
  cluster = keep(await startCluster(services, { name: 'pm2' }));
  seen = await reloaded(cluster);
});

/**
 * One reload of both workers, from request to request: each has one in flight when it is told to leave, and others come
 * before, meanwhile and afterwards. What each of these sees, and what is the same after it.
 */
async function reloaded(/** @type {Cluster} */ target) {
  const user = await loggedIn(target.url, undefined, { connection: 'close' });
  const old = target.started();
  const since = await bothStartedAt(target);
  const held = await heldByBoth(target.url);
  const load = startLoad(target.url, { path: '/me', headers: { cookie: user.cookie } });
  await load.answers();
  const reload = target.reload();
  const finished = await Promise.all(
    held.map(([worker, slow]) => finishedWhileLeaving(target, worker, slow)),
  );
  await reload;
  await load.answers();
  return {
    ...{ user, old, since, finished },
    current: target.started().filter((/** @type {number} */ pid) => !old.includes(pid)),
    sinceThen: await bothStartedAt(target),
    load: await load.stop(),
  };
}

/** A request that is under way at each of the two workers. */
async function heldByBoth(/** @type {string} */ url) {
  const held = new Map();
  while (held.size < 2) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const { body } = await client(url, {}, agent).get('/healthz');
    if (held.has(body.pid)) {
      agent.destroy();
      continue;
    }
    const slow = slowLogIn(url, agent);
    await slow.underWay();
    held.set(body.pid, slow);
  }
  return [...held];
}

/** Sends the rest of the request once its worker is leaving; the status, or undefined for one that was cut off. */
async function finishedWhileLeaving(
  /** @type {Cluster} */ target,
  /** @type {number} */ worker,
  /** @type {ReturnType<typeof slowLogIn>} */ slow,
) {
  let cutOff = false;
  slow.broken.catch(() => (cutOff = true));
  const isLeaving = () => target.logged('shutting down').some(({ pid }) => pid === worker);
  await eventually(() => cutOff || isLeaving(), { timeoutMs: 120_000, what: `the end of ${worker}` });
  return slow.finish().then(
    ({ statusCode }) => statusCode,
    () => undefined,
  );
}

const bothStartedAt = (/** @type {Cluster} */ target) =>
  Promise.all([0, 1].map((worker) => startedAt(target, worker)));

/** One that was killed just now may still be on its way back. */
function startedAt(/** @type {Cluster} */ target, /** @type {number} */ worker) {
  return eventually(async () => {
    const response = await fetch(`http://127.0.0.1:${target.metricsPort + worker}/metrics`);
    return Number(/^process_start_time_seconds (\d+)$/m.exec(await response.text())?.[1]);
  });
}

test('PM2 runs the workers in cluster mode', async () => {
  const workers = await cluster.workers();
  assert.deepEqual(
    workers.map(({ status, mode }) => [status, mode]),
    [
      ['online', 'cluster_mode'],
      ['online', 'cluster_mode'],
    ],
  );
});

test('a reload replaces every worker, and a session survives it', async () => {
  assert.equal(seen.old.length, 2);
  assert.equal(seen.current.length, 2, `${seen.old} became ${seen.current}`);
  assert.equal((await seen.user.get('/me')).status, 200);
});

test('each worker has metrics of its own, which a reload leaves in place', () => {
  for (const worker of [0, 1]) assert.ok(seen.sinceThen[worker] > seen.since[worker]);
});

test('a request in flight at each worker when a reload begins is finished', () => {
  assert.deepEqual(seen.finished, [400, 400]);
});

test('a reload fails no request that comes meanwhile', () => {
  assert.equal(seen.load.failed, 0, JSON.stringify(seen.load));
});

test('the exit code and the last line of each worker reach the log', async () => {
  const exits = () => cluster.logged('exit').filter(({ pid }) => seen.old.includes(pid));
  await eventually(() => exits().length === 2, { what: 'both last lines' });
  assert.deepEqual(
    exits().map(({ code }) => code),
    [0, 0],
  );
});

test('their twin, with the handler off, fails the requests in flight', async () => {
  const twin = await startCluster(services, { name: 'twin', script: WITHOUT_HANDLER });
  try {
    assert.deepEqual((await reloaded(twin)).finished, [undefined, undefined]);
  } finally {
    await twin.stop();
  }
});

test('a session survives the death of every worker', async () => {
  const earlier = cluster.started().length;
  for (const { pid } of await cluster.workers()) process.kill(pid, 'SIGKILL');
  // Not by asking: PM2 may hand a connection to a worker that is dead, and nobody would ever answer it.
  await eventually(() => cluster.started().length === earlier + 2, { what: 'the workers after them' });
  assert.equal((await seen.user.get('/me')).status, 200);
});
