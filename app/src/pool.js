'use strict';
/** A pool that refuses: who would wait for a connection for longer than is of use is told so at once. */

const { AsyncResource } = require('node:async_hooks');
const pg = require('pg');
const { Unavailable } = require('./bounded');

/** A short query's time. Who stands behind more than that allows would only wait to be refused. */
const QUERY_MS = 5;

class BoundedPool extends pg.Pool {
  /**
   * @param {import('pg').PoolConfig & { max: number, poolTimeoutMs: number }} options
   *   poolTimeoutMs: how long a query waits for a connection while all are in use, at most. pg's own
   *   connectionTimeoutMillis is for a connection that is made.
   */
  constructor({ poolTimeoutMs, ...options }) {
    super(options);
    this.poolTimeoutMs = poolTimeoutMs;
    this.longestQueue = Math.ceil((options.max * poolTimeoutMs) / QUERY_MS);
  }

  /** @override */
  connect(callback) {
    // The callback is called by whoever gives a connection back, another request.
    const bound = callback && AsyncResource.bind(callback);
    if (!this.isExhausted) return super.connect(bound);
    if (this.waitingCount >= this.longestQueue) {
      const refusal = new Unavailable(`${this.waitingCount} queries wait for a connection already`);
      return bound ? bound(refusal) : Promise.reject(refusal);
    }
    // pg has one time-out for both, and reads it here.
    const { connectionTimeoutMillis } = this.options;
    this.options.connectionTimeoutMillis = this.poolTimeoutMs;
    try {
      return super.connect(bound);
    } finally {
      this.options.connectionTimeoutMillis = connectionTimeoutMillis;
    }
  }

  /** Whether the next one has to wait until someone gives a connection back. */
  get isExhausted() {
    return this.totalCount >= this.options.max && this.waitingCount >= this.idleCount;
  }
}

module.exports = { BoundedPool };
