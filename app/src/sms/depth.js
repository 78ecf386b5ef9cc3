'use strict';
/** How much lies in the queue, looked up every few seconds. */

const { setTimeout: sleep } = require('node:timers/promises');
const { bounded } = require('../bounded');
const { queueJobs, queueOldestSeconds } = require('../metrics');
const { QUEUE } = require('./queue');

const INTERVAL_MS = 5000;
/** Among so many the oldest is looked for. */
const MOST_DELAYED = 1000;
const STATES = ['wait', 'active', 'delayed', 'failed'];

/**
 * Sets the queue's gauges until the process leaves.
 *
 * @param {{ queue: import('bullmq').Queue, shutdown: { readonly isShuttingDown: boolean },
 *   log: import('../log').Log }} options
 */
async function watchDepth({ queue, shutdown, log }) {
  while (!shutdown.isShuttingDown) {
    await bounded(measure(queue), INTERVAL_MS, 'Measuring the queue').catch((error) => {
      log.error('queue', { error: error.message });
      // What was so before the outage may not be so now.
      queueJobs.reset();
      queueOldestSeconds.reset();
    });
    await sleep(INTERVAL_MS, undefined, { ref: false });
  }
}

async function measure(queue) {
  const counts = await queue.getJobCounts(...STATES);
  for (const state of STATES) queueJobs.set({ queue: QUEUE.name, state }, counts[state]);
  // The waiting are in their order. The delayed, which are tried again, are in that of their next try.
  const [waiting, delayed] = await Promise.all([
    queue.getWaiting(0, 0),
    queue.getDelayed(0, MOST_DELAYED - 1),
  ]);
  const times = [...waiting, ...delayed].filter(Boolean).map(({ timestamp }) => timestamp);
  const ageMs = times.length > 0 ? Date.now() - Math.min(...times) : 0;
  queueOldestSeconds.set({ queue: QUEUE.name }, Math.max(ageMs, 0) / 1000);
}

module.exports = { watchDepth };
