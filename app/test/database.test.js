'use strict';
/** What users see while Postgres dies, hangs, is cut off or changes its role: fast 503s and nothing else. */

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { loggedIn, startApp } = require('./helpers/app');
const { eventually } = require('./helpers/children');
const { share } = require('./helpers/harness');
const { startServices } = require('./helpers/services');

/** @import { App, Services, User } from './types' */

/** A request that was on its way to a silent database ends with the query's time-out, 6 s. */
const SLOWEST_MS = 7000;
const POOL_SIZE = 3;
const RECOVERY_MS = 5000;

/** @type {Services} */
let services;
/** @type {App} */
let app;
/** @type {User} */
let user;
share(async (keep) => {
  services = keep(await startServices());
  // Without a cache each request asks Postgres.
  app = keep(
    await startApp(services, {
      DATABASE_POOL_SIZE: String(POOL_SIZE),
      CACHE_REDIS_URL: 'redis://127.0.0.1:1',
    }),
  );
  user = await loggedIn(app.url);
});

let number = 0;
const member = () => ({ firstName: 'A', lastName: 'B', phone: `+4930${String(++number).padStart(8, '0')}` });

/** Ten people who read, write, and write in a transaction, one request after the other; each answer is kept. */
async function crowd() {
  const { id } = (await user.post('/members', { ...member(), optInSms: true })).body;
  /** @type {(() => [string, string, object?])[]} */
  const steps = [
    () => ['GET', '/me'],
    () => ['POST', '/members', member()],
    () => ['POST', `/members/${id}/messages`, { body: 'hello' }],
  ];
  /** @type {{ request: string, status: number, ms: number }[]} */
  const answers = [];
  let done = false;
  async function person(/** @type {number} */ turn) {
    while (!done) {
      const [method, path, body] = steps[turn++ % steps.length]();
      const began = Date.now();
      const { status } = await fetch(app.url + path, {
        method,
        headers: { cookie: user.cookie, 'content-type': 'application/json' },
        body: body && JSON.stringify(body),
      });
      answers.push({ request: `${method} ${path}`, status, ms: Date.now() - began });
    }
  }
  const people = Array.from({ length: 10 }, (_, turn) => person(turn));
  return {
    answered: (/** @type {number} */ count) =>
      eventually(() => answers.length >= count, { what: `${count} answers` }),
    async leave() {
      done = true;
      await Promise.all(people);
      return answers;
    },
  };
}

async function writesAgain() {
  await eventually(async () => (await user.post('/members', member())).status === 201, {
    timeoutMs: RECOVERY_MS,
    what: 'a write',
  });
}

const connections = () =>
  services.postgres.query("SELECT pid FROM pg_stat_activity WHERE application_name = 'app'").split('\n');

/** Signals each server process that the app's pool is connected to; the others go on. */
const signalConnections = (/** @type {NodeJS.Signals} */ signal) =>
  connections().forEach((pid) => process.kill(Number(pid), signal));

test('a worker that listens has opened every connection, so that no request waits for one', () => {
  assert.equal(connections().length, POOL_SIZE);
});

const OUTAGES = {
  'is killed': async () => {
    await services.postgres.kill();
    await sleep(500);
    await services.postgres.start();
  },
  restarts: async () => {
    await services.postgres.stop();
    await services.postgres.start();
  },
};

for (const [outage, happens] of Object.entries(OUTAGES)) {
  test(`while Postgres ${outage} every answer is a success or a 503, and writes go on within 5 s`, async () => {
    const people = await crowd();
    await people.answered(30);
    await happens();
    await writesAgain();
    const answers = await people.leave();
    assert.deepEqual(
      answers.filter(({ status, ms }) => ![200, 201, 202, 503].includes(status) || ms > SLOWEST_MS),
      [],
    );
    assert.ok(
      answers.some(({ status }) => status === 503),
      'nobody noticed the outage',
    );
    assert.equal(app.child.exitCode, null);
  });
}

test('a Postgres that hangs costs a request a bounded time', async () => {
  await user.get('/me');
  signalConnections('SIGSTOP');
  try {
    const began = Date.now();
    assert.equal((await user.get('/me')).status, 503);
    const took = Date.now() - began;
    assert.ok(took < SLOWEST_MS, `it took ${took} ms`);
  } finally {
    signalConnections('SIGCONT');
  }
  await writesAgain();
});

test('a saturated pool refuses quickly, stays in service, and recovers', async () => {
  await user.get('/analytics'); // five queries at once
  assert.equal(connections().length, POOL_SIZE);
  const get = async (/** @type {string} */ path) => {
    const began = Date.now();
    const { status, headers } = await fetch(app.url + path, { headers: { cookie: user.cookie } });
    return { status, retryAfter: headers.get('retry-after'), ms: Date.now() - began };
  };
  signalConnections('SIGSTOP');
  try {
    const holders = Array.from({ length: POOL_SIZE }, () => get('/conversations'));
    await sleep(100);
    const refused = await Promise.all(Array.from({ length: 20 }, () => get('/me')));
    assert.deepEqual(
      refused.filter(({ status, retryAfter, ms }) => status !== 503 || retryAfter !== '1' || ms > 1500),
      [],
    );
    assert.equal((await get('/readyz')).status, 200);
    signalConnections('SIGCONT');
    assert.ok((await Promise.all(holders)).every(({ status }) => status === 200));
    assert.equal((await get('/me')).status, 200);
  } finally {
    signalConnections('SIGCONT');
  }
});

test('a slow query is in the log: its text, its time and its request, but no value', async () => {
  await user.get('/me');
  signalConnections('SIGSTOP');
  const answer = user.get('/me');
  await sleep(600);
  signalConnections('SIGCONT');
  const id = (await answer).headers['x-request-id'];
  const line = await eventually(() => app.logged('slow query').find((one) => one.id === id));
  assert.match(line.query, /^SELECT .*"User".* = \$1/);
  assert.ok(line.ms >= 500, `it took ${line.ms} ms`);
});

test('a connection to a primary that takes no writes any more is left, by transactions too', async () => {
  const { id } = (await user.post('/members', { ...member(), optInSms: true })).body;
  const old = connections();
  services.postgres.query('ALTER SYSTEM SET default_transaction_read_only = on');
  services.postgres.query('SELECT pg_reload_conf()');
  const refused = async () => (await user.post(`/members/${id}/messages`, { body: 'hello' })).status === 503;
  try {
    await eventually(refused, { what: 'the refusal' });
    await eventually(() => connections().some((pid) => !old.includes(pid)) || refused().then(() => false), {
      timeoutMs: 5000,
      what: 'new connections',
    });
  } finally {
    services.postgres.query('ALTER SYSTEM RESET default_transaction_read_only');
    services.postgres.query('SELECT pg_reload_conf()');
  }
  await writesAgain();
});
