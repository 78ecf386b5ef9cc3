'use strict';
/**
 * Puts dead letters back into the queue: `npm run sms:replay -- [--dry-run | --discard] [ID …]`. Without an id, all of
 * them. --discard gives those that are named up, such as to a number that the gateway will never take.
 * It prints ids and reasons; texts and phone numbers are not in the queue.
 */

const { parseArgs } = require('node:util');
const { Queue } = require('bullmq');
const { withTimeout } = require('../process/with-timeout');
const { readConfig } = require('../process/config');
const { openDatabase } = require('../postgres/database');
const { createLog } = require('../process/log');
const { codeOf } = require('../process/thrown');
const { openConnection } = require('../sms/connection');
const { openOutbox } = require('../sms/outbox');
const { QUEUE } = require('../sms/queue');

/** @import { Outbox } from '../types' */

const TIMEOUT_MS = 5000;
/** @typedef {{ id: string, at: Date, reason: string | null, job?: import('bullmq').Job, isEntered: boolean }} Letter */

/** Nobody's request waits for it. */
const CONNECT_MS = 30_000;

async function replay() {
  const { values, positionals: ids } = parseArgs({
    options: {
      'dry-run': { type: 'boolean', default: false },
      discard: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  if (values.discard && ids.length === 0) throw new RangeError('Name what to discard: --dry-run lists ids.');
  const config = readConfig(process.env);
  const redis = openConnection(config.redisUrl, { timeoutMs: TIMEOUT_MS, waits: true });
  const queue = new Queue(QUEUE.name, { prefix: QUEUE.prefix, connection: redis });
  queue.on('error', (error) => console.error(`Redis: ${error.message || codeOf(error)}`));
  const database = openDatabase({
    ...config.database,
    poolSize: 1,
    connectTimeoutMs: CONNECT_MS,
    log: createLog({}),
  });
  const outbox = openOutbox(database.prisma);
  try {
    await withTimeout(queue.waitUntilReady(), TIMEOUT_MS, "Connecting to the queue's Redis");
    const letters = await deadLetters(queue, outbox, ids);
    for (const { id, at, reason, job, isEntered } of letters) {
      console.log(`${id}  ${at.toISOString()}  ${reason}`);
      if (values['dry-run']) continue;
      if (values.discard) {
        await job?.remove();
        await outbox.remove(id);
      } else if (isEntered) {
        // The next turn of a worker's dispatcher puts it into the queue, which must not know it any more.
        await job?.remove();
        await outbox.revive(id);
      } else await job?.retry('failed', { resetAttemptsMade: true });
    }
    const done = `${values['dry-run'] ? 'would be' : 'were'} ${values.discard ? 'discarded' : 'put back'}`;
    console.log(`${letters.length} dead letters ${done}.`);
  } finally {
    redis.disconnect();
    await database.close();
  }
}

/**
 * Those with the ids given, or all, the newest first: what the outbox knows, and what the queue knows already, or from a
 * release that had no outbox.
 *
 * @param {Queue} queue
 * @param {Outbox} outbox
 * @param {string[]} ids
 * @returns {Promise<Letter[]>}
 */
async function deadLetters(queue, outbox, ids) {
  /** @type {Map<string, Letter>} */
  const letters = new Map();
  for (const job of await queue.getFailed()) {
    const { id = '', finishedOn = 0, failedReason } = job;
    const isEntered = (await outbox.find(id)) !== null;
    letters.set(id, { id, at: new Date(finishedOn), reason: failedReason, job, isEntered });
  }
  for (const { messageId: id, deadAt, reason } of await outbox.dead())
    letters.set(id, { id, at: deadAt ?? new Date(0), reason, job: letters.get(id)?.job, isEntered: true });
  const none = ids.filter((id) => !letters.has(id));
  if (none.length > 0)
    throw new RangeError(`No dead letter has the id ${none.join(' or ')}. --dry-run lists them.`);
  const wanted = [...letters.values()].filter(({ id }) => ids.length === 0 || ids.includes(id));
  return wanted.sort((one, other) => other.at.getTime() - one.at.getTime());
}

replay().catch((error) => {
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = 1;
});
