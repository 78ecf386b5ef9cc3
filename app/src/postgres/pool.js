'use strict';
/**
 * A pool that refuses: while all connections are in use, a request whose turn would come too late is told so at once.
 * One that was let in is let go on: its first queries would have been for nothing.
 */

const { AsyncResource } = require('node:async_hooks');
const pg = require('pg');
const { Unavailable } = require('../process/with-timeout');
const { currentRequest } = require('../process/context');

/** @typedef {(error: Error | undefined, client: pg.PoolClient | undefined, done: (release?: unknown) => void) => void} Connected */

/** How much the last use of a connection says of the next one's length: a moving average's weight. */
const WEIGHT = 1 / 16;

class BoundedPool extends pg.Pool {
  /**
   * @param {import('pg').PoolConfig & { max: number, poolTimeoutMs: number }} options
   *   poolTimeoutMs: how long a request waits for its first connection while all are in use, at most. pg's own
   *   connectionTimeoutMillis is for one that is made, and for the request's further queries.
   */
  constructor({ poolTimeoutMs, ...options }) {
    super(options);
    this.poolTimeoutMs = poolTimeoutMs;
    this.watchUses();
  }

  /**
   * @override
   * @overload
   * @returns {Promise<pg.PoolClient>}
   */
  /**
   * @override
   * @overload
   * @param {Connected} callback
   * @returns {void}
   */
  /**
   * @override
   * @param {Connected} [callback]
   * @returns {Promise<pg.PoolClient> | void}
   */
  connect(callback) {
    if (!callback)
      return new Promise((resolve, reject) => {
        this.connect((error, client) => (client ? resolve(client) : reject(error)));
      });
    // The callback is called by whoever gives a connection back, another request.
    const bound = AsyncResource.bind(callback);
    const request = currentRequest();
    const goesAhead = request?.isAdmitted || !this.isExhausted;
    if (!goesAhead && this.expectedWaitMs > this.poolTimeoutMs) {
      const refusal = new Unavailable(`a connection would be free in ${Math.round(this.expectedWaitMs)} ms`);
      return bound(refusal, undefined, () => {});
    }
    if (request) request.isAdmitted = true;
    if (goesAhead) super.connect(bound);
    else this.connectWithin(this.poolTimeoutMs, bound);
  }

  /** Whether the next one has to wait until someone gives a connection back. */
  get isExhausted() {
    return this.totalCount >= this.options.max && this.waitingCount >= this.idleCount;
  }

  get expectedWaitMs() {
    return ((this.waitingCount + 1) * (this.useMs ?? 0)) / this.options.max;
  }

  /**
   * pg has one time-out for both, and reads it in `connect`.
   *
   * @param {number} timeoutMs
   * @param {Connected} callback
   */
  connectWithin(timeoutMs, callback) {
    const { connectionTimeoutMillis } = this.options;
    this.options.connectionTimeoutMillis = timeoutMs;
    try {
      super.connect(callback);
    } finally {
      this.options.connectionTimeoutMillis = connectionTimeoutMillis;
    }
  }

  /** Keeps the mean time of a connection's use. */
  watchUses() {
    const since = new WeakMap();
    this.on('acquire', (client) => since.set(client, performance.now()));
    this.on('release', (_error, client) => {
      const usedMs = performance.now() - since.get(client);
      this.useMs = this.useMs === undefined ? usedMs : this.useMs + WEIGHT * (usedMs - this.useMs);
    });
  }
}

module.exports = { BoundedPool };
