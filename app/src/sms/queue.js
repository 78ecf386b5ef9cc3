'use strict';
/**
 * The queue of SMS, as those who put messages into it see it. A job is a message's id and nothing else: its text and
 * the phone number stay in Postgres.
 */

const { Queue } = require('bullmq');
const { withTimeout, Unavailable } = require('../process/with-timeout');
const { KEY_LIFETIME_S } = require('./messages');
const { codeOf, messageOf } = require('../process/thrown');
const { openConnection } = require('./connection');
const { DEAD_DAYS } = require('./outbox');

/** @import { Jobs, Log } from '../types' */

/** The queue's name, and what its keys in Redis begin with; sessions lie in the same Redis. */
const QUEUE = Object.freeze({ name: 'sms', prefix: 'queue' });
const CONNECT_MS = 2000;
const COMMAND_MS = 1000;
const HOUR_S = 3600;
/** Jobs that the queue takes; they share their Redis with the sessions, and the outbox has room for more. */
const MOST_JOBS = 10_000;
/** For so long a process goes by the last look at how many there are. */
const LOOK_MS = 1000;

const JOB_OPTIONS = Object.freeze({
  attempts: 13, // 1, 2, 4 … seconds apart, or half of it: for 34 to 68 minutes
  backoff: { type: 'exponential', delay: 1000, jitter: 0.5 },
  // By which a repeat is known, also one that is checked in the last second of its key, by another clock.
  removeOnComplete: { age: KEY_LIFETIME_S + 300 },
  // Dead letters. The outbox has all of them: these are for the queue's own metrics.
  removeOnFail: { age: DEAD_DAYS * 24 * HOUR_S, count: 1000 },
});

/** @param {{ url: string, log: Log }} options */
function openSmsQueue({ url, log }) {
  const redis = openConnection(url, { timeoutMs: COMMAND_MS, waits: false });
  const queue = new Queue(QUEUE.name, {
    prefix: QUEUE.prefix,
    connection: redis,
    // BullMQ asks for the version once, and never again when that fails.
    skipVersionCheck: true,
  });
  queue.on('error', (error) => log.error('queue', { error: error.message || codeOf(error) }));
  return {
    queue,
    ...jobsOf({ queue, redis, log }),
    /** Resolves when connected, or when a first attempt has had its time: a worker starts without Redis. */
    settled: () =>
      withTimeout(queue.waitUntilReady(), CONNECT_MS, "Connecting to the queue's Redis").catch((error) =>
        log.error('queue', { error: error.message }),
      ),
    async close() {
      await withTimeout(queue.close(), COMMAND_MS, 'Closing the queue').catch(() => {});
      redis.disconnect();
    },
  };
}

/**
 * The queue's jobs, by the messages' ids.
 *
 * @param {{ queue: Queue, redis: import('ioredis').Redis, log: Log }} options
 * @returns {Jobs}
 */
function jobsOf({ queue, redis, log }) {
  let left = 0;
  let lookedAt = -Infinity;

  async function room() {
    const count = queue.getJobCountByTypes('wait', 'active', 'delayed', 'prioritized');
    left = Math.max(0, MOST_JOBS - (await withTimeout(count, COMMAND_MS, 'Counting the queue')));
    lookedAt = performance.now();
    return left;
  }

  return {
    room,
    async send({ messageId }) {
      try {
        // One that waited in this process for Redis would be lost with it.
        if (redis.status !== 'ready') throw new Unavailable(`the queue's Redis is ${redis.status}`);
        if (performance.now() - lookedAt > LOOK_MS) await room();
        if (left <= 0) return false;
        left -= 1;
        const job = queue.add('message', {}, { ...JOB_OPTIONS, jobId: messageId });
        await withTimeout(job, COMMAND_MS, 'Adding to the queue');
        return true;
      } catch (error) {
        log.error('queue', { error: messageOf(error) });
        return false;
      }
    },
    async lookUp(id) {
      const job = await queue.getJob(id);
      return job ? { state: await job.getState(), reason: job.failedReason } : { state: 'unknown' };
    },
  };
}

module.exports = { jobsOf, openSmsQueue, QUEUE };
