'use strict';
/**
 * Puts dead letters back into the queue: `npm run sms:replay -- [--dry-run | --discard] [ID …]`. Without an id, all of
 * them. --discard gives those that are named up, such as to a number that the gateway will never take.
 * It prints ids and reasons; texts and phone numbers are not in the queue.
 */

const { parseArgs } = require('node:util');
const { Queue } = require('bullmq');
const { bounded } = require('../bounded');
const { readConfig } = require('../config');
const { openConnection } = require('./connection');
const { QUEUE } = require('./queue');

const TIMEOUT_MS = 5000;

async function replay() {
  const { values, positionals: ids } = parseArgs({
    options: {
      'dry-run': { type: 'boolean', default: false },
      discard: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  if (values.discard && ids.length === 0) throw new RangeError('Name what to discard: --dry-run lists ids.');
  const redis = openConnection(readConfig(process.env).redisUrl, { timeoutMs: TIMEOUT_MS, waits: true });
  const queue = new Queue(QUEUE.name, { prefix: QUEUE.prefix, connection: redis });
  queue.on('error', (/** @type {NodeJS.ErrnoException} */ error) =>
    console.error(`Redis: ${error.message || error.code}`),
  );
  try {
    await bounded(queue.waitUntilReady(), TIMEOUT_MS, "Connecting to the queue's Redis");
    const letters = await deadLetters(queue, ids);
    for (const job of letters) {
      console.log(`${job.id}  ${new Date(job.finishedOn).toISOString()}  ${job.failedReason}`);
      if (values['dry-run']) continue;
      if (values.discard) await job.remove();
      else await job.retry('failed', { resetAttemptsMade: true });
    }
    const done = `${values['dry-run'] ? 'would be' : 'were'} ${values.discard ? 'discarded' : 'put back'}`;
    console.log(`${letters.length} dead letters ${done}.`);
  } finally {
    redis.disconnect();
  }
}

/** Those with the ids given, or all, the newest first. */
async function deadLetters(queue, ids) {
  if (ids.length === 0) return queue.getFailed();
  const found = await Promise.all(ids.map((id) => queue.getJob(id)));
  const dead = await Promise.all(found.map((job) => job?.isFailed()));
  const none = ids.filter((_, k) => !dead[k]);
  if (none.length > 0)
    throw new RangeError(`No dead letter has the id ${none.join(' or ')}. --dry-run lists them.`);
  return found;
}

replay().catch((error) => {
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = 1;
});
