'use strict';
/**
 * Workers, and app processes that put jobs into the queue, are killed at random moments, while clients go on writing
 * messages until each is acknowledged. KILLS is how often at least: `npm run soak` has 50. KILLS_SEED repeats a run's
 * moments.
 */
const assert = require('node:assert/strict');
const { randomInt, randomUUID } = require('node:crypto');
const { join } = require('node:path');
const { test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { client, loggedIn, startApp } = require('./helpers/app');
const { eventually, freePort, START_MS } = require('./helpers/children');
const { startGateway } = require('./helpers/gateway');
const { share } = require('./helpers/harness');
const { randomNumbers } = require('./helpers/random');
const { startServices } = require('./helpers/services');
const { startWorker } = require('./helpers/worker');

/** @import { App, Manners, Services, SmsGateway, User, Worker } from './types' */

const HASTY_WORKER = join(__dirname, 'fixtures/hasty-worker.js');
const SEED = Number(process.env.KILLS_SEED ?? randomInt(2 ** 31));
const WRITERS = 8;
const SMS_RATE_LIMIT = '1000';
/** Between two messages of a writer, in ms. */
const PAUSE_MS = 10;
const KILLS = Number(process.env.KILLS ?? 5);
/** Killed so often at least: app processes, and workers in each of two places. */
const SHARES = { app: Math.ceil(KILLS / 5), worker: Math.ceil((2 * KILLS) / 5) };
/** A run with less than this proves nothing, so killing goes on until there is as much, however slow the machine is. */
const LEAST = { messages: 100, cutOff: 1 };
/** Of a process once it works, in ms; one of the app works when it has acknowledged a message. */
const LONGEST_LIFE_MS = { app: 1500, worker: 500 };

/** @type {Services} */
let services;
/** @type {SmsGateway} */
let gateway;
/** @type {(App | Worker)[]} */
const started = [];
let acknowledgements = 0;
share(async (keep) => {
  services = keep(await startServices());
  gateway = keep(await startGateway());
  keep({ stop: () => Promise.all(started.map((process) => process.stop())) });
});

/**
 * Kills a process after a random time of work, starts the next, and so on until it is enough; resolves with the last.
 *
 * @template {App | Worker} Process
 * @param {{ first: Process, startNext: () => Promise<Process>, works?: () => Promise<void>, kind: 'app' | 'worker',
 *   isEnough: (kills: number) => boolean, seed: number }} options
 */
async function killAgainAndAgain({ first, startNext, works = async () => {}, kind, isEnough, seed }) {
  const random = randomNumbers(seed);
  let process = first;
  for (let kills = 0; !isEnough(kills); kills++) {
    await works();
    await sleep(random() * LONGEST_LIFE_MS[kind]);
    process.child.kill('SIGKILL');
    assert.deepEqual(await process.exited, [null, 'SIGKILL'], 'it ended by itself');
    process = await startNext();
  }
  return process;
}

/** A client that writes one message after another, each until it is acknowledged; `stop` gives their ids. */
function startWriter(/** @type {User} */ user, /** @type {string} */ memberId) {
  const ids = [];
  const path = `/members/${memberId}/messages`;
  let running = true;
  const writing = (async () => {
    while (running) {
      const key = randomUUID();
      const acknowledged = async () => {
        await sleep(PAUSE_MS);
        const answer = await user.post(path, { body: key }, { 'idempotency-key': key });
        return answer.status === 202 && answer.body.id;
      };
      // However long: on a busy machine the app takes its time to start again after each kill.
      ids.push(await eventually(acknowledged, { timeoutMs: 300_000, what: 'the answer 202' }));
      acknowledgements += 1;
    }
    return ids;
  })();
  return {
    stop() {
      running = false;
      return writing;
    },
  };
}

/** In the queue, by state, and in the outbox. */
const left = () => [
  ...['llen wait', 'llen active', 'zcard delayed', 'zcard failed']
    .map((query) => query.split(' '))
    .map(([command, state]) => Number(services.redis.command(command, `queue:sms:${state}`))),
  Number(services.postgres.query(`SELECT count(*) FROM "SmsOutbox"`)),
];

/**
 * Clients write while processes are killed; then the queue is worked off. Resolves with the acknowledged ids.
 *
 * @param {{ kills: typeof SHARES, least: typeof LEAST, script?: string, manners?: Partial<Manners> }} options
 */
async function writtenUnderFire({ kills, least, script = HASTY_WORKER, manners = {} }) {
  gateway.behave({ delayMs: 150, ...manners });
  const start = { messages: acknowledgements, cutOff: gateway.cutOff };
  const isProof = () =>
    acknowledgements - start.messages >= least.messages && gateway.cutOff - start.cutOff >= least.cutOff;
  const PORT = String(await freePort());
  /** @type {<Process extends App | Worker>(starting: Promise<Process>) => Promise<Process>} */
  const kept = async (starting) => {
    const process = await starting;
    started.push(process);
    return process;
  };
  const startOneApp = () => kept(startApp(services, { PORT, SMS_RATE_LIMIT }));
  const startOneWorker = () =>
    kept(startWorker(services, { SMS_GATEWAY_URL: gateway.url, SMS_RATE_LIMIT }, script));
  const app = await startOneApp();
  const waits = { timeoutMs: START_MS, what: 'the log-in and the member' };
  const { cookie } = await eventually(() => loggedIn(app.url), waits);
  const users = Array.from({ length: WRITERS }, () => client(app.url, { cookie }));
  const member = { firstName: 'Ruth', lastName: 'Moab', phone: `+1555${PORT}`, optInSms: true };
  const memberId = await eventually(async () => (await users[0].post('/members', member)).body.id, waits);

  const writers = users.map((user) => startWriter(user, memberId));
  const works = async () => {
    const earlier = acknowledgements;
    await eventually(() => acknowledgements > earlier, { timeoutMs: START_MS, what: 'an acknowledgement' });
  };
  await works();
  const worker = {
    kind: /** @type {const} */ ('worker'),
    startNext: startOneWorker,
    isEnough: (/** @type {number} */ times) => times >= kills.worker && isProof(),
  };
  const [one, other] = [await startOneWorker(), await startOneWorker()];
  const last = await Promise.all([
    killAgainAndAgain({
      kind: 'app',
      isEnough: (/** @type {number} */ times) => times >= kills.app,
      first: app,
      startNext: startOneApp,
      works,
      seed: SEED,
    }),
    killAgainAndAgain({ ...worker, first: one, seed: SEED + 1 }),
    killAgainAndAgain({ ...worker, first: other, seed: SEED + 2 }),
  ]);
  const ids = (await Promise.all(writers.map((writer) => writer.stop()))).flat();
  // What a worker was about to put into the queue when it was killed is added again after a while.
  const isEmpty = () => {
    const counts = left();
    if (counts.some((count) => count > 0)) throw new Error(`${counts} are left`);
    return true;
  };
  await eventually(isEmpty, { timeoutMs: 60_000, what: 'the end of queue and outbox' });
  await Promise.all(last.map((process) => process.stop()));
  return ids;
}

/** How many of these messages reached their phones never, and how many more than once. */
function judged(/** @type {string[]} */ ids) {
  const texts = new Map();
  for (const { key } of gateway.texts) texts.set(key, (texts.get(key) ?? 0) + 1);
  return {
    lost: ids.filter((/** @type {string} */ id) => !texts.has(id)).length,
    doubled: ids.filter((/** @type {string} */ id) => (texts.get(id) ?? 0) > 1).length,
  };
}

test('in kills at random moments no acknowledged message is lost or delivered twice', async (t) => {
  t.diagnostic(`KILLS=${KILLS} KILLS_SEED=${SEED}`);
  const ids = await writtenUnderFire({ kills: SHARES, least: LEAST });
  assert.deepEqual(judged(ids), { lost: 0, doubled: 0 });
  // A client's repeats are one message, and what is written is sent: also what was acknowledged at the last repeat only.
  const written = services.postgres.query(`SELECT count(*) FROM "ConversationMessage"`);
  assert.deepEqual([Number(written), gateway.texts.length], [ids.length, ids.length]);
  const repeated = ids.filter((id) => (gateway.calls.get(id) ?? 0) > 1).length;
  t.diagnostic(`${ids.length} messages; the gateway absorbed repeats of ${repeated}`);
  assert.ok(repeated > 0, 'what a kill cut off was not delivered again');
});

test('its twin: a gateway that does not heed the key delivers twice', async () => {
  const manners = { deduplicates: false };
  const ids = await writtenUnderFire({ kills: { app: 0, worker: 2 }, least: LEAST, manners });
  const { lost, doubled } = judged(ids);
  assert.equal(lost, 0);
  assert.ok(doubled > 0, 'nothing was doubled');
});

test('its twin: a worker that is done with a job before the gateway has it loses messages', async () => {
  const script = join(__dirname, 'fixtures/careless-worker.js');
  const ids = await writtenUnderFire({
    kills: { app: 0, worker: 2 },
    least: { messages: 1, cutOff: 0 },
    script,
  });
  assert.ok(judged(ids).lost > 0, 'nothing was lost');
});
