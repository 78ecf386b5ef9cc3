'use strict';
/**
 * What this process counts and measures, for CloudWatch: lines of its log that CloudWatch Logs makes metrics of by itself.
 * Each minute one line a process, and one for each cache and each queue that it used. docs/monitoring.md explains the names.
 *
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */

const { monitorEventLoopDelay } = require('node:perf_hooks');
const { setImmediate } = require('node:timers/promises');
const {
  cacheReads,
  jobs,
  poolConnections,
  queueJobs,
  queueOldestSeconds,
  requestMicroseconds,
  slowQueries,
} = require('./metrics');

/** @import { Log, Outcome } from '../types' */

/** @typedef {import('prom-client').Counter | import('prom-client').Gauge} Metric */

const LINE_MS = 60_000;
/** Gauges move within a minute: each line has all values since the last one. */
const SAMPLE_MS = 5000;
/** Of the timer that measures how late the event loop is; what it reads when nothing is late. */
const LAG_RESOLUTION_MS = 20;
/** A metric's array may hold no more. */
const MAX_VALUES = 100;
/** Of fewer reads in a minute a hit rate says nothing: on an idle server each of them is a miss. */
const LEAST_READS = 20;
/** BullMQ's states of a job that is over. */
const OVER = ['completed', 'failed'];

/** Every metric with its unit, in CloudWatch's words. */
const UNITS = Object.freeze({
  Requests: 'Count',
  RequestLatency: 'Milliseconds',
  EventLoopLagP99: 'Milliseconds',
  PoolUsed: 'Count',
  PoolWaiting: 'Count',
  SlowQueries: 'Count',
  CacheUnavailable: 'Count',
  CacheHits: 'Count',
  CacheMisses: 'Count',
  CacheHitRate: 'Percent',
  QueueDepth: 'Count',
  QueueOldestJob: 'Seconds',
  DeadLetters: 'Count',
  JobsCompleted: 'Count',
  JobsRetried: 'Count',
  JobsDead: 'Count',
});

/**
 * @param {{ namespace?: string, log: Log }} options without a namespace nothing is written
 * @returns {{ close: () => Promise<void> }} `close` writes the last lines, of what came since the last minute
 */
function reportMetrics({ namespace, log }) {
  if (!namespace) return { close: async () => {} };
  const lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  lag.enable();
  /** @type {{ used: number[], waiting: number[] }} */
  const pool = { used: [], waiting: [] };
  const grown = { reads: growth(cacheReads), jobs: growth(jobs), slow: growth(slowQueries) };

  async function sample() {
    for (const { state, value } of await now(poolConnections))
      if (state === 'used' || state === 'waiting') pool[state].push(value);
  }

  async function report() {
    const requests = {
      Requests: requestMicroseconds.count,
      RequestLatency: milliseconds(requestMicroseconds),
    };
    requestMicroseconds.reset();
    const late = Math.max(0, Math.round(lag.percentile(99) / 1e6) - LAG_RESOLUTION_MS);
    lag.reset();
    const reads = await grown.reads();
    write([[]], {
      ...requests,
      EventLoopLagP99: late,
      PoolUsed: pool.used.splice(0),
      PoolWaiting: pool.waiting.splice(0),
      SlowQueries: total(await grown.slow()),
      CacheUnavailable: total(reads.filter(({ outcome }) => outcome === 'unavailable')),
      ...ofCaches(reads),
    });
    for (const Cache of names(
      reads.filter(({ value }) => value > 0),
      'cache',
    )) {
      write([['Cache']], { Cache, ...ofCaches(reads.filter(({ cache }) => cache === Cache)) });
    }
    const queued = {
      done: await grown.jobs(),
      now: await now(queueJobs),
      oldest: await now(queueOldestSeconds),
    };
    for (const Queue of names(Object.values(queued).flat(), 'queue')) {
      write([[], ['Queue']], { Queue, ...ofQueue(Queue, queued) });
    }
  }

  /** @param {string[][]} Dimensions @param {Record<string, string | number | number[] | undefined>} members */
  function write(Dimensions, members) {
    const known = Object.fromEntries(
      Object.entries(members).filter(
        ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
      ),
    );
    const Metrics = Object.entries(UNITS)
      .filter(([Name]) => Name in known)
      .map(([Name, Unit]) => ({ Name, Unit }));
    log.info('metrics', {
      _aws: {
        Timestamp: Date.now(),
        CloudWatchMetrics: [{ Namespace: namespace, Dimensions, Metrics }],
      },
      ...known,
    });
  }

  /** @type {(ms: number, act: () => Promise<void>) => NodeJS.Timeout} */
  const each = (ms, act) =>
    setInterval(() => act().catch((error) => log.error('metrics', { error: error.stack })), ms).unref();
  const timers = [each(SAMPLE_MS, sample), each(LINE_MS, report)];
  return {
    async close() {
      for (const timer of timers) clearInterval(timer);
      await setImmediate(); // a request that was cut off just now is counted when its socket has closed
      await report();
    },
  };
}

/**
 * At most 100 values that lie as all of them do, so that CloudWatch's percentiles are those of the requests.
 *
 * @param {import('node:perf_hooks').RecordableHistogram} histogram
 */
function milliseconds(histogram) {
  const size = Math.min(MAX_VALUES, histogram.count);
  /** @param {number} at */
  const tenths = (at) => Math.round(histogram.percentile(((at + 0.5) / size) * 100) / 100) / 10;
  return Array.from({ length: size }, (_, at) => tenths(at));
}

/** @typedef {{ value: number } & Partial<Record<string, string | number>>} Series its labels, and its value */

/**
 * How much each series of a counter has grown since the last call.
 *
 * @param {Metric} counter
 * @returns {() => Promise<Series[]>}
 */
function growth(counter) {
  /** @type {Map<string, number>} */
  const before = new Map();
  return async () =>
    (await now(counter)).map(({ value, ...labels }) => {
      const series = JSON.stringify(labels);
      const grown = value - (before.get(series) ?? 0);
      before.set(series, value);
      return { ...labels, value: grown };
    });
}

/**
 * Each series of a metric.
 *
 * @param {Metric} metric
 * @returns {Promise<Series[]>}
 */
async function now(metric) {
  return (await metric.get()).values.map(({ labels, value }) => ({ ...labels, value }));
}

/** @param {Series[]} reads */
function ofCaches(reads) {
  const of = (/** @type {Outcome} */ outcome) => total(reads.filter((read) => read.outcome === outcome));
  const [hits, all] = [of('hit') + of('stale'), total(reads)];
  return {
    CacheHits: hits,
    CacheMisses: of('miss'),
    CacheHitRate: all < LEAST_READS ? undefined : (hits / all) * 100,
  };
}

/** @param {string} queue @param {{ done: Series[], now: Series[], oldest: Series[] }} all */
function ofQueue(queue, { done, now: states, oldest }) {
  const own = (/** @type {Series[]} */ rows) => rows.filter((row) => row.queue === queue);
  const of = (/** @type {string} */ outcome) => total(own(done).filter((row) => row.outcome === outcome));
  const counted = own(states);
  return {
    JobsCompleted: of('completed'),
    JobsRetried: of('retried'),
    JobsDead: of('dead'),
    // Only the process that works on the queue looks into it.
    ...(counted.length > 0 && {
      QueueDepth: total(counted.filter(({ state }) => !OVER.includes(String(state)))),
      QueueOldestJob: total(own(oldest)),
      DeadLetters: total(counted.filter(({ state }) => state === 'failed')),
    }),
  };
}

/** @param {Series[]} rows */
function total(rows) {
  return rows.reduce((sum, { value }) => sum + value, 0);
}

/** @param {Series[]} rows @param {string} label */
function names(rows, label) {
  return new Set(rows.map((row) => String(row[label])));
}

module.exports = { reportMetrics, UNITS };
