'use strict';
/** How much lies in the queue, looked up every few seconds. */

const { setTimeout: sleep } = require('node:timers/promises');
const { withTimeout } = require('../process/with-timeout');
const { queueJobs, queueOldestSeconds } = require('../metrics/metrics');
const { QUEUE } = require('./queue');

/** @import { Log, Outbox } from '../types' */

const INTERVAL_MS = 5000;
const STATES = /** @type {const} */ (['wait', 'active', 'delayed', 'failed']);

/**
 * Sets the queue's gauges until the process leaves.
 *
 * @param {{ queue: import('bullmq').Queue, outbox: Outbox,
 *   shutdown: { readonly isShuttingDown: boolean }, log: Log }} options
 */
async function watchDepth({ queue, outbox, shutdown, log }) {
  while (!shutdown.isShuttingDown) {
    await withTimeout(measure(queue, outbox), INTERVAL_MS, 'Measuring the queue').catch((error) => {
      log.error('queue', { error });
      // What was so before the outage may not be so now.
      queueJobs.reset();
      queueOldestSeconds.reset();
    });
    await sleep(INTERVAL_MS, undefined, { ref: false });
  }
}

/** @param {import('bullmq').Queue} queue @param {Outbox} outbox */
async function measure(queue, outbox) {
  const [counts, { waiting, oldestSeconds }] = await Promise.all([
    queue.getJobCounts(...STATES),
    outbox.depth(),
  ]);
  for (const state of STATES) queueJobs.set({ queue: QUEUE.name, state }, counts[state]);
  queueJobs.set({ queue: QUEUE.name, state: 'outbox' }, waiting);
  queueOldestSeconds.set({ queue: QUEUE.name }, oldestSeconds);
}

module.exports = { watchDepth };
