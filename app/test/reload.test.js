'use strict';
const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { after, before, test } = require('node:test');
const { loggedIn, slowLogIn } = require('./helpers/app');
const { startCluster } = require('./helpers/cluster');
const { eventually } = require('./helpers/children');
const { startLoad } = require('./helpers/load');
const { startServices } = require('./helpers/services');

let services;
let cluster;
before(async () => {
  services = await startServices();
  cluster = await startCluster(services, { name: 'pm2' });
});
after(async () => {
  await cluster?.stop();
  await services?.stop();
});

const pids = async () => (await cluster.workers()).map(({ pid }) => pid);

/** What a reload of every worker costs under load. */
async function reloadedUnderLoad(target) {
  const user = await loggedIn(target.url);
  const load = startLoad(target.url, { path: '/me', headers: { cookie: user.cookie } });
  await target.reload();
  return load.stop();
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

test('a session survives a reload that replaces every worker', async () => {
  const user = await loggedIn(cluster.url);
  const old = await pids();
  await cluster.reload();
  const current = await pids();
  assert.ok(
    current.every((pid) => !old.includes(pid)),
    `${old} became ${current}`,
  );
  assert.equal((await user.get('/me')).status, 200);
});

test('a session survives the death of every worker', async () => {
  const user = await loggedIn(cluster.url);
  for (const pid of await pids()) process.kill(pid, 'SIGKILL');
  await eventually(async () => (await user.get('/me')).status === 200, { what: 'the session' });
});

test('each worker has metrics of its own, which a reload leaves in place', async () => {
  const startedAt = async (worker) => {
    const response = await fetch(`http://127.0.0.1:${cluster.metricsPort + worker}/metrics`);
    return Number((await response.text()).match(/^process_start_time_seconds (\d+)$/m)[1]);
  };
  // One that was killed just now may still be on its way back.
  const old = await Promise.all([0, 1].map((worker) => eventually(() => startedAt(worker))));
  await cluster.reload();
  for (const worker of [0, 1]) assert.ok((await startedAt(worker)) > old[worker]);
});

test('a request in flight when the reload begins finishes', async () => {
  const slow = slowLogIn(cluster.url);
  await slow.underWay();
  const reload = cluster.reload();
  await eventually(() => readFileSync(join(cluster.logs, 'out.log'), 'utf8').includes('"inFlight":1'));
  assert.equal((await slow.finish()).statusCode, 400);
  await reload;
});

test('a reload under load fails no request', async () => {
  const { answered, failed } = await reloadedUnderLoad(cluster);
  assert.equal(failed, 0, `${failed} of ${answered + failed} failed`);
  assert.ok(answered > 500, `only ${answered} were answered`);
});

test('its twin, with the handler off, fails requests', async () => {
  const script = join(__dirname, 'fixtures/without_shutdown.js');
  const twin = await startCluster(services, { name: 'twin', script });
  try {
    const { failed } = await reloadedUnderLoad(twin);
    assert.ok(failed > 0, 'nothing failed: the load proves nothing');
  } finally {
    await twin.stop();
  }
});

test('the exit code and the last line of each worker reach the log', () => {
  const exits = readFileSync(join(cluster.logs, 'out.log'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"message":"exit"'));
  assert.ok(exits.length >= 2);
  assert.ok(exits.every((line) => JSON.parse(line).code === 0));
});
