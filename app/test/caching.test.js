'use strict';
const assert = require('node:assert/strict');
const { randomUUID } = require('node:crypto');
const { EventEmitter, once } = require('node:events');
const { join } = require('node:path');
const { test } = require('node:test');
const { ACCOUNT, client, loggedIn, startApp } = require('./helpers/app');
const { eventually } = require('./helpers/children');
const { share } = require('./helpers/harness');
const { startServices } = require('./helpers/services');

/** @import { App, Item, RedisServer, Services, User } from './types' */

const TWIN = join(__dirname, 'fixtures/without-invalidation.js');

/** @type {Services} */
let services;
/** @type {RedisServer} */
let cacheRedis;
/** Two servers, and the same church's user at each. @type {App[]} */
let servers;
/** @type {User[]} */
let users;
share(async (keep) => {
  services = keep(await startServices());
  cacheRedis = keep(await services.startCacheRedis());
  servers = [keep(await start()), keep(await start())];
  users = [await loggedIn(servers[0].url), await loggedIn(servers[1].url)];
});

const start = (/** @type {string | undefined} */ script = undefined) =>
  startApp(services, { CACHE_REDIS_URL: cacheRedis.url }, script);

let phones = 0;
async function addMember(/** @type {User} */ user, fields = {}) {
  phones += 1;
  const phone = `+1555${String(phones).padStart(7, '0')}`;
  const { status, body } = await user.post('/members', {
    firstName: 'Ruth',
    lastName: 'Moab',
    phone,
    optInSms: true,
    ...fields,
  });
  assert.equal(status, 201);
  return body;
}

async function write(/** @type {User} */ user, /** @type {{ id: string }} */ member) {
  const { status } = await user.post(`/members/${member.id}/messages`, { body: 'Choir on Friday?' });
  assert.ok([201, 202].includes(status), `a message was answered ${status}`);
}

/** How each path was answered, by path. */
async function outcomes(/** @type {User} */ user, /** @type {string[]} */ paths) {
  /** @type {Record<string, string>} */
  const seen = {};
  for (const path of paths) {
    const { status, headers } = await user.get(path);
    assert.equal(status, 200, path);
    seen[path] = headers['x-cache'];
  }
  return seen;
}

/** The same of a Redis that runs: on a busy machine it may be late once, which changes nothing. */
async function inTime(/** @type {User} */ user, /** @type {string[]} */ paths) {
  /** @type {Record<string, string>} */
  const seen = {};
  for (const path of paths) {
    await eventually(async () => {
      Object.assign(seen, await outcomes(user, [path]));
      return !seen[path].includes('bypass');
    });
  }
  return seen;
}

async function pathsOf(/** @type {User} */ user, /** @type {{ id: string }} */ member) {
  await write(user, member);
  const { items } = (await user.get('/conversations')).body;
  const conversation = items.find((/** @type {Item} */ each) => each.member.id === member.id);
  assert.ok(conversation);
  return {
    me: '/me',
    members: '/members',
    willing: '/members?optInSms=true&limit=20',
    analytics: '/analytics',
    conversations: '/conversations',
    messages: `/conversations/${conversation.id}/messages?direction=OUTBOUND`,
  };
}

/** @type {(paths: Record<string, string>, outcome: string, more?: Record<string, string>) => Record<string, string>} */
const all = (paths, outcome, more) =>
  Object.fromEntries(
    Object.entries(paths).map(([name, path]) => [
      path,
      more?.[name] ?? (name === 'analytics' ? `${outcome}, ${outcome}` : outcome),
    ]),
  );

test('each route misses first and hits next, also on another server, until a write changes it', async () => {
  const [here, there] = users;
  const member = await addMember(here);
  const paths = await pathsOf(here, member);
  cacheRedis.command('flushall');
  assert.deepEqual(await inTime(here, Object.values(paths)), all(paths, 'miss'));
  assert.deepEqual(await inTime(here, Object.values(paths)), all(paths, 'hit'));
  assert.deepEqual(await inTime(there, Object.values(paths)), all(paths, 'hit'));
  await addMember(there);
  const afterMember = { members: 'miss', willing: 'miss', analytics: 'miss, hit' };
  assert.deepEqual(await inTime(here, Object.values(paths)), all(paths, 'hit', afterMember));
  await write(there, member);
  const afterMessage = { conversations: 'miss', messages: 'miss', analytics: 'hit, miss' };
  assert.deepEqual(await inTime(here, Object.values(paths)), all(paths, 'hit', afterMessage));
});

test('an answer of the cache is the same as one without it', async () => {
  const [here] = users;
  const paths = Object.values(await pathsOf(here, await addMember(here)));
  const read = () => Promise.all(paths.map(async (path) => (await here.get(path)).body));
  const [fresh, cached] = [await read(), await read()];
  assert.deepEqual(cached, fresh);
});

test('a church is never given what the cache has of another', async () => {
  const [here] = users;
  const { messages } = await pathsOf(here, await addMember(here));
  const stranger = await loggedIn(servers[1].url, { ...ACCOUNT, email: 'stranger@example.org' });
  for (const user of [here, stranger, here, stranger]) {
    assert.equal((await user.get(messages)).status, user === here ? 200 : 404);
    const { items } = (await user.get('/members')).body;
    assert.equal(items.length > 0, user === here);
  }
});

test('only first pages are cached, in two sizes, of what is there: nothing that is invented leaves an entry', async () => {
  const [here] = users;
  const { messages } = await pathsOf(here, await addMember(here));
  const lists = ['/members?', '/members?optInSms=true&', '/conversations?', `${messages}&`];
  const keys = () => cacheRedis.command('--scan', '--pattern', 'cache:*').split('\n');
  const entries = () => keys().filter((key) => /^cache:(?!version:|lock:)/.test(key)).length;
  const versions = () => keys().filter((key) => key.startsWith('cache:version:')).length;
  cacheRedis.command('flushall');

  const hits = async (/** @type {string} */ path) => (await here.get(path)).headers['x-cache'] === 'hit';
  for (const list of lists)
    for (const limit of [1, 7, 50, 51, 199, 200])
      await eventually(() => hits(`${list}limit=${limit}`), { what: `a hit of ${list}limit=${limit}` });
  const found = [entries(), versions()];
  assert.equal(found[0], 2 * lists.length);

  const invented = () => Buffer.from(`${new Date().toISOString()}|${randomUUID()}`).toString('base64url');
  for (const list of lists)
    for (let n = 0; n < 10; n += 1) {
      const { status, headers } = await here.get(`${list}cursor=${invented()}`);
      assert.deepEqual([status, headers['x-cache']], [200, undefined]);
      assert.equal((await here.get(`/conversations/${randomUUID()}/messages`)).status, 404);
    }
  assert.deepEqual([entries(), versions()], found);
});

/** Of each of two writers. */
const WRITES = 40;

/**
 * Writers add members at both servers while readers list and count them there. Between two writes a writer waits for a
 * read that hits: however busy the machine, the cache takes part.
 *
 * @returns {Promise<{ reads: number, stale: number }>} stale: reads that began after a write's answer and did not show it
 */
async function storm(/** @type {App[]} */ at) {
  const { cookie } = await loggedIn(at[0].url, { ...ACCOUNT, email: `storm-${phones}@example.org` });
  const people = Array.from({ length: 8 }, (_, n) => client(at[n % 2].url, { cookie }));
  const written = new Set();
  const counts = { reads: 0, stale: 0 };
  const hits = new EventEmitter();
  let writing = 2;

  async function writer(/** @type {User} */ user) {
    for (let n = 0; n < WRITES; n += 1) {
      written.add((await addMember(user)).id);
      await once(hits, 'hit');
    }
    writing -= 1;
  }
  async function reader(/** @type {User} */ user, /** @type {number} */ n) {
    while (writing > 0) {
      const known = [...written];
      const { body, headers } = await user.get(n % 4 < 2 ? '/members?limit=200' : '/analytics');
      const ids = new Set(body.items?.map(({ id }) => id));
      const shown = body.items ? known.every((id) => ids.has(id)) : body.members.total >= known.length;
      counts.reads += 1;
      counts.stale += shown ? 0 : 1;
      if (headers['x-cache'].startsWith('hit')) hits.emit('hit');
    }
  }
  await Promise.all(people.map((user, n) => (n < 2 ? writer(user) : reader(user, n))));
  return counts;
}

test('no read that begins after a write was answered shows what was before, however many write and read', async () => {
  const { reads, stale } = await storm(servers);
  assert.equal(stale, 0, `${stale} of ${reads} reads were stale`);
});

test('without invalidation there are such reads: the test above can fail', async () => {
  const twins = await Promise.all([start(TWIN), start(TWIN)]);
  try {
    const { stale } = await storm(twins);
    assert.ok(stale > 0);
  } finally {
    await Promise.all(twins.map((twin) => twin.stop()));
  }
});

for (const [what, take, giveBack] of /** @type {const} */ ([
  ['is down', () => cacheRedis.stop(), () => cacheRedis.start()],
  ['hangs', () => cacheRedis.signal('SIGSTOP'), () => cacheRedis.signal('SIGCONT')],
])) {
  test(`when the cache's Redis ${what} all is served and right; when it is back, reads hit again`, async () => {
    const [here, there] = users;
    const member = await addMember(here);
    const paths = await pathsOf(here, member);
    await take();
    try {
      for (const user of users) {
        assert.deepEqual(await outcomes(user, Object.values(paths)), all(paths, 'bypass'));
      }
      const { id } = await addMember(here);
      await write(there, member);
      assert.equal((await there.get('/members')).body.items[0].id, id);
      const { status } = (await here.get('/readyz')).body;
      assert.equal(status, 'ready');
    } finally {
      await giveBack();
    }
    for (const user of users) {
      const hit = async () => (await user.get('/members')).headers['x-cache'] === 'hit';
      await eventually(hit, { timeoutMs: 5000, what: 'a hit' });
    }
  });
}
