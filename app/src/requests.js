'use strict';
/** Each request's id and its line in the log: no query, no body, no cookie, since those hold people's data. */

const { randomUUID } = require('node:crypto');
const { asRequest } = require('./context');

const ID = /^[\w=;:.-]{1,128}$/;
const PROBES = new Set(['/healthz', '/readyz']);

/** @param {ReturnType<import('./log').createLog>} log */
function requests(log) {
  return (request, response, next) => {
    const started = process.hrtime.bigint();
    const { method, path } = request; // a mounted router rewrites the path
    const given = request.get('X-Request-Id') ?? request.get('X-Amzn-Trace-Id') ?? '';
    request.id = ID.test(given) ? given : randomUUID();
    response.set('X-Request-Id', request.id);
    const end = asRequest(request.id, next);
    response.once('close', () => {
      end();
      if (PROBES.has(path) && response.statusCode === 200) return;
      log.info('request', {
        id: request.id,
        method,
        path,
        status: response.statusCode,
        finished: response.writableFinished,
        ms: Number((process.hrtime.bigint() - started) / 1_000_000n),
      });
    });
  };
}

module.exports = { requests };
