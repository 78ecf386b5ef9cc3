'use strict';
const assert = require('node:assert/strict');
const { EventEmitter, once } = require('node:events');
const { mock, test } = require('node:test');
const express = require('express');
const { checks } = require('../src/http/check-token');
const { errors } = require('../src/http/errors');
const { rateLimits } = require('../src/http/rate-limits');
const { readConfig } = require('../src/process/config');
const { ACCOUNT, client, startApp } = require('./helpers/app');
const { eventually, portOf } = require('./helpers/children');
const { share } = require('./helpers/harness');
const { startServices } = require('./helpers/services');

/**
 * @import { Redis } from '../src/types'
 * @import { Answer, App, Services } from './types'
 */

const LIMITS = { LOG_IN_FAILURE_LIMIT: '3', LOG_IN_LIMIT: '9', SIGN_UP_LIMIT: '2', MESSAGE_LIMIT: '5' };
const CHECK_TOKEN = 'a token that only the deployer has';
const UNKNOWN_ID = '00000000-0000-4000-8000-00000000dead';

/** @type {Services} */
let services;
/** @type {App} */
let app;
/** @type {App} */
let others;
share(async (keep) => {
  services = keep(await startServices());
  // Two servers that count together.
  const env = { ...LIMITS, CHECK_TOKEN };
  app = keep(await startApp(services, env));
  others = keep(await startApp(services, env));
});

let lastAddress = 0;
/** Someone whom the load balancer has met at an address of their own, or at the one given. */
const from = (address = `198.51.100.${++lastAddress}`, url = app.url) =>
  client(url, { 'x-forwarded-for': address });
const account = (/** @type {string} */ name) => ({ ...ACCOUNT, email: `${name}@example.org` });
const credentials = (/** @type {string} */ name, password = ACCOUNT.password) => ({
  email: `${name}@example.org`,
  password,
});

const keys = (/** @type {string} */ pattern) =>
  services.redis.command('--scan', '--pattern', pattern).split('\n').filter(Boolean);

async function statuses(/** @type {number} */ count, /** @type {(turn: number) => Promise<Answer>} */ ask) {
  const answers = [];
  for (let turn = 0; turn < count; turn++) answers.push((await ask(turn)).status);
  return answers;
}

test('after too many failures an account is closed to that address, and to no other', async () => {
  await from().post('/register', account('ada'));
  const attacker = from();
  const guess = (/** @type {number} */ turn) => attacker.post('/login', credentials('ada', `guess ${turn}`));
  assert.deepEqual(await statuses(3, guess), [401, 401, 401]);
  const { status, headers, body } = await attacker.post('/login', credentials('ada'));
  assert.deepEqual([status, body.error], [429, 'Too many attempts. Try again later.']);
  const seconds = Number(headers['retry-after']);
  assert.ok(seconds > 0 && seconds <= 900, `Retry-After is ${seconds}`);
  assert.equal((await attacker.post('/login', credentials('ADA'))).status, 429);
  assert.equal((await attacker.post('/login', credentials('ben'))).status, 401);
  assert.equal((await from().post('/login', credentials('ada'))).status, 200);
});

test('one password tried at many accounts closes the address, and no other', async () => {
  await from().post('/register', account('dora'));
  const attacker = from();
  const spray = (/** @type {number} */ turn) =>
    attacker.post('/login', credentials(`stranger${turn}`, 'a common password'));
  assert.deepEqual(new Set(await statuses(30, spray)), new Set([401]));
  assert.equal((await attacker.post('/login', credentials('dora'))).status, 429);
  assert.equal((await from().post('/login', credentials('dora'))).status, 200);
});

test('log-ins that succeed are no failures, but are not free: each costs a core its time', async () => {
  await from().post('/register', account('cora'));
  const person = from();
  const logIn = () => person.post('/login', credentials('cora'));
  assert.deepEqual(new Set(await statuses(9, logIn)), new Set([200]));
  assert.equal((await logIn()).status, 429);
  assert.equal((await from().post('/login', credentials('cora'))).status, 200);
});

test('log-ins at many accounts are counted by address, whether they succeed or not', async () => {
  const address = '203.0.113.9';
  const names = Array.from({ length: 3 }, (_, turn) => `nora${turn}`);
  for (const name of names) await from().post('/register', account(name));
  // 10 times as many as at one account.
  const logIn = (/** @type {number} */ turn) =>
    from(address, turn % 2 ? app.url : others.url).post('/login', credentials(names[turn % 3]));
  const known = keys('limit:all-log-ins-address:*');
  await logIn(0);
  const [key] = keys('limit:all-log-ins-address:*').filter((each) => !known.includes(each));
  services.redis.command('SET', key, '89', 'KEEPTTL');
  assert.equal((await logIn(1)).status, 200);
  assert.equal((await logIn(2)).status, 429);
});

test('what is no log-in and no sign-up is refused as such, however odd; it is not counted and leaves no key', async () => {
  const known = keys('limit:*').length;
  const nested = `${'['.repeat(5000)}${']'.repeat(5000)}`;
  const ask = async (/** @type {string} */ path, /** @type {string} */ email) => {
    const headers = { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.11' };
    const body = `{"email":${email},"password":"${ACCOUNT.password}","churchName":"Grace"}`;
    return (await fetch(app.url + path, { method: 'POST', headers, body })).status;
  };
  for (const path of ['/login', '/register']) {
    for (const email of [nested, `{"toString":${nested}}`, '"no address"', 'null']) {
      for (let turn = 0; turn < 5; turn += 1) assert.equal(await ask(path, email), 400, email);
    }
  }
  assert.equal(keys('limit:*').length, known);
});

test('who has an account can be asked by signing up as often as the limit allows', async () => {
  await from().post('/register', account('paul'));
  const curious = from();
  const ask = () => curious.post('/register', account('paul'));
  assert.deepEqual(await statuses(3, ask), [409, 409, 429]);
});

test("the deployer's checks are let in while their account and address are closed, and others by no token", async () => {
  const address = '203.0.113.10';
  const check = client(app.url, { 'x-forwarded-for': address, 'x-check-token': CHECK_TOKEN });
  assert.equal((await check.post('/register', account('checks'))).status, 201);
  const guess = (/** @type {number} */ turn) =>
    from(address).post('/login', credentials('checks', `guess ${turn}`));
  assert.deepEqual(await statuses(4, guess), [401, 401, 401, 429]);
  await statuses(3, (/** @type {number} */ turn) =>
    from(address).post('/register', account(`squatter${turn}`)),
  );
  assert.deepEqual(
    new Set(await statuses(12, () => check.post('/login', credentials('checks')))),
    new Set([200]),
  );
  assert.equal((await check.post('/register', account('more-checks'))).status, 201);
  for (const token of ['', 'x', `${CHECK_TOKEN} `.repeat(2)]) {
    const forger = client(app.url, { 'x-forwarded-for': address, 'x-check-token': token });
    assert.equal((await forger.post('/login', credentials('checks'))).status, 429);
  }
});

test('where the app has no token nobody is a check', () => {
  for (const token of [undefined, '', 'undefined'])
    assert.equal(checks(undefined)({ get: () => token }), false);
});

test('guesses at the same time are no way around', async () => {
  await from().post('/register', account('dan'));
  const address = '203.0.113.1';
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, turn) => from(address).post('/login', credentials('dan', `guess ${turn}`))),
  );
  assert.equal(answers.filter(({ status }) => status === 401).length, 3);
  assert.equal(answers.filter(({ status }) => status === 429).length, 5);
});

test('sign-ups of an address are limited, on all servers together', async () => {
  const address = '203.0.113.2';
  const answers = await statuses(3, (/** @type {number} */ turn) =>
    from(address, turn % 2 ? others.url : app.url).post('/register', account(`eve${turn}`)),
  );
  assert.deepEqual(answers, [201, 201, 429]);
  assert.equal((await from().post('/register', account('finn'))).status, 201);
});

test('a network of IPv6 is one address', async () => {
  const answers = await statuses(3, (/** @type {number} */ turn) =>
    from(`2001:db8:7:${turn}::1`).post('/register', account(`gus${turn}`)),
  );
  assert.deepEqual(answers, [201, 201, 429]);
});

test('messages are counted by church, whatever the address', async () => {
  await from().post('/register', account('hugh'));
  await from().post('/register', account('ida'));
  const cookieOf = async (/** @type {string} */ name) => {
    const person = from();
    await person.post('/login', credentials(name));
    return person.cookie;
  };
  const [hugh, ida] = [await cookieOf('hugh'), await cookieOf('ida')];
  const write = (/** @type {string} */ cookie) =>
    client(app.url, { cookie, 'x-forwarded-for': `198.51.100.${++lastAddress}` }).post(
      `/members/${UNKNOWN_ID}/messages`,
      { body: 'Hello' },
    );
  assert.deepEqual(await statuses(6, () => write(hugh)), [404, 404, 404, 404, 404, 429]);
  assert.equal((await write(ida)).status, 404);
});

test('each answer tells what is left, in the words of the draft standard', async () => {
  const { headers } = await from().post('/login', credentials('nobody'));
  assert.match(headers['ratelimit-policy'], /^"log-in"; q=3; w=900; pk=:[\w+/=]+:$/);
  assert.match(headers.ratelimit, /^"log-in"; r=2; t=\d+$/);
  assert.equal(headers['x-ratelimit-limit'], undefined);
  assert.equal((await from().get('/healthz')).headers.ratelimit, undefined);
});

test("Redis' keys tell neither addresses nor accounts", () => {
  const found = keys('limit:*');
  assert.ok(found.length > 5);
  assert.deepEqual(
    found.filter(
      (key) => !/^limit:((all-)?log-ins?(-address)?|sign-up|message(-day)?|member):[\w-]{43}$/.test(key),
    ),
    [],
  );
});

test('while Redis hangs or is away a right password is answered as a wrong one, and nobody can guess', async () => {
  await from().post('/register', account('joel'));
  const person = from();
  const ask = async () => {
    const right = await person.post('/login', credentials('joel'));
    const wrong = await person.post('/login', credentials('joel', 'a guess'));
    const signUp = await person.post('/register', account('kim'));
    return [right.status, wrong.status, signUp.status];
  };
  services.redis.signal('SIGSTOP');
  try {
    assert.deepEqual(await ask(), [503, 503, 503]);
  } finally {
    services.redis.signal('SIGCONT');
  }
  await services.redis.stop();
  assert.deepEqual(await ask(), [503, 503, 503]);
  await services.redis.start();
  await eventually(async () => (await person.post('/login', credentials('joel'))).status === 200, {
    what: 'the log-in',
  });
});

test('a Redis that hangs costs a request 250 ms', async () => {
  const events = new EventEmitter();
  /** @type {Redis['sendCommand']} */
  const sendCommand = async ([command]) => {
    if (command === 'SCRIPT') return 'a hash';
    events.emit('asked');
    return new Promise(() => {});
  };
  const log = { info() {}, error() {} };
  const { limits } = readConfig({});
  const { signUp } = rateLimits({ redis: { sendCommand }, limits, isCheck: () => false, log });
  const server = express().use(signUp).use(errors(log)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const asked = once(events, 'asked');
    const answer = fetch(`http://127.0.0.1:${portOf(server)}`, { headers: { connection: 'close' } });
    await asked;
    mock.timers.tick(250);
    assert.equal((await answer).status, 503);
  } finally {
    mock.timers.reset();
    server.close();
  }
});

test('a worker that started without Redis counts when Redis is there', async () => {
  await services.redis.stop();
  const early = await startApp(services, LIMITS);
  try {
    await services.redis.start();
    const address = '203.0.113.4';
    await eventually(
      async () => {
        const { headers } = await from(address, early.url).post('/login', credentials('nobody'));
        return headers.ratelimit;
      },
      { timeoutMs: 5000, what: 'the count' },
    );
  } finally {
    await early.stop();
  }
});
