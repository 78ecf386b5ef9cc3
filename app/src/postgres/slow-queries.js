'use strict';
/** Each query that took long, in the log: its text without its parameters, which are people's data. */

const { AsyncResource } = require('node:async_hooks');
const pg = require('pg');
const { slowQueries } = require('../metrics/metrics');

/**
 * A client of `pg` that times its queries: those that failed too, and without their wait for a connection.
 *
 * @param {{ slowQueryMs: number, log: import('../process/log').Log }} options
 * @returns {typeof pg.Client} for a pool's option `Client`
 */
function timedClient({ slowQueryMs, log }) {
  return class extends pg.Client {
    /**
     * @override
     * @param {any} config
     * @param {any} [values]
     * @param {any} [callback]
     * @returns {any}
     */
    query(config, values, callback) {
      const started = performance.now();
      const finished = AsyncResource.bind(() => {
        const ms = Math.round(performance.now() - started);
        if (ms < slowQueryMs) return;
        slowQueries.inc();
        log.info('slow query', { ms, query: oneLine(config.text ?? config) });
      });
      if (callback) {
        return super.query(config, values, (...outcome) => {
          finished();
          callback(...outcome);
        });
      }
      const result = super.query(config, values);
      result?.then?.(finished, finished);
      return result;
    }
  };
}

/** @param {string} sql */
const oneLine = (sql) => sql.replace(/\s+/g, ' ').trim();

module.exports = { oneLine, timedClient };
