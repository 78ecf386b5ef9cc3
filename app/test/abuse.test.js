'use strict';
/** What one church, or a stranger who makes one, may spend of the gateway, the queue and the database. */
const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { join } = require('node:path');
const { afterEach, beforeEach, test } = require('node:test');
const { promisify } = require('node:util');
const { ACCOUNT, loggedIn, startApp } = require('./helpers/app');
const { eventually } = require('./helpers/children');
const { startGateway } = require('./helpers/gateway');
const { share } = require('./helpers/harness');
const { startServices } = require('./helpers/services');
const { startWorker } = require('./helpers/worker');

/** @import { App, Services, SmsGateway, Worker } from './types' */

const LIMITS = {
  TRIAL_MESSAGE_LIMIT: '2',
  DAILY_MESSAGE_LIMIT: '1000',
  MEMBER_LIMIT: '5',
  READ_LIMIT: '4',
  SMS_RATE_LIMIT: '5',
  SMS_COUNTRIES: '+1',
};
/** Of the queue, one church's: two seconds of SMS_RATE_LIMIT. */
const SHARE = 10;

/** @type {Services} */
let services;
/** @type {SmsGateway} */
let gateway;
/** @type {App} */
let app;
/** @type {Worker | undefined} */
let worker;
share(async (keep) => {
  services = keep(await startServices());
  gateway = keep(await startGateway());
  app = keep(await startApp(services, LIMITS));
});
beforeEach(() => gateway.behave());
afterEach(async () => {
  await worker?.stop();
  worker = undefined;
  gateway.texts.length = 0;
});

const run = (/** @type {string} */ script, /** @type {string[]} */ ...args) =>
  promisify(execFile)(process.execPath, [join(__dirname, '../src/cli', script), ...args], {
    env: { PATH: process.env.PATH, ...services.env },
  });
const query = (/** @type {string} */ sql) => services.postgres.query(sql);
const inQueue = () => Number(services.redis.command('llen', 'queue:sms:wait'));

let churches = 0;
/** A church with one member; `write` sends that member a message. */
async function church({ isApproved = true, phone = '+15550100001' } = {}) {
  churches += 1;
  const email = `church${churches}@example.org`;
  const user = await loggedIn(app.url, { ...ACCOUNT, email });
  if (isApproved) assert.match((await run('approve-church.js', email)).stdout, /is approved\.$/m);
  const member = { firstName: 'Ruth', lastName: 'Moab', phone, optInSms: true };
  const { id } = (await user.post('/members', member)).body;
  const write = (/** @type {string} */ body) => user.post(`/members/${id}/messages`, { body });
  return { user, email, member: id, write };
}

/** So many messages of the church's member that wait in the outbox, without a request for each. */
function waiting(/** @type {string} */ member, /** @type {number} */ count) {
  return query(`
    WITH written AS (
      INSERT INTO "ConversationMessage" (id, "conversationId", direction, body)
      SELECT gen_random_uuid(), id, 'OUTBOUND', 'Waiting' FROM "Conversation", generate_series(1, ${count})
      WHERE "memberId" = '${member}' RETURNING id)
    INSERT INTO "SmsOutbox" ("messageId", "churchId")
    SELECT written.id, "churchId" FROM written, "Member" WHERE "Member".id = '${member}'`);
}

test('a new church may send a few messages a day, until an operator approves it', async () => {
  const stranger = await church({ isApproved: false });
  const answers = [await stranger.write('One'), await stranger.write('Two'), await stranger.write('Three')];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [202, 202, 429],
  );
  assert.match(answers[2].body.error, /Until your church is approved/);
  await run('approve-church.js', stranger.email);
  await run('flush-cache.js', 'approval'); // or a minute passes
  assert.equal((await stranger.write('Three')).status, 202);
  assert.match(
    (await run('approve-church.js', '--revoke', stranger.email)).stdout,
    /is not approved any more/,
  );
  await run('flush-cache.js', 'approval');
  assert.equal((await stranger.write('Four')).status, 429);
});

test('while nobody can be counted a church that is not approved sends nothing; another does', async () => {
  const [stranger, known] = [await church({ isApproved: false }), await church()];
  services.redis.command('acl', 'setuser', 'default', '-evalsha'); // The sessions can be read.
  try {
    assert.equal((await stranger.write('Uncounted')).status, 503);
    assert.equal((await known.write('Uncounted')).status, 202);
  } finally {
    services.redis.command('acl', 'setuser', 'default', '+evalsha');
  }
  query(`DELETE FROM "SmsOutbox"`);
});

test('an approval of somebody unknown is refused', async () => {
  await assert.rejects(run('approve-church.js', 'nobody@example.org'), /No user has this address/);
  await assert.rejects(run('approve-church.js'), /Name one user/);
});

test('an SMS goes to the countries of SMS_COUNTRIES only', async () => {
  const { write } = await church({ phone: '+4915112345678' });
  const { status, body } = await write('Hallo');
  assert.deepEqual([status, body.error], [409, "SMS are not sent to this member's country."]);
});

test('a church adds so many members a minute, and reads so often', async () => {
  const { user } = await church();
  const add = (/** @type {number} */ n) =>
    user.post('/members', { firstName: 'A', lastName: 'B', phone: `+1555010010${n}` });
  const added = [await add(1), await add(2), await add(3), await add(4), await add(5)];
  assert.deepEqual(
    added.map(({ status }) => status),
    [201, 201, 201, 201, 429],
  );
  const read = async () => (await user.get('/members')).status;
  assert.deepEqual([await read(), await read(), await read(), await read()], [200, 200, 200, 200]);
  for (const path of ['/members', '/conversations', '/analytics'])
    assert.equal((await user.get(path)).status, 429, path);
  assert.equal((await user.get('/me')).status, 200);
  assert.equal((await (await church()).user.get('/members')).status, 200);
});

test("one church's backlog does not delay another's message", async () => {
  const [busy, other] = [await church(), await church()];
  const earlier = inQueue();
  assert.equal((await busy.write('The first')).status, 202);
  waiting(busy.member, 60);
  for (let n = 0; n < SHARE; n += 1) await busy.write(`More ${n}`);
  assert.equal(inQueue() - earlier, 1, 'it has its share already');
  worker = await startWorker(services, { SMS_GATEWAY_URL: gateway.url, SMS_RATE_LIMIT: '5' });
  await eventually(() => gateway.texts.some(({ body }) => body === 'Waiting'), { what: 'the backlog' });
  const { body } = await other.write('Service is at ten');
  const overtaken = gateway.texts.length;
  await eventually(() => gateway.texts.some(({ key }) => key === body.id), { what: 'the other message' });
  const overtaking = gateway.texts.findIndex(({ key }) => key === body.id) - overtaken;
  assert.ok(overtaking <= 2 * SHARE, `${overtaking} of the backlog went before it`);
  query(`DELETE FROM "SmsOutbox"`);
});

test('dead letters are in Postgres, whatever Redis keeps of them, which is a thousand', async () => {
  const { member, write } = await church();
  const first = await write('The first');
  assert.equal(first.status, 202);
  const kept = services.redis.command('hget', `queue:sms:${first.body.id}`, 'opts');
  assert.equal(JSON.parse(kept).removeOnFail.count, 1000);
  waiting(member, 4);
  gateway.behave({ answer: () => 400 });
  worker = await startWorker(services, { SMS_GATEWAY_URL: gateway.url });
  const dead = () => query(`SELECT count("deadAt") FROM "SmsOutbox"`);
  await eventually(() => dead() === '5', { timeoutMs: 90_000, what: 'dead letters' });
  const keys = services.redis.command('--scan', '--pattern', 'queue:*').trim().split('\n');
  services.redis.command('del', ...keys);
  assert.match((await run('replay-sms.js', '--dry-run')).stdout, /5 dead letters would be put back/);
  gateway.behave();
  await run('replay-sms.js');
  await eventually(() => gateway.texts.length === 5, { timeoutMs: 90_000, what: 'the replayed' });
});
