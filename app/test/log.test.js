'use strict';
/** The log of a whole life: each line is its request's, and none tells anything of anyone. */

const assert = require('node:assert/strict');
const { join } = require('node:path');
const { test } = require('node:test');
const { PrismaPg } = require('@prisma/adapter-pg');
const { PrismaClient } = require('../generated/client');
const { describe } = require('../src/process/log');
const { client, loggedIn, startApp } = require('./helpers/app');
const { eventually } = require('./helpers/children');
const { startGateway } = require('./helpers/gateway');
const { share } = require('./helpers/harness');
const { startServices } = require('./helpers/services');
const { startWorker } = require('./helpers/worker');

/**
 * @import { Prisma } from '../src/types'
 * @import { App, Services, SmsGateway } from './types'
 */

const ACCOUNT = {
  email: 'ruth@moab.example',
  password: 'whither thou goest',
  churchName: 'Field of Boaz',
};
const MEMBER = {
  firstName: 'Naomi',
  lastName: 'Bethlehem',
  phone: '+15550142857',
  email: 'naomi@judah.example',
  optInSms: true,
};
const TEXT = 'Entreat me not to leave thee';
const UNKNOWN_ID = '00000000-0000-4000-8000-00000000dead';

/** What any phone number, address, cookie, password hash or URL with a password looks like. */
const SHAPES = [
  /\+\d{7,15}/,
  /[\w.+-]+@[\w-]+\.[a-z]{2,}/i,
  /\bsid=|s%3A|\bs:[\w-]{20}/,
  /scrypt\$/,
  /\w+:\/\/[^\s/"]*:[^\s/"]*@/,
];

/** @returns {string[]} the lines that tell one of the secrets, or what looks like one */
function leaks(/** @type {string} */ output, /** @type {string[]} */ secrets = []) {
  return output
    .split('\n')
    .filter(
      (/** @type {string} */ line) =>
        secrets.some((secret) => line.includes(secret)) || SHAPES.some((shape) => shape.test(line)),
    );
}

const SECRETS = [
  ...Object.values(ACCOUNT),
  ...Object.values(MEMBER).filter((value) => typeof value === 'string'),
  MEMBER.phone.slice(1),
  'ruth',
  TEXT,
  'a-token-of-the-tests',
  'a secret for a laptop',
];

/** @type {Services} */
let services;
/** @type {SmsGateway} */
let gateway;
share(async (keep) => {
  services = keep(await startServices());
  gateway = keep(await startGateway());
});

/** Everything that a person does, and what goes wrong with it. Resolves with the cookies that were given. */
async function live(/** @type {App} */ app) {
  const user = await loggedIn(app.url, ACCOUNT);
  const cookies = [user.cookie];
  const { id } = (await user.post('/members', MEMBER)).body;
  for (const path of ['/me', '/members?optInSms=true', '/analytics', '/conversations']) await user.get(path);
  await user.post(`/members/${id}/messages`, { body: TEXT });

  await user.post('/login', { ...ACCOUNT, churchName: undefined });
  cookies.push(user.cookie);
  await user.post('/login', { email: ACCOUNT.email, password: `${ACCOUNT.password}!` });
  await user.post('/register', ACCOUNT);
  await user.post('/members', MEMBER);
  await user.post('/members', { ...MEMBER, phone: MEMBER.phone.slice(1) });
  await user.post('/members', { ...MEMBER, [MEMBER.email]: 1 });
  await user.post(`/members/${UNKNOWN_ID}/messages`, { body: TEXT });
  await user.get(`/members/${MEMBER.phone}`);
  await user.get(`/${encodeURIComponent(ACCOUNT.email)}/%E0%A4%A`);
  await user.get(`/conversations/${MEMBER.phone}/messages?phone=${MEMBER.phone}`);
  await fetch(`${app.url}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie: user.cookie },
    body: `{"email": "${ACCOUNT.email}", "password": ${ACCOUNT.password}`,
  });
  return cookies;
}

/** The same while Postgres is away, and then while Redis is. */
async function endure(/** @type {App} */ app) {
  const user = await loggedIn(app.url, ACCOUNT);
  const steps = () => [
    user.get('/members'),
    user.post('/members', { ...MEMBER, phone: '+15550142858' }),
    user.post('/login', { email: ACCOUNT.email, password: ACCOUNT.password }),
    user.get('/readyz'),
  ];
  for (const service of [services.postgres, services.redis]) {
    await service.stop();
    for (const step of steps()) await step;
    await service.start();
    await eventually(async () => (await user.get('/me')).status === 200, { what: 'the service' });
  }
  return [user.cookie];
}

test('no log of a whole life tells a phone number, an address, a password, a cookie or a token', async (t) => {
  const env = { SLOW_QUERY_MS: '1', SMS_GATEWAY_URL: gateway.url, METRICS_NAMESPACE: 'Tests' };
  const app = await startApp(services, env);
  t.after(app.stop);
  const worker = await startWorker(services, env);
  t.after(worker.stop);
  const cookies = await live(app);
  await eventually(() => gateway.texts.length === 1, { what: 'the SMS' });
  gateway.behave({ answer: () => 400 });
  cookies.push(...(await endure(app)));
  await Promise.all([app.stop(), worker.stop()]);

  const sessions = cookies.map((cookie) => decodeURIComponent(cookie).split(/[=:.]/)[2]);
  assert.ok(sessions.every((session) => session.length > 20));
  assert.deepEqual(leaks(app.child.output + worker.child.output, [...SECRETS, ...cookies, ...sessions]), []);
  for (const message of ['request', 'request failed', 'slow query', 'metrics', 'exit']) {
    assert.ok(app.logged(message).length > 0, `there was no line '${message}'`);
  }

  const ids = new Set(app.logged('request').map(({ id }) => id));
  for (const message of ['request failed', 'rate limit']) {
    const strays = app.logged(message).filter(({ id }) => !ids.has(id));
    assert.deepEqual(strays, [], `a line '${message}' is no request's`);
  }
  assert.ok(app.logged('slow query').some(({ id }) => ids.has(id)));
  assert.deepEqual(
    app.logged('request').flatMap(({ path }) => (path.includes('*') ? [path] : [])),
    ['/members/*', '/*/*', '/conversations/*/messages'],
  );
});

test('its twin, which writes what it is sent, is caught', async (t) => {
  const app = await startApp(services, {
    NODE_OPTIONS: `--require ${join(__dirname, 'fixtures/telling.js')}`,
  });
  t.after(app.stop);
  await live(app);
  await app.stop();
  for (const secret of [ACCOUNT.email, ACCOUNT.password, MEMBER.phone, TEXT]) {
    assert.ok(
      leaks(app.child.output, SECRETS).some((line) => line.includes(secret)),
      `${secret} was not caught`,
    );
  }
});

for (const line of [
  '{"message":"SMS","to":"+4930123456"}',
  '{"error":"no such user: someone@church.example"}',
  '{"cookie":"sid=s%3AAbCdEf"}',
  '{"passwordHash":"scrypt$AAAA$BBBB"}',
  '{"url":"postgresql://app:secret@db.example/app"}',
]) {
  test(`a line such as ${line} is caught, whoever it is about`, () => {
    assert.deepEqual(leaks(`{"message":"request"}\n${line}`), [line]);
  });
}

test('a call that Prisma refuses is told without its arguments', async () => {
  const prisma = new PrismaClient({ adapter: new PrismaPg('postgresql://127.0.0.1:1/none') });
  // What its type asks for is what is missing.
  const error = await prisma.member
    .create({ data: /** @type {Prisma.MemberCreateInput} */ (MEMBER) })
    .catch((reason) => reason);
  assert.deepEqual(leaks(error.stack, SECRETS).length > 0, true, 'Prisma tells them no more');
  const told = describe(error);
  assert.deepEqual(leaks(told, SECRETS), []);
  assert.match(told, /^PrismaClientValidationError: Argument `church` is missing\.\n +at /);
});

test('a value that Postgres quotes is not told, and where it happened is', () => {
  const error = new Error(`invalid input: "${MEMBER.phone}" and "${MEMBER.email}" in 1234567`);
  error.stack += '\n    at query (/srv/node_modules/@prisma/adapter-pg/index.js:681:22)';
  const told = describe(error);
  assert.deepEqual(leaks(told, SECRETS), []);
  assert.match(told, /^Error: invalid input: "…" and "…" in …\n/);
  assert.match(told, /\/srv\/node_modules\/@prisma\/adapter-pg\/index\.js:681:22\)$/);
});

test('a value of any length is told in part, and costs no more than that part', () => {
  const value = `${MEMBER.email} ${'x'.repeat(10_000_000)} ${MEMBER.phone}`;
  const error = new Error(`invalid input: "${value}"`);
  const told = describe(error);
  assert.ok(told.length < 10_000);
  assert.deepEqual(leaks(told, SECRETS), []);
  assert.match(told, /\n +at /);
});

test('a request keeps the id that the load balancer gave it, if it is one', async () => {
  const app = await startApp(services);
  try {
    for (const [given, kept] of /** @type {const} */ ([
      ['Root=1-67891233-abcdef012345678912345678', true],
      ['two words', false],
      ['x'.repeat(129), false],
    ])) {
      const known = { 'x-amzn-trace-id': given, 'x-request-id': "another request's" };
      const { headers } = await client(app.url, known).get('/healthz');
      assert.equal(headers['x-request-id'] === given, kept, given);
    }
  } finally {
    await app.stop();
  }
});
