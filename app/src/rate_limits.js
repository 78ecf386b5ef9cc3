'use strict';
/**
 * How often someone may do what is costly or abused, counted in the sessions' Redis for all workers and servers.
 * Without Redis nothing is counted, and nobody refused.
 */

const { createHash } = require('node:crypto');
const { ipKeyGenerator, rateLimit } = require('express-rate-limit');
const { RedisStore } = require('rate-limit-redis');
const { bounded } = require('./bounded');
const { RequestError } = require('./errors');

const MINUTE_MS = 60_000;
/** What a Redis that hangs costs a request. */
const COUNT_MS = 250;
/** So many accounts of one address, such as an office's, may fail as often as one may. */
const ACCOUNTS = 10;

/**
 * @param {{ redis: import('./redis').Redis, limits: import('./config').Config['limits'],
 *   log: import('./log').Log }} options
 * @returns {RateLimits}
 * @typedef {{ logIn: import('express').RequestHandler[], signUp: import('express').RequestHandler,
 *   message: import('express').RequestHandler }} RateLimits
 */
function rateLimits({ redis, limits, log }) {
  /** keyOf tells who is counted; requestWasSuccessful, where given, whose requests are not. */
  function limiter({ name, message, keyOf, ...options }) {
    const warn = (error) => log.error('rate limit', { limit: name, error: error.message });
    return rateLimit({
      identifier: name,
      standardHeaders: 'draft-8',
      legacyHeaders: false,
      store: new RedisStore({ sendCommand: commandSender(redis), prefix: `limit:${name}:` }),
      passOnStoreError: true,
      logger: { error: warn, warn },
      // Addresses of people are not for Redis' keys.
      keyGenerator: (request) => createHash('sha256').update(keyOf(request)).digest('base64url'),
      handler: (_request, _response, next) => next(new RequestError(429, message)),
      ...options,
    });
  }

  const failedLogIns = {
    message: 'Too many attempts. Try again later.',
    windowMs: 15 * MINUTE_MS,
    skipSuccessfulRequests: true,
    requestWasSuccessful: (_request, response) => response.statusCode !== 401,
  };

  return {
    logIn: [
      // Whoever tries one password at many accounts.
      limiter({
        ...failedLogIns,
        name: 'log-in-address',
        limit: ACCOUNTS * limits.logInFailures,
        keyOf: address,
        standardHeaders: false,
      }),
      limiter({
        ...failedLogIns,
        name: 'log-in',
        limit: limits.logInFailures,
        keyOf: (request) => `${address(request)} ${JSON.stringify(request.body?.email)}`.toLowerCase(),
      }),
    ],
    signUp: limiter({
      name: 'sign-up',
      message: 'Too many accounts from your network. Try again later.',
      windowMs: 60 * MINUTE_MS,
      limit: limits.signUps,
      keyOf: address,
    }),
    message: limiter({
      name: 'message',
      message: 'Your church writes too many messages at once. Go on after a while.',
      windowMs: MINUTE_MS,
      limit: limits.messages,
      keyOf: (request) => request.session.churchId,
    }),
  };
}

/** A network of IPv6 counts as one address: a client may use any of it. */
const address = (request) => ipKeyGenerator(request.ip ?? '');

/** @returns what rate-limit-redis talks to Redis through */
function commandSender(redis) {
  return async (...command) => {
    try {
      return await bounded(redis.sendCommand(command), COUNT_MS, `Redis ${command[0]}`);
    } catch (error) {
      // It loads its scripts once. Where that fails the name will do: the first use finds out, and loads again.
      if (command[0] === 'SCRIPT') return createHash('sha1').update(command[2]).digest('hex');
      throw error.cause ?? error;
    }
  };
}

module.exports = { rateLimits };
