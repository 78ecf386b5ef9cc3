'use strict';
/** What is written is sent: whatever the queue loses, the outbox has. */
const assert = require('node:assert/strict');
const { randomUUID } = require('node:crypto');
const { afterEach, test } = require('node:test');
const { loggedIn, startApp } = require('./helpers/app');
const { eventually } = require('./helpers/children');
const { startGateway } = require('./helpers/gateway');
const { share } = require('./helpers/harness');
const { startServices } = require('./helpers/services');
const { startWorker } = require('./helpers/worker');

/** @import { App, Services, SmsGateway, User, Worker } from './types' */

/** @type {Services} */
let services;
/** @type {SmsGateway} */
let gateway;
/** @type {App} */
let app;
/** @type {Worker | undefined} */
let worker;
/** @type {User} */
let user;
/** @type {string} */
let member;
share(async (keep) => {
  services = keep(await startServices());
  gateway = keep(await startGateway());
  app = keep(await startApp(services));
  user = await loggedIn(app.url);
  const ruth = { firstName: 'Ruth', lastName: 'Moab', phone: '+15550100001', optInSms: true };
  member = (await user.post('/members', ruth)).body.id;
});
afterEach(async () => {
  gateway.behave();
  await worker?.stop();
  worker = undefined;
});

const query = (/** @type {string} */ sql) => services.postgres.query(sql);
const entries = () => Number(query(`SELECT count(*) FROM "SmsOutbox"`));
const write = (/** @type {string} */ body, key = randomUUID()) =>
  user.post(`/members/${member}/messages`, { body }, { 'idempotency-key': key });
const startOne = async () => (worker = await startWorker(services, { SMS_GATEWAY_URL: gateway.url }));
const deliveries = (/** @type {string} */ id) => gateway.texts.filter(({ key }) => key === id).length;

/** Empties the queue, as a failover may that had not got its last writes; the sessions stay. */
function loseTheQueue() {
  const keys = services.redis.command('--scan', '--pattern', 'queue:*').trim().split('\n');
  services.redis.command('del', ...keys);
}

/** As if all of it had been put into the queue a while ago. */
const wait = () => query(`UPDATE "SmsOutbox" SET "queuedAt" = "queuedAt" - interval '2 minutes'`);

test('a message has an entry until it is delivered', async () => {
  const { body } = await write('Choir on Friday?');
  assert.equal(entries(), 1);
  await startOne();
  await eventually(() => entries() === 0, { what: 'the end of the entry' });
  assert.equal(deliveries(body.id), 1);
});

test('what the queue has lost is added again, once', async () => {
  const { body } = await write('Lost');
  loseTheQueue();
  wait();
  await startOne();
  await eventually(() => deliveries(body.id) === 1, { what: 'the lost message' });
  await eventually(() => entries() === 0, { what: 'the end of the entry' });
  assert.equal(gateway.calls.get(body.id), 1);
});

test('its twin: without an entry it stays lost', async () => {
  const { body } = await write('Lost for good');
  loseTheQueue();
  query(`DELETE FROM "SmsOutbox"`);
  const { body: next } = await write('The next');
  await startOne();
  await eventually(() => deliveries(next.id) === 1, { what: 'the next message' });
  await eventually(() => entries() === 0, { what: 'the end of the entry' });
  assert.equal(deliveries(body.id), 0);
});

test('one that the queue has still is not sent again, and one that it has delivered ends', async () => {
  const { body } = await write('Patience');
  await startOne();
  await eventually(() => entries() === 0, { what: 'the delivery' });
  await worker?.stop();
  // As the worker leaves it that dies between the delivery and the end of the entry.
  query(
    `INSERT INTO "SmsOutbox" ("messageId", "churchId", "queuedAt")
     SELECT '${body.id}', "churchId", now() - interval '2 minutes' FROM "Member"`,
  );
  await startOne();
  await eventually(() => entries() === 0, { what: 'the end of the entry' });
  assert.equal(gateway.calls.get(body.id), 1);
});

test('a repeat of a dead letter is told so, and one after the member has opted out gets what the first got', async () => {
  const [dead, sent] = [randomUUID(), randomUUID()];
  const first = await write('Sent', sent);
  await startOne();
  await eventually(() => deliveries(first.body.id) === 1, { what: 'the delivery' });
  gateway.behave({ answer: () => 422 });
  await write('Dead', dead);
  await eventually(() => query(`SELECT count("deadAt") FROM "SmsOutbox"`) === '1', {
    what: 'the dead letter',
  });
  const { status, body } = await write('Dead', dead);
  assert.deepEqual([status, body.error], [409, 'This message was not delivered, and is not tried again.']);

  query(`UPDATE "Member" SET "optInSms" = false`);
  const repeat = await write('Sent', sent);
  assert.deepEqual([repeat.status, repeat.body], [202, first.body]);
  assert.equal((await write('A new one')).status, 409);
  query(`UPDATE "Member" SET "optInSms" = true`);
  query(`DELETE FROM "SmsOutbox"`);
});

test('a repeat does not move the conversation', async () => {
  const key = randomUUID();
  await write('Once', key);
  const time = () => query(`SELECT "lastMessageAt" FROM "Conversation"`);
  const earlier = time();
  assert.equal((await write('Once', key)).status, 202);
  assert.equal(time(), earlier);
});

test('a member who is deleted while a message to them is written is 404, and no fault of ours', async () => {
  const { id } = (
    await user.post('/members', { firstName: 'A', lastName: 'B', phone: '+15550100002', optInSms: true })
  ).body;
  // The row is there for who reads it, and gone for who refers to it: its deletion commits in between.
  query(
    `CREATE FUNCTION vanish() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN DELETE FROM "Member" WHERE id = NEW."memberId"; RETURN NEW; END $$;
     CREATE TRIGGER vanish BEFORE INSERT ON "Conversation" FOR EACH ROW
       WHEN (NEW."memberId" = '${id}') EXECUTE FUNCTION vanish()`,
  );
  const { status } = await user.post(`/members/${id}/messages`, { body: 'Hello' });
  assert.equal(status, 404);
});
