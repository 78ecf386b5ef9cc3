'use strict';
/** How much lies in the queue, looked up every few seconds. */

const { setTimeout: sleep } = require('node:timers/promises');
const { queueJobs, queueOldestSeconds } = require('../metrics');
const { QUEUE } = require('./queue');

const INTERVAL_MS = 5000;
const STATES = ['wait', 'active', 'delayed', 'failed'];

/**
 * Sets the queue's gauges until the process leaves.
 *
 * @param {{ queue: import('bullmq').Queue, shutdown: { readonly isShuttingDown: boolean },
 *   log: import('../log').Log }} options
 */
async function watchDepth({ queue, shutdown, log }) {
  while (!shutdown.isShuttingDown) {
    await measure(queue).catch((error) => log.error('queue', { error: error.message }));
    await sleep(INTERVAL_MS, undefined, { ref: false });
  }
}

async function measure(queue) {
  const counts = await queue.getJobCounts(...STATES);
  for (const state of STATES) queueJobs.set({ queue: QUEUE.name, state }, counts[state]);
  // The one that is next in each: a job that is tried again waits among the delayed.
  const next = await queue.getJobs(['wait', 'delayed'], 0, 0, true);
  const times = next.filter(Boolean).map(({ timestamp }) => timestamp);
  const ageMs = times.length > 0 ? Date.now() - Math.min(...times) : 0;
  queueOldestSeconds.set({ queue: QUEUE.name }, Math.max(ageMs, 0) / 1000);
}

module.exports = { watchDepth };
