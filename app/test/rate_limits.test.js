'use strict';
const assert = require('node:assert/strict');
const { EventEmitter, once } = require('node:events');
const { after, before, mock, test } = require('node:test');
const { rateLimits } = require('../src/rate_limits');
const { ACCOUNT, client, startApp } = require('./helpers/app');
const { eventually } = require('./helpers/children');
const { startServices } = require('./helpers/services');

const LIMITS = { LOG_IN_FAILURE_LIMIT: '3', SIGN_UP_LIMIT: '2', MESSAGE_LIMIT: '5' };
const UNKNOWN_ID = '00000000-0000-4000-8000-00000000dead';

let services;
let app;
let others;
before(async () => {
  services = await startServices();
  // Two servers that count together.
  [app, others] = await Promise.all([startApp(services, LIMITS), startApp(services, LIMITS)]);
});
after(async () => {
  await Promise.all([app?.stop(), others?.stop()]);
  await services?.stop();
});

let lastAddress = 0;
/** Someone whom the load balancer has met at an address of their own, or at the one given. */
const from = (address = `198.51.100.${++lastAddress}`, url = app.url) =>
  client(url, { 'x-forwarded-for': address });
const account = (name) => ({ ...ACCOUNT, email: `${name}@example.org` });
const credentials = (name, password = ACCOUNT.password) => ({ email: `${name}@example.org`, password });

async function statuses(count, ask) {
  const answers = [];
  for (let turn = 0; turn < count; turn++) answers.push((await ask(turn)).status);
  return answers;
}

test('after too many failures an account is closed to that address, and to no other', async () => {
  await from().post('/register', account('ada'));
  const attacker = from();
  const guess = (turn) => attacker.post('/login', credentials('ada', `guess ${turn}`));
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
  const spray = (turn) => attacker.post('/login', credentials(`stranger${turn}`, 'a common password'));
  assert.deepEqual(new Set(await statuses(30, spray)), new Set([401]));
  assert.equal((await attacker.post('/login', credentials('dora'))).status, 429);
  assert.equal((await from().post('/login', credentials('dora'))).status, 200);
});

test('log-ins that succeed are not counted, nor bodies that are refused', async () => {
  await from().post('/register', account('cora'));
  const person = from();
  await statuses(5, () => person.post('/login', { email: 'cora@example.org' }));
  assert.deepEqual(
    await statuses(5, () => person.post('/login', credentials('cora'))),
    [200, 200, 200, 200, 200],
  );
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
  const answers = await statuses(3, (turn) =>
    from(address, turn % 2 ? others.url : app.url).post('/register', account(`eve${turn}`)),
  );
  assert.deepEqual(answers, [201, 201, 429]);
  assert.equal((await from().post('/register', account('finn'))).status, 201);
});

test('a network of IPv6 is one address', async () => {
  const answers = await statuses(3, (turn) =>
    from(`2001:db8:7:${turn}::1`).post('/register', account(`gus${turn}`)),
  );
  assert.deepEqual(answers, [201, 201, 429]);
});

test('messages are counted by church, whatever the address', async () => {
  await from().post('/register', account('hugh'));
  await from().post('/register', account('ida'));
  const cookieOf = async (name) => {
    const person = from();
    await person.post('/login', credentials(name));
    return person.cookie;
  };
  const [hugh, ida] = [await cookieOf('hugh'), await cookieOf('ida')];
  const write = (cookie) =>
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
  const keys = services.redis.command('--scan', '--pattern', 'limit:*').trim().split('\n');
  assert.ok(keys.length > 5);
  assert.deepEqual(
    keys.filter((key) => !/^limit:(log-in|log-in-address|sign-up|message):[\w-]{43}$/.test(key)),
    [],
  );
});

test('while Redis hangs or is away nobody is refused, and nobody waits for its return', async () => {
  const address = '203.0.113.3';
  const signUp = async (name) => (await from(address).post('/register', account(name))).status;
  const names = (prefix) => Array.from({ length: 3 }, (_, turn) => `${prefix}${turn}`);
  services.redis.signal('SIGSTOP');
  try {
    for (const name of names('joel')) assert.equal(await signUp(name), 201);
  } finally {
    services.redis.signal('SIGCONT');
  }
  await services.redis.stop();
  for (const name of names('kim')) assert.equal(await signUp(name), 201);
  await services.redis.start();
  await eventually(
    async () => (await from(address).post('/register', { ...account('lea'), password: 'x' })).status === 429,
    {
      timeoutMs: 5000,
      what: 'the limit',
    },
  );
});

test('a Redis that hangs costs a request 250 ms', async () => {
  const events = new EventEmitter();
  const sendCommand = async ([command]) => {
    if (command === 'SCRIPT') return 'a hash';
    events.emit('asked');
    return new Promise(() => {});
  };
  const { signUp } = rateLimits({ redis: { sendCommand }, limits: { signUps: 1 }, log: { error() {} } });
  const request = { ip: '203.0.113.5', headers: {}, app: { get: () => 1 } };
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const [asked, passed] = [once(events, 'asked'), once(events, 'passed')];
    signUp(request, {}, () => events.emit('passed'));
    await asked;
    mock.timers.tick(250);
    await passed;
  } finally {
    mock.timers.reset();
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
