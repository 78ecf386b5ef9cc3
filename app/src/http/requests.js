'use strict';
/**
 * Each request's id, its line in the log and its time among the metrics: no query, no body, no cookie, since those hold
 * people's data.
 */

const { randomUUID } = require('node:crypto');
const { asRequest } = require('../process/context');
const { observeRequest } = require('../metrics/metrics');

/**
 * @import { RequestHandler } from 'express'
 * @import { Log } from '../types'
 */

const ID = /^[\w=;:.-]{1,128}$/;
const SHOWN = /^(?:[a-z-]{1,40}|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/i;
const PROBES = new Set(['/healthz', '/readyz']);

/**
 * @param {Log} log
 * @returns {RequestHandler}
 */
function requests(log) {
  return (request, response, next) => {
    const started = process.hrtime.bigint();
    const { method, path } = request; // a mounted router rewrites the path
    // The load balancer makes its own unique, whatever a client sends; the other one may be another request's.
    const given = request.get('X-Amzn-Trace-Id') ?? request.get('X-Request-Id') ?? '';
    request.id = ID.test(given) ? given : randomUUID();
    response.set('X-Request-Id', request.id);
    const end = asRequest(request.id, next);
    response.once('close', () => {
      end();
      if (PROBES.has(path) && response.statusCode === 200) return;
      const elapsed = process.hrtime.bigint() - started;
      observeRequest(
        {
          method,
          route: pattern(request.route, path),
          status: response.writableFinished ? response.statusCode : 'aborted',
        },
        Number(elapsed) / 1e9,
      );
      log.info('request', {
        id: request.id,
        method,
        path: withoutPeople(path),
        status: response.statusCode,
        finished: response.writableFinished,
        ms: Number(elapsed / 1_000_000n),
      });
    });
  };
}

/**
 * The path, where only words and ids are shown: in a mistaken one there may be anything.
 *
 * @param {string} path
 */
function withoutPeople(path) {
  return path
    .split('/')
    .map((part) => (part === '' || SHOWN.test(part) ? part : '*'))
    .join('/');
}

/**
 * What the matched route is called, such as `/members/:memberId/messages`: never with an id, since each value would be
 * a series of its own. Express has forgotten a router's mount after an error; it is what the route leaves of the path.
 *
 * @param {{ path: string } | undefined} route
 * @param {string} path
 */
function pattern(route, path) {
  if (!route) return 'none';
  const own = segments(route.path);
  const whole = segments(path.toLowerCase());
  return `/${[...whole.slice(0, whole.length - own.length), ...own].join('/')}`;
}

/** @param {string} path */
function segments(path) {
  return path.split('/').filter(Boolean);
}

module.exports = { requests };
