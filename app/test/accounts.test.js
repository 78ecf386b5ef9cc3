'use strict';
const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { ACCOUNT, client, loggedIn, startApp } = require('./helpers/app');
const { eventually } = require('./helpers/children');
const { startServices } = require('./helpers/services');

let services;
let app;
before(async () => {
  services = await startServices();
  app = await startApp(services);
});
after(async () => {
  await app?.stop();
  await services?.stop();
});

const { email, password } = ACCOUNT;

test('an empty database lets the first user sign up, log in and read the session back', async () => {
  const user = client(app.url);
  assert.equal((await user.post('/register', ACCOUNT)).status, 201);
  assert.equal(user.cookie, undefined);
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
  const lifetime = Date.parse(cookie.match(/Expires=([^;]+)/)[1]) - Date.now();
  assert.ok(Math.abs(lifetime - 24 * 3600 * 1000) < 10_000, `the cookie lives ${lifetime} ms`);
});

test('a session ends a day after its log-in, as its cookie does, whatever is asked for meanwhile', async () => {
  const user = await loggedIn(app.url);
  const [, id] = decodeURIComponent(user.cookie).match(/^sid=s:(.+)\./);
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
