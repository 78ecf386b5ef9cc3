'use strict';
/**
 * Strangers and people of two churches ask all routes for all kinds of things, while rows are deleted under them. The app
 * answers everybody, never with an error of its own, and what Redis then holds is within the bounds of app/README.md.
 *
 * FUZZ_SEED repeats a run as far as chance allows; FUZZ_SECONDS fuzzes for so long: `make fuzz`.
 */

const assert = require('node:assert/strict');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { test } = require('node:test');
const { client, QUICK_SERVER, startApp } = require('./helpers/app');
const { startBystander } = require('./helpers/bystander');
const { census, usedMemory } = require('./helpers/census');
const { lines } = require('./helpers/children');
const { accountOf, conversationsOf, disturb, foundChurch } = require('./helpers/churches');
const { fuzz } = require('./helpers/fuzzer');
const { startGateway } = require('./helpers/gateway');
const { share } = require('./helpers/harness');
const { startServices } = require('./helpers/services');
const { startWorker } = require('./helpers/worker');

/** @import { App, Church, Line, Services, SmsGateway } from './types' */

/** The app with what the fuzzing must find. */
const PLANTED = join(__dirname, 'fixtures/planted.js');
const SEED = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 0);
const REQUESTS = 900;
const REQUESTS_OF_THE_TWIN = 400;
/** Requests between two deletions. */
const DELETION = 100;

const SESSION_LIMIT = 5;
const CHECK_TOKEN = 'a token that only the deployer has';
const MANY = '1000000';
const ENV = {
  CHECK_TOKEN,
  SESSION_LIMIT: String(SESSION_LIMIT),
  // The README's.
  LOG_IN_FAILURE_LIMIT: '10',
  LOG_IN_LIMIT: '30',
  SIGN_UP_LIMIT: '20',
  MESSAGE_LIMIT: '600',
  // Whatever is allowed and counted would hide what is not bounded by itself.
  TRIAL_MESSAGE_LIMIT: MANY,
  MEMBER_LIMIT: MANY,
  READ_LIMIT: MANY,
};

/** @type {<T>(count: number, make: (n: number) => T) => T[]} */
const range = (count, make) => Array.from({ length: count }, (_, n) => make(n));
const STRANGERS = range(5, (/** @type {number} */ n) => accountOf(`stranger${n}`));
const ADDRESSES = range(4, (/** @type {number} */ n) =>
  n % 3 === 2 ? `2001:db8:${n}::1` : `198.51.100.${n}`,
);
/** Those that helpers/odd-requests.js invents, and this machine's. */
const ODD_ADDRESSES = 6;
const ODD_ACCOUNTS = 2;
/** BullMQ's own: its lists of jobs, its counter, its events and the like. */
const KEYS_OF_THE_QUEUE = 20;

/** @type {Services} */
let services;
/** @type {SmsGateway} */
let gateway;
share(async (keep) => {
  services = keep(await startServices());
  gateway = keep(await startGateway());
});

test(
  'whatever is asked, nothing is an error of ours, others are answered, and Redis stays within its bounds',
  { timeout: SECONDS * 1000 + 180_000 },
  async (t) => {
    const end = performance.now() + SECONDS * 1000;
    const isOver = SECONDS
      ? () => performance.now() > end
      : (/** @type {number} */ asked) => asked >= REQUESTS;
    const { problems, ...figures } = await fuzzed({ script: QUICK_SERVER, isOver });
    t.diagnostic(JSON.stringify(figures));
    assert.deepEqual(problems, [], `FUZZ_SEED=${SEED} repeats it`);
  },
);

test('an error for one odd query, and a key for each request, are found', async () => {
  const { problems } = await fuzzed({ script: PLANTED, isOver: (asked) => asked >= REQUESTS_OF_THE_TWIN });
  for (const expected of [/^the answer 500 is an error: ".*toString=/, /^Redis has \d+ keys limit:/]) {
    const found = problems.some((problem) => expected.test(problem));
    assert.ok(found, `FUZZ_SEED=${SEED}: ${expected} is not among ${problems.join('\n')}`);
  }
});

/** @param {{ script: string, isOver: (asked: number) => boolean }} options */
async function fuzzed({ script, isOver }) {
  services.redis.command('FLUSHALL');
  services.postgres.query('TRUNCATE "Church" CASCADE');
  const memoryBefore = usedMemory(services.redis);
  gateway.behave({ answer: moody() });
  const app = await startApp(services, ENV, script);
  const worker = await startWorker(services, { SMS_GATEWAY_URL: gateway.url });
  let bystander;
  try {
    const first = await processOf(app);
    /** @type {Church[]} */
    const churches = [];
    for (const name of ['ada', 'ben'])
      churches.push(await foundChurch(app.url, { name, checkToken: CHECK_TOKEN }));
    bystander = await startBystander(app.url, { gateway, checkToken: CHECK_TOKEN });
    const { faults, ...asked } = await fuzz({
      port: app.port,
      seed: SEED,
      clients: clientsOf(churches),
      isOver,
      async afterEach(count) {
        const turn = count / DELETION;
        if (Number.isInteger(turn)) await disturb(services.postgres, churches[turn % churches.length], turn);
      },
    });
    const held = census(services.redis);
    const memory = [memoryBefore, usedMemory(services.redis)];
    const allowed = bounds([...churches, bystander.church], asked.statuses);
    gateway.behave();
    const problems = [
      ...faults,
      ...beyond(held, allowed),
      ...(await bystander.problems()),
      ...unexpected(app),
    ];
    const last = await processOf(app);
    if (last.pid !== first.pid) problems.push('the app is another process now');
    const rssKiB = [first.rssKiB, last.rssKiB];
    return { seed: SEED, ...asked, others: bystander.answered, memory, rssKiB, held, allowed, problems };
  } finally {
    await bystander?.leave();
    await Promise.all([app.stop(), worker.stop()]);
  }
}

/** Two strangers, who know ids of others, and two people of each church. */
function clientsOf(/** @type {Church[]} */ churches) {
  const known = { cookies: [], accounts: STRANGERS, addresses: ADDRESSES };
  const strangers = churches.map(({ ids }) => ({ ...known, ids, met: [] }));
  const people = churches.map(({ ids, cookies }) => ({ ...known, ids, cookies, met: [] }));
  return [...strangers, ...people, ...people];
}

/** A gateway that has a bad day: it delivers, refuses, fails and pauses, in turns. */
function moody() {
  const moods = [200, 200, 400, 200, 500, 409, 200, 422, 200, 403, 429];
  let turn = 0;
  return () => ({ status: moods[turn++ % moods.length], headers: { 'retry-after': '1' } });
}

/** Who answers, and how much memory it takes. */
async function processOf(/** @type {App} */ { url }) {
  const { pid } = (await client(url).get('/healthz')).body;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return { pid, rssKiB: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) };
}

/** Lines of the log about a fault of the app. A store that was slow is none, on a busy machine, nor is its 503. */
function unexpected(/** @type {App} */ app) {
  const isFault = (/** @type {Line} */ { message, status, error }) =>
    /^un(caught|handled)/.test(message) ||
    (status >= 500 && status !== 503) ||
    /(Type|Range|Reference|Syntax|Validation|Request)Error|Cannot |is not a |undefined/.test(error ?? '');
  return lines(app.child.output)
    .filter((line) => line.level === 'error' && isFault(line))
    .map((line) => `the app says ${JSON.stringify(line)}`);
}

/**
 * What app/README.md allows those who were there, by how a key begins.
 *
 * @returns {Record<string, number>} keys
 */
function bounds(/** @type {Church[]} */ churches, /** @type {Record<string, number>} */ statuses) {
  const sum = (/** @type {'timesFounded' | 'messages' | 'conversationsDeleted'} */ name) =>
    churches.reduce((/** @type {number} */ total, /** @type {Church} */ church) => total + church[name], 0);
  const founded = sum('timesFounded');
  const users = founded + STRANGERS.length;
  const addresses = ADDRESSES.length + ODD_ADDRESSES;
  const accounts = churches.length + STRANGERS.length + ODD_ACCOUNTS;
  const conversations = sum('conversationsDeleted') + conversationsOf(services.postgres, churches);
  // Whoever goes away may have sent one.
  const messages = (statuses[202] ?? 0) + (statuses.none ?? 0) + sum('messages');
  const entries = {
    'me:': users,
    'approval:': founded,
    'members:': 6 * founded,
    'member_counts:': founded,
    'message_counts:': founded,
    'conversations:': 2 * founded,
    'messages:': 6 * conversations,
  };
  return {
    'sess:': users * SESSION_LIMIT,
    'user-sessions:': users,
    'limit:': addresses * (3 + 2 * accounts) + 3 * founded,
    'queue:': messages + KEYS_OF_THE_QUEUE,
    'cache:lock:': Object.values(entries).reduce((total, most) => total + most),
    'cache:version:members:': founded,
    'cache:version:conversations:': founded,
    'cache:version:messages:': conversations,
    ...Object.fromEntries(
      Object.entries(entries).flatMap(([name, most]) => [
        [`cache:${name}`, most],
        [`cache:version:cache:${name}`, most],
      ]),
    ),
  };
}

/** Only the queue's keys have no end of their own; the queue ends them. */
function beyond(
  /** @type {ReturnType<typeof census>} */ held,
  /** @type {Record<string, number>} */ allowed,
) {
  return Object.entries(held).flatMap(([name, { keys, endless }]) => [
    ...(keys > (allowed[name] ?? 0) ? [`Redis has ${keys} keys ${name}, more than ${allowed[name]}`] : []),
    ...(endless > 0 && name !== 'queue:' ? [`Redis has ${endless} keys ${name} without an end`] : []),
  ]);
}
