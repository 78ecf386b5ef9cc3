'use strict';
/** Whatever a client sends, it is told what is wrong with it; nothing reaches the database that this can't take. */

const assert = require('node:assert/strict');
const { once } = require('node:events');
const http = require('node:http');
const { text: readAll } = require('node:stream/consumers');
const { test } = require('node:test');
const { gzipSync } = require('node:zlib');
const { ACCOUNT, loggedIn, startApp } = require('./helpers/app');
const { share } = require('./helpers/harness');
const { randomNumbers } = require('./helpers/random');
const { startServices } = require('./helpers/services');

/** @import { App, Services, User } from './types' */

const MEMBER = {
  firstName: 'Ada',
  lastName: 'Abbott',
  phone: '+15550100',
  email: 'ada@example.org',
  optInSms: true,
};
const UNKNOWN_ID = '00000000-0000-4000-8000-00000000dead';
/** Valid bodies; `optional` names the fields that may be left out. @type {Record<string, { body: Record<string, unknown>, optional?: string[] }>} */
const BODIES = {
  '/register': { body: ACCOUNT },
  '/login': { body: { email: ACCOUNT.email, password: ACCOUNT.password } },
  '/members': { body: MEMBER, optional: ['email', 'optInSms'] },
  [`/members/${UNKNOWN_ID}/messages`]: { body: { body: 'Choir on Friday?' } },
};

/** @type {Services} */
let services;
/** @type {App} */
let app;
/** @type {User} */
let user;
share(async (keep) => {
  services = keep(await startServices());
  app = keep(await startApp(services));
  user = await loggedIn(app.url);
});

/** @returns {Promise<{ status: number, error: string }>} what raw bytes are answered */
async function send(/** @type {string} */ path, /** @type {string | Buffer} */ bytes, headers = {}) {
  const request = http.request(app.url + path, {
    method: 'POST',
    headers: { cookie: user.cookie, 'content-type': 'application/json', ...headers },
  });
  request.on('error', () => {}); // A body that is refused early is not read to its end.
  request.end(bytes);
  const [response] = await once(request, 'response');
  return { status: response.statusCode, error: JSON.parse(await readAll(response)).error };
}
const post = (/** @type {string} */ path, /** @type {unknown} */ body) => send(path, JSON.stringify(body));

/** What no field takes, whatever its type. @type {unknown[]} */
const NEVER = [null, 7, -1.5, [], ['a'], {}, { toString: 1 }, '', ' ', 'a\u0000b', 'x'.repeat(5000)];

/** A password of a log-in may have any characters: it is compared, not stored. */
const isShort = (/** @type {unknown} */ value) => typeof value === 'string' && value.length < 200;

for (const [path, { body, optional = [] }] of Object.entries(BODIES)) {
  for (const field of Object.keys(body)) {
    test(`POST ${path} refuses each wrong ${field} and names it`, async () => {
      const wrong = NEVER.filter((value) => !(path === '/login' && field === 'password' && isShort(value)));
      const bodies = wrong.map((value) => ({ ...body, [field]: value }));
      if (!optional.includes(field)) bodies.push({ ...body, [field]: undefined });
      for (const one of bodies) {
        const { status, error } = await post(path, one);
        assert.equal(status, 400, JSON.stringify(one));
        assert.ok(error.startsWith(`${field}: `), `${JSON.stringify(one)}: ${error}`);
      }
    });
  }

  test(`POST ${path} refuses a field of fields, however deep, and whatever they are called`, async () => {
    const deep = '['.repeat(9000) + ']'.repeat(9000);
    for (const field of Object.keys(body)) {
      for (const inner of ['length', 'toString', 'size', '__proto__']) {
        const text = JSON.stringify({ ...body, [field]: 0 }).replace(
          `"${field}":0`,
          `"${field}":{"${inner}":${deep}}`,
        );
        const { status, error } = await send(path, text);
        assert.equal(status, 400, `${field}.${inner}`);
        assert.ok(error.startsWith(`${field}: `), error);
      }
    }
    assert.equal((await send(path, deep)).status, 400);
  });

  test(`POST ${path} refuses a field that it does not know`, async () => {
    for (const field of ['churchId', 'id', 'constructor', '__proto__']) {
      const text = JSON.stringify(body).replace('{', `{${JSON.stringify(field)}: "x",`);
      const { status, error } = await send(path, text);
      assert.equal(status, 400, field);
      assert.ok(error.includes(field), error);
    }
  });

  test(`POST ${path} refuses whatever is no JSON object`, async () => {
    for (const text of [
      '',
      '{',
      '[]',
      'null',
      '7',
      '"x"',
      '{"a":1,}',
      '\u0000',
      '{"a":"\\u00"}',
      "{'a':1}",
    ]) {
      const { status, error } = await send(path, text);
      assert.equal(status, 400, JSON.stringify(text));
      assert.ok(!error.includes('{'), `the answer quotes the body: ${error}`);
    }
  });

  test(`POST ${path} takes JSON only, in an encoding that it knows, and not too much of it`, async () => {
    const json = JSON.stringify(body);
    const large = JSON.stringify({ ...body, more: 'x'.repeat(101 * 1024) });
    for (const [expected, bytes, headers] of /** @type {const} */ ([
      [415, 'email=a', { 'content-type': 'application/x-www-form-urlencoded' }],
      [415, json, { 'content-type': 'text/plain' }],
      [415, json, { 'content-type': 'nonsense' }],
      [415, json, { 'content-type': 'application/json; charset=koi8-r' }],
      [415, json, { 'content-encoding': 'compress' }],
      [400, json, { 'content-encoding': 'gzip' }],
      [413, large, {}],
      [413, gzipSync(large), { 'content-encoding': 'gzip' }],
    ])) {
      assert.equal((await send(path, bytes, headers)).status, expected, JSON.stringify(headers));
    }
  });
}

const cursor = (/** @type {string} */ text) => `cursor=${Buffer.from(text).toString('base64url')}`;
const LISTS = ['/members', '/conversations', `/conversations/${UNKNOWN_ID}/messages`];
const QUERIES = [
  ...['0', '-1', '1.5', '201', '1e9', 'x', '', 'NaN', '1&limit=2'].map((limit) => `limit=${limit}`),
  ...['', 'x', '%00', 'a&cursor=b'].map((text) => `cursor=${text}`),
  cursor('2025-01-01T00:00:00.000Z'),
  cursor('2025-01-01T00:00:00.000Z|not-an-id'),
  ...[
    '-271821-04-20T00:00:00.000Z',
    '+275760-09-13T00:00:00.000Z',
    '0000-01-01T00:00:00.000Z',
    '2025',
    'x',
  ].map((time) => cursor(`${time}|${UNKNOWN_ID}`)),
  'churchId=x',
  'limit[]=5',
  '__proto__=x',
];

for (const path of LISTS) {
  test(`GET ${path} refuses what it can't take as a query`, async () => {
    for (const query of QUERIES) {
      assert.equal((await user.get(`${path}?${query}`)).status, 400, query);
    }
  });
}

test('filters take their own values only', async () => {
  for (const value of ['perhaps', '', '1', 'true&optInSms=false']) {
    assert.equal((await user.get(`/members?optInSms=${value}`)).status, 400, value);
  }
  for (const value of ['BOTH', '', 'inbound', 'INBOUND&direction=OUTBOUND']) {
    const path = `/conversations/${UNKNOWN_ID}/messages?direction=${value}`;
    assert.equal((await user.get(path)).status, 400, value);
  }
});

test('an id that is none is refused and named; one that is nobody’s is not found', async () => {
  for (const id of ['1', 'x'.repeat(36), `${UNKNOWN_ID}0`, '%00', '%E0%A4%A', "'; DROP TABLE"]) {
    const conversation = await user.get(`/conversations/${encodeURI(id).replace(/%25/g, '%')}/messages`);
    assert.equal(conversation.status, 400, id);
    const member = await post(`/members/${encodeURI(id).replace(/%25/g, '%')}/messages`, { body: 'Hello' });
    assert.equal(member.status, 400, id);
  }
  assert.match((await user.get('/conversations/1/messages')).body.error, /^conversationId: /);
  assert.equal((await user.get(`/conversations/${UNKNOWN_ID}/messages`)).status, 404);
  assert.equal((await post(`/members/${UNKNOWN_ID}/messages`, { body: 'Hello' })).status, 404);
});

test('no body and no query, however odd, is an error of ours', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = randomNumbers(seed);
  /** @type {<T>(list: T[]) => T} */
  const any = (list) => list[Math.floor(random() * list.length)];
  const TEXTS = [
    '',
    'a\u0000',
    '\ud800',
    '\u202e',
    '💒'.repeat(60),
    '+15550100',
    '2025-01-01',
    '1e999',
    '%00',
  ];
  /** @type {(depth?: number) => unknown} */
  const value = (depth = 0) =>
    any([
      () => any(TEXTS),
      () => any([null, true, -0, 1e308, 2 ** 53]),
      () => (depth < 3 ? [value(depth + 1)] : []),
      () => (depth < 3 ? { [any(TEXTS)]: value(depth + 1), toString: value(depth + 1) } : {}),
    ])();
  for (let turn = 0; turn < 150; turn++) {
    const [path, { body }] = any(Object.entries(BODIES));
    const field = any(Object.keys(body));
    const given = { ...body, [field]: value() };
    const { status } = await post(path, given);
    assert.ok(status < 500, `seed ${seed}: ${path} answered ${status} to ${JSON.stringify(given)}`);
    const query = `${any(['limit', 'cursor', 'optInSms', 'direction'])}=${encodeURIComponent(any(TEXTS.filter((text) => text.isWellFormed())))}`;
    const answer = await user.get(`${any(LISTS)}?${query}`);
    assert.ok(answer.status < 500, `seed ${seed}: ${answer.status} to ${query}`);
  }
});

test('an idempotency key that is none is refused', async () => {
  for (const key of ['', 'a b', 'x'.repeat(201), 'ü']) {
    const headers = { 'idempotency-key': Buffer.from(key).toString('latin1') };
    const body = JSON.stringify({ body: 'Hello' });
    assert.equal((await send(`/members/${UNKNOWN_ID}/messages`, body, headers)).status, 400, key);
  }
});

test('a message may have several lines, a name only one', async () => {
  const member = await post('/members', { ...MEMBER, firstName: 'Ada\nBen' });
  assert.equal(member.status, 400);
  const message = await post(`/members/${UNKNOWN_ID}/messages`, { body: 'Choir\non\tFriday 💒' });
  assert.equal(message.status, 404);
});

test('a log-out needs no body and no content type', async () => {
  const leaving = await loggedIn(app.url);
  const headers = { cookie: leaving.cookie, 'content-length': '0' };
  assert.equal((await fetch(`${app.url}/logout`, { method: 'POST', headers })).status, 204);
});

test('each answer has the headers of an API, whatever became of the request', async () => {
  for (const path of ['/healthz', '/me', '/nowhere', '/members?limit=0', '/members/%E0%A4%A/messages']) {
    const { headers } = await user.get(path);
    assert.equal(headers['content-security-policy'], "default-src 'none';frame-ancestors 'none'", path);
    assert.equal(headers['x-content-type-options'], 'nosniff', path);
    assert.equal(headers['x-frame-options'], 'DENY', path);
    assert.equal(headers['strict-transport-security'], 'max-age=31536000; includeSubDomains', path);
    assert.equal(headers['referrer-policy'], 'no-referrer', path);
    assert.equal(headers['cache-control'], 'no-store', path);
    assert.equal(headers['x-powered-by'], undefined, path);
    assert.match(headers['content-type'], /^application\/json; charset=utf-8$/, path);
  }
});
