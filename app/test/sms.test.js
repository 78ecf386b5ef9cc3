'use strict';
const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { randomUUID } = require('node:crypto');
const { join } = require('node:path');
const { beforeEach, test } = require('node:test');
const { promisify } = require('node:util');
const { loggedIn, startApp } = require('./helpers/app');
const { eventually } = require('./helpers/children');
const { startGateway } = require('./helpers/gateway');
const { share } = require('./helpers/harness');
const { startServices } = require('./helpers/services');
const { startWorker } = require('./helpers/worker');

/** @import { Answer, App, Services, SmsGateway, User, Worker } from './types' */

const REPLAY = join(__dirname, '../src/cli/replay-sms.js');

/** @type {Services} */
let services;
/** @type {SmsGateway} */
let gateway;
/** @type {App} */
let app;
/** @type {Worker} */
let worker;
/** @type {User} */
let user;
/** @type {string} */
let member;
/** @type {string} */
let other;
share(async (keep) => {
  services = keep(await startServices());
  gateway = keep(await startGateway());
  app = keep(await startApp(services));
  worker = await startWorker(services, { SMS_GATEWAY_URL: gateway.url });
  keep({ stop: () => worker.stop() });
  user = await loggedIn(app.url);
  member = await addMember('+15550100001');
  other = await addMember('+15550100002');
});
beforeEach(() => gateway.behave());

async function addMember(/** @type {string} */ phone) {
  const { body } = await user.post('/members', {
    firstName: 'Ruth',
    lastName: 'Moab',
    phone,
    optInSms: true,
  });
  return body.id;
}

/**
 * Writes a message.
 *
 * @param {string} body
 * @param {{ to?: string, key?: string }} [options] key: a client's that repeats itself
 */
function write(body, { to = member, key } = {}) {
  return user.post(`/members/${to}/messages`, { body }, key ? { 'idempotency-key': key } : {});
}

const textsOf = (/** @type {Answer} */ { body }) => gateway.texts.filter(({ key }) => key === body.id);
const delivered = (/** @type {Answer} */ answer) =>
  eventually(() => textsOf(answer).length === 1, { what: `the text\n${worker.child.output}` });
const replay = (/** @type {string[]} */ ...args) =>
  promisify(execFile)(process.execPath, [REPLAY, ...args], {
    env: { PATH: process.env.PATH, ...services.env },
  });

test('a message is acknowledged at once, with its job, and delivered by the worker', async () => {
  let goOn = () => {};
  gateway.behave({ until: new Promise((resolve) => (goOn = () => resolve(undefined))) });
  const answer = await write('Choir on Friday?');
  goOn();
  assert.deepEqual([answer.status, answer.body.jobId], [202, answer.body.id]);
  await delivered(answer);
  const [{ to, body }] = textsOf(answer);
  assert.deepEqual([to, body], ['+15550100001', 'Choir on Friday?']);
});

test('a repeat with the same key is the same message and the same job, also when both come at once', async () => {
  const key = randomUUID();
  const first = await write('Once', { key });
  const repeats = await Promise.all([write('Once', { key }), write('Once', { key })]);
  for (const { status, body } of repeats) assert.deepEqual([status, body], [202, first.body]);
  await delivered(first);
  const late = await write('Once', { key });
  assert.deepEqual(late.body, first.body);
  assert.equal(gateway.calls.get(first.body.id), 1);
  assert.equal(
    services.postgres.query(`SELECT count(*) FROM "ConversationMessage" WHERE body = 'Once'`),
    '1',
  );
});

test('a key of another message is refused, and one of another church is no such key', async () => {
  const key = randomUUID();
  const first = await write('Mine', { key });
  assert.equal((await write('Another', { key })).status, 422);
  assert.equal((await write('Mine', { key, to: other })).status, 422);
  assert.equal((await write('Mine', { key: 'two words' })).status, 400);
  const stranger = await loggedIn(app.url, {
    email: 'other@example.org',
    password: 'a long enough password',
    churchName: 'Another',
  });
  const { body: theirs } = await stranger.post('/members', {
    firstName: 'Boaz',
    lastName: 'Judah',
    phone: '+15550100001',
    optInSms: true,
  });
  const foreign = await stranger.post(
    `/members/${theirs.id}/messages`,
    { body: 'Mine' },
    { 'idempotency-key': key },
  );
  assert.equal(foreign.status, 202);
  assert.notEqual(foreign.body.id, first.body.id);
});

test('a key of long ago is refused: the queue may have forgotten what it delivered', async () => {
  const key = randomUUID();
  const { body } = await write('Long ago', { key });
  services.postgres.query(
    `UPDATE "ConversationMessage" SET "createdAt" = now() - interval '61 minutes' WHERE id = '${body.id}'`,
  );
  assert.equal((await write('Long ago', { key })).status, 422);
});

test('an error of the gateway is followed by another try with the same key, after a pause that grows', async () => {
  /** @type {number[]} */
  const at = [];
  gateway.behave({ answer: () => (at.push(Date.now()) <= 2 ? 503 : 200) });
  await delivered(await write('Try again'));
  assert.equal(at.length, 3);
  const [first, second] = [at[1] - at[0], at[2] - at[1]];
  assert.ok(first >= 500 && second >= 1000, `pauses of ${first} and ${second} ms`);
});

test('a gateway that wants a pause gets it, and no try is counted', async () => {
  /** @type {number[]} */
  const at = [];
  gateway.behave({
    answer: () => (at.push(Date.now()) === 1 ? { status: 429, headers: { 'retry-after': '2' } } : 200),
  });
  await delivered(await write('Not so fast'));
  assert.ok(at[1] - at[0] >= 2000, `${at[1] - at[0]} ms`);
  assert.equal(worker.logged('SMS retried').filter(({ error }) => error.includes('429')).length, 0);
});

test('a redirect and a wrong credential are no fault of the message: it is tried again', async () => {
  const answers = [{ status: 302, headers: { location: '/elsewhere' } }, 401, 200];
  gateway.behave({ answer: () => answers.shift() ?? 200 });
  const { body } = await write('Moved');
  await eventually(() => gateway.texts.some(({ key }) => key === body.id), { what: 'the delivery' });
  assert.equal(gateway.calls.get(body.id), 3);
});

test('what the gateway refuses is a dead letter at once, delivered when it is replayed, or discarded', async () => {
  gateway.behave({ answer: () => 400 });
  const [one, two, three] = [await write('Bad number'), await write('Bad too'), await write('Worse')];
  await eventually(() => worker.logged('SMS dead').length === 3, { what: 'dead letters' });
  assert.equal(gateway.calls.get(one.body.id), 1);

  const dry = await replay('--dry-run');
  assert.match(dry.stdout, new RegExp(`${one.body.id}  .*  the SMS gateway answered 400`));
  assert.match(dry.stdout, /3 dead letters would be put back/);
  await assert.rejects(replay(randomUUID()), /No dead letter has the id/);
  await assert.rejects(replay('--discard'), /Name what to discard/);
  assert.match((await replay('--discard', three.body.id)).stdout, /1 dead letters were discarded/);

  gateway.behave();
  assert.match((await replay(one.body.id)).stdout, /1 dead letters were put back/);
  await delivered(one);
  assert.equal(textsOf(two).length, 0);
  assert.match((await replay()).stdout, /1 dead letters were put back/);
  await delivered(two);
});

test('who has opted out since gets nothing', async () => {
  const reluctant = await addMember('+15550100003');
  gateway.behave({ answer: () => 503 });
  const answer = await write('Still there?', { to: reluctant });
  await eventually(() => gateway.calls.has(answer.body.id), { what: 'the first try' });
  services.postgres.query(`UPDATE "Member" SET "optInSms" = false WHERE id = '${reluctant}'`);
  gateway.behave();
  await eventually(() => worker.logged('SMS not wanted any more').length, { what: 'the second try' });
  assert.equal(textsOf(answer).length, 0);
});

test('all workers together deliver no more than SMS_RATE_LIMIT a second', async () => {
  const slow = await startWorker(services, { SMS_GATEWAY_URL: gateway.url, SMS_RATE_LIMIT: '5' });
  await worker.stop();
  try {
    const answers = await Promise.all(Array.from({ length: 16 }, (_, k) => write(`Slowly ${k}`)));
    for (const answer of answers) await delivered(answer);
    const times = answers.map((answer) => textsOf(answer)[0].at).sort((a, b) => a - b);
    assert.ok(times[15] - times[0] >= 1900, `16 within ${times[15] - times[0]} ms`);
  } finally {
    await slow.stop();
    worker = await startWorker(services, { SMS_GATEWAY_URL: gateway.url });
  }
});

test('no phone number and no text reaches Redis or a log', async () => {
  const answer = await write('A very private matter');
  await delivered(answer);
  const keys = services.redis.command('--scan', '--pattern', 'queue:*').trim().split('\n');
  const kept = keys
    .filter((key) => services.redis.command('type', key).trim() === 'hash')
    .map((key) => services.redis.command('hgetall', key));
  assert.ok(
    kept.some((text) => text.includes('timestamp')),
    'no job was found',
  );
  for (const text of [...kept, app.child.output, worker.child.output])
    assert.doesNotMatch(text, /5550100|private matter/);
});
