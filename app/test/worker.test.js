'use strict';
const assert = require('node:assert/strict');
const { randomUUID } = require('node:crypto');
const { join } = require('node:path');
const { afterEach, test } = require('node:test');
const { loggedIn, startApp } = require('./helpers/app');
const { eventually, freePort } = require('./helpers/children');
const { startEndpoint } = require('./helpers/endpoint');
const { startGateway } = require('./helpers/gateway');
const { share } = require('./helpers/harness');
const { startServices } = require('./helpers/services');
const { startWorker } = require('./helpers/worker');

/** @import { App, Endpoint, Services, SmsGateway, User, Worker } from './types' */

const SERVERS_TIMES = { DRAIN_TIMEOUT_MS: '1000', KILL_TIMEOUT_MS: '5000' };

/** @type {Services} */
let services;
/** @type {Endpoint} */
let endpoint;
/** @type {SmsGateway} */
let gateway;
/** @type {App} */
let app;
/** @type {User} */
let user;
/** @type {string} */
let memberId;
/** @type {Worker[]} */
let workers = [];
share(async (keep) => {
  services = keep(await startServices());
  endpoint = keep(await startEndpoint(services.redis.port));
  gateway = keep(await startGateway());
  app = keep(await startApp(services, atEndpoint()));
  user = await loggedIn(app.url);
  const member = { firstName: 'Ruth', lastName: 'Moab', phone: '+15550100001', optInSms: true };
  memberId = (await user.post('/members', member)).body.id;
  services.postgres.query(`UPDATE "Church" SET "approvedAt" = now()`);
});
afterEach(async () => {
  gateway.behave();
  await Promise.all(workers.map((worker) => worker.stop()));
  workers = [];
});

/** Redis by an address that may come to lead to another one. */
const atEndpoint = () => ({
  REDIS_URL: services.env.REDIS_URL.replace(String(services.redis.port), String(endpoint.port)),
});

async function startOne(env = {}) {
  const worker = await startWorker(services, {
    SMS_GATEWAY_URL: gateway.url,
    ...atEndpoint(),
    ...SERVERS_TIMES,
    ...env,
  });
  workers.push(worker);
  return worker;
}

async function write(/** @type {string} */ body) {
  const answer = await user.post(
    `/members/${memberId}/messages`,
    { body },
    { 'idempotency-key': randomUUID() },
  );
  assert.equal(answer.status, 202);
  return answer.body.id;
}

const askedFor = (/** @type {string} */ id) =>
  eventually(() => gateway.calls.has(id), { what: `the gateway's request\n${workers.at(-1)?.child.output}` });
const delivered = (/** @type {string} */ id, timeoutMs = 5000) =>
  eventually(() => gateway.texts.some(({ key }) => key === id), { timeoutMs, what: 'the text' });
const [exit, signalled] = ['exit', 'shutting down'].map(
  (message) => (/** @type {Worker} */ worker) => worker.logged(message)[0],
);

for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT'])) {
  test(`${signal} lets a delivery in flight finish and takes no more jobs; the exit code is 0`, async () => {
    gateway.behave({ delayMs: 1500 });
    const worker = await startOne();
    const first = await write('In flight');
    await askedFor(first);
    worker.child.kill(signal);
    await eventually(() => signalled(worker), { what: 'the shutdown' });
    for (const again of /** @type {const} */ (['SIGTERM', 'SIGINT'])) worker.child.kill(again);
    const second = await write('Too late for this worker');
    assert.deepEqual(await worker.exited, [0, null]);
    assert.equal(signalled(worker).inFlight, 1);
    assert.equal(worker.logged('shutting down').length, 1);
    assert.deepEqual([exit(worker).handedBack, exit(worker).cutOff], [0, 0]);
    assert.deepEqual([gateway.calls.get(first), gateway.calls.has(second)], [1, false]);
    gateway.behave();
    await startOne();
    await delivered(second);
    assert.equal(gateway.calls.get(first), 1);
  });
}

test('a delivery that outlasts the way out is handed back, and the next worker has it at once', async () => {
  gateway.behave({ delayMs: 20_000 });
  const worker = await startOne();
  const id = await write('Slow');
  await askedFor(id);
  assert.equal(await worker.stop(), 0);
  assert.deepEqual([exit(worker).handedBack, exit(worker).cutOff, exit(worker).hardStop], [1, 0, undefined]);
  gateway.behave();
  await startOne();
  // A job that was not handed back would wait for the end of its lock, which is 30 s away.
  await eventually(() => gateway.calls.get(id) === 2, { timeoutMs: 20_000, what: 'the second request' });
  assert.equal(gateway.texts.filter(({ key }) => key === id).length, 1);
});

test('an error that nobody caught takes the same way out, with code 1', async () => {
  gateway.behave({ delayMs: 1000 });
  const worker = await startOne({ NODE_OPTIONS: `--require ${join(__dirname, 'fixtures/failing.js')}` });
  const id = await write('In flight');
  await askedFor(id);
  worker.child.kill('SIGUSR2');
  assert.deepEqual(await worker.exited, [1, null]);
  assert.match(worker.logged('uncaughtException')[0].error, /^Error: a fault of the tests/);
  assert.deepEqual([exit(worker).handedBack, exit(worker).cutOff, gateway.calls.get(id)], [0, 0, 1]);
});

test('a worker that nothing keeps leaves at once', async () => {
  const worker = await startOne({ KILL_TIMEOUT_MS: '60000' });
  const started = Date.now();
  assert.equal(await worker.stop(), 0);
  assert.ok(Date.now() - started < 29_000, `the way out took ${Date.now() - started} ms`);
});

test('without Redis a worker leaves in time all the same', async () => {
  gateway.behave({ delayMs: 1000 });
  const worker = await startOne();
  await askedFor(await write('In flight'));
  await services.redis.stop();
  try {
    assert.equal(await worker.stop(), 0);
    assert.equal(exit(worker).hardStop, undefined);
  } finally {
    await services.redis.start();
  }
});

test('while Redis is away a message is refused within a second; 5 s after its return one is delivered', async () => {
  const worker = await startOne();
  await services.redis.stop();
  const path = `/members/${memberId}/messages`;
  assert.equal((await user.post(path, { body: 'Nobody takes it' })).status, 503);
  await services.redis.start();
  const returned = Date.now();
  const id = await eventually(() => write('Taken again'), { timeoutMs: 5000, what: 'the acknowledgement' });
  await delivered(id, returned + 5000 - Date.now());
  assert.equal(worker.child.exitCode, null);
});

test('a queue that hangs costs a request a bounded time; the message is sent when it is back, once', async () => {
  await startOne();
  const key = randomUUID();
  const ask = () =>
    user.post(`/members/${memberId}/messages`, { body: 'Hanging' }, { 'idempotency-key': key });
  services.redis.command('client', 'pause', '8000', 'WRITE'); // The session can be read.
  const { status, body } = await ask();
  assert.deepEqual([status, body.jobId], [202, body.id]);
  assert.equal(services.redis.command('llen', 'queue:sms:wait').trim(), '0', 'the queue had it');
  services.redis.command('client', 'unpause');
  const { id } = (await ask()).body;
  assert.equal(id, body.id);
  await delivered(id);
  assert.equal(gateway.texts.filter((text) => text.key === id).length, 1);
});

test('a failover is over within 5 s for the queue too, though the old primary goes on answering', async () => {
  const replica = await services.startReplica();
  try {
    const worker = await startOne();
    await delivered(await write('Before'));
    await eventually(() => replica.command('dbsize').trim() === services.redis.command('dbsize').trim());
    replica.command('replicaof', 'no', 'one');
    services.redis.command('replicaof', '127.0.0.1', String(replica.port));
    endpoint.target = replica.port;
    const over = Date.now();
    const id = await eventually(() => write('After'), { timeoutMs: 5000, what: 'the acknowledgement' });
    await delivered(id, over + 5000 - Date.now());
    assert.equal(worker.child.exitCode, null);
  } finally {
    endpoint.target = services.redis.port;
    services.redis.command('replicaof', 'no', 'one');
    await replica.stop();
  }
});

test('a worker starts without Redis, and works when Redis is there', async () => {
  await services.redis.stop();
  await startOne();
  await services.redis.start();
  await delivered(await eventually(() => write('Early'), { timeoutMs: 5000, what: 'the acknowledgement' }));
});

test('the metrics of a worker tell how much waits, for how long, and what became of jobs', async () => {
  const port = await freePort();
  const ids = await Promise.all(Array.from({ length: 9 }, (_, k) => write(`Measured ${k}`)));
  await startOne({ SMS_RATE_LIMIT: '1', METRICS_PORT: String(port + 1) });
  const measured = async (/** @type {string} */ series) => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.split(' ')[1],
    );
  };
  const shows = (/** @type {string} */ series, /** @type {(value: number) => boolean} */ isRight) =>
    eventually(async () => isRight(await measured(series)), { what: series, timeoutMs: 10_000 });
  await shows('app_queue_jobs{queue="sms",state="wait"}', (/** @type {number} */ count) => count > 0);
  await shows('app_queue_oldest_job_seconds{queue="sms"}', (/** @type {number} */ age) => age > 1);
  await delivered(ids[8], 15_000);
  await shows(
    'app_jobs_total{queue="sms",outcome="completed"}',
    (/** @type {number} */ count) => count === 9,
  );
  await shows('app_queue_oldest_job_seconds{queue="sms"}', (/** @type {number} */ age) => age === 0);
});
