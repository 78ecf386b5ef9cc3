'use strict';
/**
 * The queue of SMS, as those who put messages into it see it. A job is a message's id and nothing else: its text and
 * the phone number stay in Postgres.
 */

const { Queue } = require('bullmq');
const { bounded, Unavailable } = require('../bounded');
const { KEY_LIFETIME_S } = require('../messages');
const { openConnection } = require('./connection');

/** The queue's name, and what its keys in Redis begin with; sessions lie in the same Redis. */
const QUEUE = Object.freeze({ name: 'sms', prefix: 'queue' });
const CONNECT_MS = 2000;
const COMMAND_MS = 1000;
const HOUR_S = 3600;

const JOB_OPTIONS = Object.freeze({
  attempts: 13, // 1, 2, 4 … seconds apart, or half of it: for 34 to 68 minutes
  backoff: { type: 'exponential', delay: 1000, jitter: 0.5 },
  removeOnComplete: { age: KEY_LIFETIME_S }, // by which a repeat is known
  // Dead letters, until someone replays them.
  removeOnFail: { age: 14 * 24 * HOUR_S },
});

/**
 * @param {{ url: string, log: import('../log').Log }} options
 * @returns {SmsQueue}
 * @typedef {{ queue: Queue, send: (message: { messageId: string }) => Promise<{ jobId: string }>, settled: () => Promise<unknown>,
 *   close: () => Promise<void> }} SmsQueue
 *   `send` throws Unavailable within COMMAND_MS when Redis does not take the job
 */
function openSmsQueue({ url, log }) {
  const redis = openConnection(url, { timeoutMs: COMMAND_MS, waits: false });
  const queue = new Queue(QUEUE.name, {
    prefix: QUEUE.prefix,
    connection: redis,
    defaultJobOptions: JOB_OPTIONS,
    // BullMQ asks for the version once, and never again when that fails.
    skipVersionCheck: true,
  });
  queue.on('error', (/** @type {NodeJS.ErrnoException} */ error) =>
    log.error('queue', { error: error.message || error.code }),
  );
  return {
    queue,
    /** The job has the message's id: one that the queue knows already is not added again. */
    async send({ messageId }) {
      // A job that waited for Redis here would be delivered after its client was told 503.
      if (redis.status !== 'ready') throw new Unavailable(`the queue's Redis is ${redis.status}`);
      await bounded(queue.add('message', {}, { jobId: messageId }), COMMAND_MS, 'Adding to the queue');
      return { jobId: messageId };
    },
    /** Resolves when connected, or when a first attempt has had its time: a worker starts without Redis. */
    settled: () =>
      bounded(queue.waitUntilReady(), CONNECT_MS, "Connecting to the queue's Redis").catch((error) =>
        log.error('queue', { error: error.message }),
      ),
    async close() {
      await bounded(queue.close(), COMMAND_MS, 'Closing the queue').catch(() => {});
      redis.disconnect();
    },
  };
}

module.exports = { openSmsQueue, QUEUE };
