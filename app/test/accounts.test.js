'use strict';
const assert = require('node:assert/strict');
const { spawnSync } = require('node:child_process');
const { join } = require('node:path');
const { test } = require('node:test');
const { ACCOUNT, client, loggedIn, SERVER, startApp } = require('./helpers/app');
const { eventually } = require('./helpers/children');
const { share } = require('./helpers/harness');
const { startServices } = require('./helpers/services');
const { hashPassword } = require('../src/http/passwords');

/** @import { Answer, App, Services, User } from './types' */

const END_SESSIONS = join(__dirname, '../src/cli/end-sessions.js');

/** @type {Services} */
let services;
/** @type {App} */
let app;
/** One whose passwords have their whole cost. @type {App} */
let dear;
share(async (keep) => {
  services = keep(await startServices());
  app = keep(await startApp(services));
  dear = keep(await startApp(services, {}, SERVER));
});

const { email, password } = ACCOUNT;

/** The id in the cookie. */
function sessionOf(/** @type {User} */ { cookie }) {
  return String(/^sid=s:(.+)\./.exec(decodeURIComponent(cookie))?.[1]);
}

/** Whether each is still logged in, as a status. */
const meOf = (/** @type {Pick<User, 'get'>[]} */ users) =>
  Promise.all(users.map(async (/** @type {Pick<User, 'get'>} */ user) => (await user.get('/me')).status));

test('an empty database lets the first user sign up, log in and read the session back', async () => {
  const user = client(app.url);
  assert.equal((await user.post('/register', ACCOUNT)).status, 201);
  assert.equal(user.cookie, '');
  assert.equal((await user.post('/login', { email, password })).status, 200);
  const { status, body } = await user.get('/me');
  assert.equal(status, 200);
  assert.equal(body.email, email);
  assert.equal(body.church.name, ACCOUNT.churchName);
});

test('a wrong password and an unknown address get the same answer', async () => {
  const user = await loggedIn(app.url);
  const wrong = await user.post('/login', { email, password: 'not the password' });
  const unknown = await user.post('/login', { email: 'nobody@example.org', password });
  assert.deepEqual([wrong.status, wrong.body.error], [401, 'Address or password is wrong.']);
  assert.deepEqual([unknown.status, unknown.body.error], [401, 'Address or password is wrong.']);
});

test('an address signs up once', async () => {
  const user = await loggedIn(app.url);
  assert.equal((await user.post('/register', ACCOUNT)).status, 409);
});

test('a bad body is refused and the field named', async () => {
  const { status, body } = await client(app.url).post('/register', { ...ACCOUNT, password: 'short' });
  assert.equal(status, 400);
  assert.match(body.error, /^password: /);
  assert.equal((await client(app.url).post('/login')).status, 400);
});

test('the cookie is httpOnly, lax and lives a day', async () => {
  const { given } = await (await loggedIn(app.url)).post('/login', { email, password });
  const [cookie] = given;
  assert.match(cookie, /^sid=s%3A[^;]+; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/);
  const lifetime = Date.parse(String(/Expires=([^;]+)/.exec(cookie)?.[1])) - Date.now();
  assert.ok(Math.abs(lifetime - 24 * 3600 * 1000) < 10_000, `the cookie lives ${lifetime} ms`);
});

test('a session ends a day after its log-in, as its cookie does, whatever is asked for meanwhile', async () => {
  const user = await loggedIn(app.url);
  const id = sessionOf(user);
  const ttl = () => Number(services.redis.command('TTL', `sess:${id}`));
  assert.ok(ttl() > 86_000 && ttl() <= 86_400);
  services.redis.command('EXPIRE', `sess:${id}`, '1000');
  assert.equal((await user.get('/me')).status, 200);
  assert.ok(ttl() <= 1000);
});

test('logging in changes the session id, logging out ends the session', async () => {
  const user = await loggedIn(app.url);
  const first = user.cookie;
  await user.post('/login', { email, password });
  assert.notEqual(user.cookie, first);
  const last = { headers: { cookie: user.cookie } };
  assert.equal((await user.post('/logout')).status, 204);
  assert.equal((await fetch(`${app.url}/me`, last)).status, 401);
});

test('a user has so many sessions at once; the oldest ends for a new one', async () => {
  const strict = await startApp(services, { SESSION_LIMIT: '2' });
  try {
    const account = { ...ACCOUNT, email: 'many@example.org' };
    const users = [];
    for (let n = 0; n < 2; n += 1) users.push(await loggedIn(strict.url, account));
    // One that is logged out leaves its place.
    await users[1].post('/logout');
    users.push(await loggedIn(strict.url, account));
    assert.deepEqual(await meOf(users), [200, 401, 200]);
    users.push(await loggedIn(strict.url, account));
    assert.deepEqual(await meOf(users), [401, 401, 200, 200]);
  } finally {
    await strict.stop();
  }
});

test('a user logs out everywhere, and nobody else does', async () => {
  const account = { ...ACCOUNT, email: 'everywhere@example.org' };
  const users = [await loggedIn(app.url, account), await loggedIn(app.url, account), await loggedIn(app.url)];
  assert.equal((await users[0].post('/logout', { everywhere: true })).status, 204);
  assert.deepEqual(await meOf(users), [401, 401, 200]);
});

test("an operator ends a user's sessions by their id", async () => {
  const user = await loggedIn(app.url, { ...ACCOUNT, email: 'deleted@example.org' });
  const { id } = (await user.get('/me')).body;
  const run = (/** @type {string[]} */ ...args) =>
    spawnSync(process.execPath, [END_SESSIONS, ...args], {
      env: { ...services.env, PATH: process.env.PATH },
      encoding: 'utf8',
    });
  const wrong = run('deleted@example.org');
  assert.deepEqual(
    [wrong.status, wrong.stderr],
    [1, `RangeError: 'deleted@example.org' is no user's id. Give one or more, as "User".id has them.\n`],
  );
  assert.match(run(id).stdout, new RegExp(`^${id}: 1 sessions have ended.$`, 'm'));
  assert.deepEqual(await meOf([user]), [401]);
});

test('a session that was saved later still ends a day after its log-in', async () => {
  const user = await loggedIn(app.url, { ...ACCOUNT, email: 'late@example.org' });
  const id = sessionOf(user);
  const kept = JSON.parse(services.redis.command('GET', `sess:${id}`));
  kept.loggedInAt -= 24 * 3600 * 1000;
  services.redis.command('SET', `sess:${id}`, JSON.stringify(kept));
  assert.equal((await user.get('/me')).status, 401);
});

test('a new secret signs, and sessions of the one before it still hold', async () => {
  const [old, next] = ['o'.repeat(32), 'n'.repeat(32)];
  const start = (/** @type {string} */ secret) => startApp(services, { SESSION_SECRET: secret });
  const [earlier, both, later] = await Promise.all([start(old), start(`${next},${old}`), start(next)]);
  try {
    const status = async (/** @type {App} */ server, /** @type {User} */ { cookie }) =>
      (await fetch(`${server.url}/me`, { headers: { cookie } })).status;
    const [early, late] = [await loggedIn(earlier.url), await loggedIn(both.url)];
    assert.equal(await status(both, early), 200);
    assert.equal(await status(later, late), 200);
    assert.equal(await status(later, early), 401);
  } finally {
    await Promise.all([earlier, both, later].map((server) => server.stop()));
  }
});

test('who hashes too much is told to come again, and keeps nobody else from it', async () => {
  const account = { ...ACCOUNT, email: 'patient@example.org' };
  await client(dear.url).post('/register', account);
  const from = (/** @type {string} */ address) => client(dear.url, { 'x-forwarded-for': address });
  const logIn = (/** @type {string} */ address) =>
    from(address).post('/login', { email: account.email, password });
  const flood = Array.from({ length: 50 }, () => logIn('203.0.113.1'));
  const { headers } = await Promise.race(flood.map(refusal));
  assert.equal(headers['retry-after'], '1');
  assert.equal((await logIn('203.0.113.2')).status, 200);
  const statuses = (await Promise.all(flood)).map(({ status }) => status);
  assert.deepEqual(new Set(statuses), new Set([200, 429]));
});

/** Resolves when a request is answered 429. */
async function refusal(/** @type {Promise<Answer>} */ request) {
  const answer = await request;
  return answer.status === 429 ? answer : new Promise(() => {});
}

test('whoever logs in with a hash that cost less is hashed again, once', async () => {
  const account = { ...ACCOUNT, email: 'cheap@example.org' };
  await client(dear.url).post('/register', account);
  const cheap = await hashPassword(password, { log2N: 12, p: 1 });
  const hash = () =>
    services.postgres.query(`SELECT "passwordHash" FROM "User" WHERE email = '${account.email}'`);
  services.postgres.query(`UPDATE "User" SET "passwordHash" = '${cheap}' WHERE email = '${account.email}'`);
  assert.equal(
    (await client(dear.url).post('/login', { ...account, password: 'a guess', churchName: undefined }))
      .status,
    401,
  );
  assert.equal(hash(), cheap);
  await loggedIn(dear.url, account);
  const again = hash();
  assert.notEqual(again, cheap);
  await loggedIn(dear.url, account);
  assert.equal(hash(), again);
});

test('a hash of another kind is a wrong password', async () => {
  const account = { ...ACCOUNT, email: 'imported@example.org' };
  await client(app.url).post('/register', account);
  services.postgres.query(`UPDATE "User" SET "passwordHash" = '$2b$12$abc' WHERE email = '${account.email}'`);
  assert.equal((await client(app.url).post('/login', { email: account.email, password })).status, 401);
});

test('the log tells who logged in, out, and was refused, by their ids', async () => {
  const user = await loggedIn(app.url, { ...ACCOUNT, email: 'audited@example.org' });
  const { id, church } = (await user.get('/me')).body;
  await client(app.url).post('/login', { email: 'audited@example.org', password: 'a guess' });
  await user.post('/logout');
  for (const message of ['signed up', 'logged in', 'log-in refused', 'logged out']) {
    const line = await eventually(() => app.logged(message).find((entry) => entry.user === id));
    assert.equal(line.church, church.id);
    assert.match(line.id, /^[\da-f-]{36}$/);
  }
});

test('only as many proxies as there are tell who the client is', async () => {
  const direct = await startApp(services, { TRUSTED_PROXIES: '0', SIGN_UP_LIMIT: '2' });
  try {
    const statuses = [];
    services.redis.command('EVAL', "redis.call('DEL', unpack(redis.call('KEYS', 'limit:*')))", '0');
    for (let n = 0; n < 3; n += 1) {
      const forger = client(direct.url, { 'x-forwarded-for': `198.51.100.${n}` });
      statuses.push((await forger.post('/register', { ...ACCOUNT, email: `direct${n}@example.org` })).status);
    }
    assert.deepEqual(statuses, [201, 201, 429]);
  } finally {
    await direct.stop();
  }
});

test('a session made by one server is read by another', async () => {
  const user = await loggedIn(app.url);
  const other = await startApp(services);
  try {
    assert.equal((await fetch(`${other.url}/me`, { headers: { cookie: user.cookie } })).status, 200);
  } finally {
    await other.stop();
  }
});

test('with COOKIE_SECURE the cookie is only given to clients that came over TLS', async () => {
  const strict = await startApp(services, { COOKIE_SECURE: 'true' });
  try {
    const overTls = client(strict.url, { 'x-forwarded-proto': 'https' });
    assert.match((await overTls.post('/login', { email, password })).given[0], /; Secure/);
    assert.deepEqual((await client(strict.url).post('/login', { email, password })).given, []);
  } finally {
    await strict.stop();
  }
});

test('the log tells each request by its id and holds no address, password, cookie or query', async () => {
  const user = await loggedIn(app.url);
  const { headers } = await user.get('/members?optInSms=true');
  const id = headers['x-request-id'];
  const line = await eventually(() => app.logged('request').find((entry) => entry.id === id));
  assert.deepEqual([line.method, line.path, line.status], ['GET', '/members', 200]);
  for (const secret of [email, password, user.cookie.split('=')[1], 'optInSms=']) {
    assert.ok(!app.child.output.includes(secret), `the log holds '${secret}'`);
  }
});
