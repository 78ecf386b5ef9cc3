'use strict';
/** What this process counts and measures; Prometheus' names. Whoever does a thing counts it here. */

const { createHistogram } = require('node:perf_hooks');
const { Counter, Gauge, Histogram } = require('prom-client');

/**
 * outcome: hit (also what another read computed), miss, stale (answered from an old value), unavailable (Redis was away
 * or slow).
 */
const cacheReads = new Counter({
  name: 'app_cache_reads_total',
  help: 'Reads of the cache, by its name and their outcome',
  labelNames: ['cache', 'outcome'],
});

/** outcome: completed, retried, dead (kept for a replay), duplicate (its key was known). */
const jobs = new Counter({
  name: 'app_jobs_total',
  help: 'Jobs of a queue, by outcome',
  labelNames: ['queue', 'outcome'],
});

/** state: BullMQ's, such as wait, active, delayed, failed; and outbox: what waits in Postgres for a place in the queue. */
const queueJobs = new Gauge({
  name: 'app_queue_jobs',
  help: 'Jobs in a queue now, by state',
  labelNames: ['queue', 'state'],
});

const queueOldestSeconds = new Gauge({
  name: 'app_queue_oldest_job_seconds',
  help: 'Age of the oldest job that waits; 0 when none does',
  labelNames: ['queue'],
});

const requestSeconds = new Histogram({
  name: 'app_request_seconds',
  help: 'From the request to the end of its answer, by route and status; health checks that pass are left out',
  labelNames: ['method', 'route', 'status'],
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 5, 10],
});

/** The same times in microseconds, exact to three digits, for the embedded metrics, which reset it each minute. */
const requestMicroseconds = createHistogram({ highest: 60_000_000 });

/**
 * @param {{ method: string, route: string, status: number | 'aborted' }} labels
 * @param {number} seconds
 */
function observeRequest(labels, seconds) {
  requestSeconds.observe(labels, seconds);
  requestMicroseconds.record(Math.min(60_000_000, Math.max(1, Math.round(seconds * 1e6))));
}

/** state: used, idle, waiting (requests that wait for one). */
const poolConnections = new Gauge({
  name: 'app_pool_connections',
  help: "Connections of this process's pool to Postgres",
  labelNames: ['state'],
});

const slowQueries = new Counter({
  name: 'app_slow_queries_total',
  help: 'Queries that took longer than the threshold',
});

module.exports = {
  cacheReads,
  jobs,
  observeRequest,
  poolConnections,
  queueJobs,
  queueOldestSeconds,
  requestMicroseconds,
  slowQueries,
};
