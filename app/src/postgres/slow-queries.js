'use strict';
/** Each query that took long, in the log: its text without its parameters, which are people's data. */

const { AsyncResource } = require('node:async_hooks');
const pg = require('pg');
const { slowQueries } = require('../metrics/metrics');
const { at } = require('../process/thrown');

/** @import { Log } from '../types' */

/**
 * A client of `pg` that times its queries: those that failed too, and without their wait for a connection.
 *
 * @param {{ slowQueryMs: number, log: Log }} options
 * @returns {typeof pg.Client} for a pool's option `Client`
 */
function timedClient({ slowQueryMs, log }) {
  class TimedClient extends pg.Client {}
  TimedClient.prototype.query = new Proxy(pg.Client.prototype.query, {
    /** @param {unknown[]} args the query, its values, and a callback; without one it returns a promise */
    apply(query, client, args) {
      const started = performance.now();
      const finished = AsyncResource.bind(() => {
        const ms = Math.round(performance.now() - started);
        if (ms < slowQueryMs) return;
        slowQueries.inc();
        log.info('slow query', { ms, query: oneLine(textOf(args[0])) });
      });
      const [config, values, callback] = args;
      if (typeof callback !== 'function') {
        const result = Reflect.apply(query, client, args);
        result?.then?.(finished, finished);
        return result;
      }
      return Reflect.apply(query, client, [
        config,
        values,
        (/** @type {unknown[]} */ ...outcome) => {
          finished();
          callback(...outcome);
        },
      ]);
    },
  });
  return TimedClient;
}

/** @param {unknown} query as `pg` takes it: its text, or an object with it */
const textOf = (query) => String(typeof query === 'string' ? query : at(query, 'text'));

/** @param {string} sql */
const oneLine = (sql) => sql.replace(/\s+/g, ' ').trim();

module.exports = { oneLine, timedClient };
