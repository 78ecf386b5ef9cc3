'use strict';
const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { join } = require('node:path');
const { test } = require('node:test');
const { loggedIn, SERVER, startApp } = require('./helpers/app');
const { share } = require('./helpers/harness');
const { startServices } = require('./helpers/services');
const { zipf } = require('../src/cli/seed');

/** @import { App, Env, Services, User } from './types' */

const DEMO = 'demo@evenkeel.example';
const PASSWORD = 'the password of the demo';
const FIRST_CHURCH = '00000000-0000-4000-8000-000000000001';
const OTHER_CHURCH = '11111111-0000-4000-8000-000000000001';

/** @type {Services} */
let services;
/** @type {App} */
let app;
/** @type {User} */
let user;

function seed(/** @type {string[]} */ ...args) {
  return seedWith({}, ...args);
}

function seedWith(/** @type {Env} */ env, /** @type {string[]} */ ...args) {
  return execFileSync(process.execPath, [join(__dirname, '../src/cli/seed.js'), ...args], {
    env: { ...services.env, SEED_PASSWORD: PASSWORD, ...env },
    encoding: 'utf8',
    stdio: 'pipe',
  });
}

share(async (keep) => {
  services = keep(await startServices());
  seed('--members', '2000', '--messages', '10000');
  app = keep(await startApp(services, {}, SERVER)); // The seed's password has its whole cost.
  user = await loggedIn(app.url, {
    email: DEMO,
    password: PASSWORD,
    churchName: 'unused',
  });
});

async function walk(/** @type {string} */ path, { limit = 200 } = {}) {
  const items = [];
  /** @type {string | null} */
  let cursor = '';
  while (cursor !== null) {
    const { status, body } = await user.get(
      `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${cursor && `&cursor=${cursor}`}`,
    );
    assert.equal(status, 200);
    items.push(...body.items);
    cursor = body.nextCursor;
  }
  return items;
}

test('the seed makes exactly the rows it was asked for, and makes them once', () => {
  assert.equal(services.postgres.query('SELECT count(*) FROM "Member"'), '2000');
  assert.equal(services.postgres.query('SELECT count(*) FROM "ConversationMessage"'), '10000');
  assert.match(seed('--members', '2000', '--messages', '10000'), /seeded already/);
  assert.equal(services.postgres.query('SELECT count(*) FROM "Member"'), '2000');
});

test('a size that is not a number is refused by name', () => {
  assert.throws(() => seed('--members', 'many'), /--members is 'many'/);
});

test('a database that holds anything else is not seeded', () => {
  const rename = (/** @type {string} */ from, /** @type {string} */ to) =>
    services.postgres.query(`UPDATE "Church" SET id = '${to}' WHERE id = '${from}'`);
  rename(FIRST_CHURCH, OTHER_CHURCH);
  try {
    assert.throws(
      () => seed('--members', '100', '--messages', '100'),
      /Refusal: This database holds churches or users that are not the seed's\. Seed an empty one\./,
    );
  } finally {
    rename(OTHER_CHURCH, FIRST_CHURCH);
  }
  assert.equal(services.postgres.query('SELECT count(*) FROM "Member"'), '2000');
});

test('in production the seed wants to be told which database is meant', () => {
  const production = { NODE_ENV: 'production' };
  const target = `127.0.0.1:${services.postgres.port}/app`;
  for (const into of [[], ['--into', 'db.example/app']]) {
    assert.throws(() => seedWith(production, ...into), {
      message: new RegExp(
        `DATABASE_URL leads to ${target}.* Give --into ${target} if that is the database to fill`,
      ),
    });
  }
  assert.match(seedWith(production, '--into', target), /seeded already/);
});

test("the seed leaves an account alone that has the demo's address in another church", () => {
  const hash = () => services.postgres.query(`SELECT "passwordHash" FROM "User" WHERE email = '${DEMO}'`);
  const known = hash();
  services.postgres.query(
    `INSERT INTO "Church" (id, name) VALUES ('${OTHER_CHURCH}', 'Another');
     UPDATE "User" SET "churchId" = '${OTHER_CHURCH}' WHERE email = '${DEMO}'`,
  );
  try {
    assert.throws(() => seed(), new RegExp(`Refusal: ${DEMO} has an account in a church of their own`));
    assert.equal(hash(), known);
  } finally {
    services.postgres.query(
      `UPDATE "User" SET "churchId" = '${FIRST_CHURCH}' WHERE email = '${DEMO}';
       DELETE FROM "Church" WHERE id = '${OTHER_CHURCH}'`,
    );
  }
});

test("a demo's password is as long as anyone's", () => {
  assert.throws(
    () => seedWith({ SEED_PASSWORD: 'demo' }),
    /SEED_PASSWORD has 4 characters\. Set it to 12 or more\./,
  );
});

test("Zipf's shares fall, are never empty, and add up", () => {
  for (const [total, shares] of [
    [5, 5],
    [100, 7],
    [200_000, 500],
  ]) {
    const sizes = zipf(total, shares);
    assert.equal(sizes.length, shares);
    assert.equal(
      sizes.reduce((sum, size) => sum + size),
      total,
    );
    assert.ok(sizes.every((size, k) => size >= 1 && (k === 0 || size <= sizes[k - 1])));
  }
});

test('the pages hold each member of the church once, the newest first', async () => {
  const members = await walk('/members');
  const count = services.postgres.query(`SELECT count(*) FROM "Member" WHERE "churchId"::text LIKE '%001'`);
  assert.equal(members.length, Number(count));
  assert.equal(new Set(members.map(({ id }) => id)).size, members.length);
  const times = members.map(({ createdAt }) => createdAt);
  assert.deepEqual(times, times.toSorted().reverse());
});

test('pages stay whole where many members have the same time', async () => {
  services.postgres.query(
    `UPDATE "Member" SET "createdAt" = '2025-01-01' WHERE "churchId"::text LIKE '%001'`,
  );
  // The cache does not know: a new member ends what it has.
  await user.post('/members', { firstName: 'Ruth', lastName: 'Moab', phone: '+15550188888' });
  const members = await walk('/members', { limit: 199 });
  assert.equal(new Set(members.map(({ id }) => id)).size, members.length);
  assert.equal(
    String(members.length),
    services.postgres.query(`SELECT count(*) FROM "Member" WHERE "churchId"::text LIKE '%001'`),
  );
});

test('segmentation gives those who opted in, and only them', async () => {
  const willing = await walk('/members?optInSms=true');
  const others = await walk('/members?optInSms=false');
  assert.ok(willing.length > 0 && willing.every(({ optInSms }) => optInSms));
  assert.ok(others.length > 0 && others.every(({ optInSms }) => !optInSms));
  assert.equal(willing.length + others.length, (await walk('/members')).length);
});

test('bad cursors, limits and filters are refused', async () => {
  for (const query of ['cursor=nonsense', 'limit=0', 'limit=100000', 'optInSms=perhaps']) {
    assert.equal((await user.get(`/members?${query}`)).status, 400, query);
  }
});

test('messages are filtered by direction', async () => {
  const [conversation] = (await user.get('/conversations?limit=1')).body.items;
  const path = `/conversations/${conversation.id}/messages`;
  const all = await walk(path);
  const inbound = await walk(`${path}?direction=INBOUND`);
  const outbound = await walk(`${path}?direction=OUTBOUND`);
  assert.ok(inbound.every(({ direction }) => direction === 'INBOUND'));
  assert.equal(inbound.length + outbound.length, all.length);
});

test('a message is written to a member who opted in, and counted', async () => {
  const earlier = (await user.get('/analytics')).body;
  const [willing] = (await user.get('/members?optInSms=true&limit=1')).body.items;
  const [other] = (await user.get('/members?optInSms=false&limit=1')).body.items;
  const written = await user.post(`/members/${willing.id}/messages`, { body: 'Choir on Friday?' });
  assert.deepEqual([written.status, written.body.direction], [202, 'OUTBOUND']);
  assert.equal((await user.post(`/members/${other.id}/messages`, { body: 'Choir?' })).status, 409);
  const later = (await user.get('/analytics')).body;
  assert.equal(later.messages.outbound, earlier.messages.outbound + 1);
  assert.equal(later.members.total, earlier.members.total);
});

test("another church's members and conversations are out of reach", async () => {
  const stranger = await loggedIn(app.url);
  const [member] = (await user.get('/members?optInSms=true&limit=1')).body.items;
  const [conversation] = (await user.get('/conversations?limit=1')).body.items;
  assert.deepEqual((await stranger.get('/members')).body, { items: [], nextCursor: null });
  assert.equal((await stranger.post(`/members/${member.id}/messages`, { body: 'Hello' })).status, 404);
  assert.equal((await stranger.get(`/conversations/${conversation.id}/messages`)).status, 404);
});

test('a member is added once by phone number', async () => {
  const member = { firstName: 'Ruth', lastName: 'Moab', phone: '+15550199999', optInSms: true };
  const first = await user.post('/members', member);
  assert.deepEqual([first.status, first.body.phone], [201, member.phone]);
  assert.equal((await user.post('/members', member)).status, 409);
  assert.equal((await user.post('/members', { ...member, phone: '0199' })).status, 400);
});
