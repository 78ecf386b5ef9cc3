'use strict';
/** How errors reach a client: what it did wrong in words, what we did wrong as a bare status. */

const { ZodError } = require('zod');
const { Unavailable } = require('../process/with-timeout');
const { at } = require('../process/thrown');
const { isOutage } = require('../postgres/outage');

/**
 * @import { ErrorRequestHandler, Request, Response } from 'express'
 * @import { Log } from '../types'
 */

/** A request that can't be granted; `status` is the answer's, and so is `retryAfter`, in seconds, where given. */
class RequestError extends Error {
  name = 'RequestError';
  /** @param {number} status @param {string} message @param {{ retryAfter?: number }} [more] */
  constructor(status, message, { retryAfter } = {}) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/**
 * @param {Log} log
 * @returns {ErrorRequestHandler}
 */
function errors(log) {
  return (error, request, response, next) => {
    const status = statusOf(error);
    // Where it was refused is no news, and under load there are many.
    const shown = error instanceof Unavailable ? error.message : error;
    if (status >= 500) log.error('request failed', { id: request.id, status, error: shown });
    if (response.headersSent) return next(error);
    const retryAfter = status === 503 ? 1 : error instanceof RequestError && error.retryAfter;
    if (retryAfter) response.set('Retry-After', String(retryAfter));
    response.status(status).json({ error: messageOf(error, status), id: request.id });
  };
}

/** @param {unknown} error */
function statusOf(error) {
  if (error instanceof ZodError) return 400;
  if (isOutage(error)) return 503;
  const status = at(error, 'status');
  return typeof status === 'number' ? status : 500;
}

/** @param {unknown} error @param {number} status */
function messageOf(error, status) {
  if (status === 503) return 'The service is not available at the moment. Try again in a second.';
  if (status >= 500) return 'Something went wrong on our side.';
  if (at(error, 'type') === 'entity.parse.failed') return 'The body is not valid JSON.'; // the parser quotes it
  if (error instanceof ZodError)
    return error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/** @param {Request} request @param {Response} response */
function notFound(request, response) {
  response.status(404).json({ error: `There is no ${request.method} ${request.path}.`, id: request.id });
}

module.exports = { errors, notFound, RequestError };
