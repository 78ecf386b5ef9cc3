'use strict';
/**
 * How often someone may do what is costly or abused, counted in the sessions' Redis for all workers and servers.
 *
 * While Redis is away nobody signs up or logs in: uncounted, anybody could guess, and keep a core busy, as often as they
 * like. What wants a session is then not counted; but a church that nobody has approved sends nothing.
 */

const { createHash } = require('node:crypto');
const { ipKeyGenerator, MemoryStore, rateLimit } = require('express-rate-limit');
const { RedisStore } = require('rate-limit-redis');
const { withTimeout } = require('../process/with-timeout');
const { messageOf } = require('../process/thrown');
const { RequestError } = require('./errors');

/**
 * @import { Request } from 'express'
 * @import { Config, IsCheck, Log, RateLimits, Redis } from '../types'
 */

/** @typedef {import('express-rate-limit').Options} Options */

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** What a Redis that hangs costs a request. */
const COUNT_MS = 250;
/** So many accounts of one address, such as an office's, may log in, and fail, as often as one may. */
const ACCOUNTS = 10;

/**
 * @param {{ redis: Pick<Redis, 'sendCommand'>, limits: Config['limits'],
 *   isCheck: IsCheck, log: Log }} options
 *   isCheck: who is let to sign up and log in whatever was counted, and is not counted
 * @returns {RateLimits}
 */
function rateLimits({ redis, limits, isCheck, log }) {
  /**
   * @param {{ name: string, message: string, keyOf: (request: Request) => string } & Partial<Options>} options
   *   keyOf: who is counted; requestWasSuccessful, where given: whose requests are not
   */
  function limiter({ name, message, keyOf, ...options }) {
    const warn = (/** @type {unknown} */ error) =>
      log.error('rate limit', { limit: name, error: messageOf(error) });
    return rateLimit({
      identifier: name,
      standardHeaders: 'draft-8',
      legacyHeaders: false,
      store: new RedisStore({ sendCommand: commandSender(redis), prefix: `limit:${name}:` }),
      skip: isCheck,
      logger: { error: warn, warn },
      // Addresses of people are not for Redis' keys.
      keyGenerator: (request) => createHash('sha256').update(keyOf(request)).digest('base64url'),
      handler: (_request, _response, next) => next(new RequestError(429, message)),
      ...options,
    });
  }

  const logIns = { message: 'Too many attempts. Try again later.', windowMs: 15 * MINUTE_MS };
  /** @type {typeof logIns & Partial<Options>} */
  const failedLogIns = {
    ...logIns,
    skipSuccessfulRequests: true,
    requestWasSuccessful: (_request, response) => response.statusCode !== 401,
  };

  const ofChurch = {
    windowMs: MINUTE_MS,
    keyOf: (/** @type {Request} */ request) => request.session.churchId,
    skip: () => false,
    passOnStoreError: true,
  };
  const messagesADay = { ...ofChurch, name: 'message-day', windowMs: DAY_MS };

  return {
    logIn: [
      // One that succeeds costs as much of a core, and leaves a session.
      limiter({
        ...logIns,
        name: 'all-log-ins-address',
        limit: ACCOUNTS * limits.logIns,
        keyOf: address,
        standardHeaders: false,
      }),
      limiter({
        ...logIns,
        name: 'all-log-ins',
        limit: limits.logIns,
        keyOf: account,
        standardHeaders: false,
      }),
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
        keyOf: account,
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
      ...ofChurch,
      name: 'message',
      message: 'Your church writes too many messages at once. Go on after a while.',
      limit: limits.messages,
    }),
    // Each request counts, whatever becomes of it: one that is given up by its client is written all the same.
    messagesADay: [
      limiter({
        ...messagesADay,
        message: 'Your church has sent what it may in a day.',
        limit: limits.messagesADay,
        skip: (_request, response) => response.locals.isApproved !== true,
      }),
      limiter({
        ...messagesADay,
        message: 'Until your church is approved, it may send a few messages a day.',
        limit: limits.trialMessagesADay,
        skip: (_request, response) => response.locals.isApproved === true,
        passOnStoreError: false,
      }),
    ],
    member: limiter({
      ...ofChurch,
      name: 'member',
      message: 'Your church adds too many members at once. Go on after a while.',
      limit: limits.members,
    }),
    // Counted by each process for itself: a read is cheap, and is not to cost a command of Redis more.
    read: limiter({
      ...ofChurch,
      name: 'read',
      message: 'Your church reads too much at once. Go on after a while.',
      limit: limits.reads,
      store: new MemoryStore(),
      standardHeaders: false,
    }),
  };
}

/**
 * A network of IPv6 counts as one address: a client may use any of it.
 *
 * @param {Request} request
 */
const address = (request) => ipKeyGenerator(request.ip ?? '');

/**
 * Of a request whose body has been checked.
 *
 * @param {Request} request
 */
const account = (request) => `${address(request)} ${request.body.email}`;

/**
 * @param {Pick<Redis, 'sendCommand'>} redis
 * @returns {import('rate-limit-redis').SendCommandFn} what the limits' store talks to Redis through
 */
function commandSender(redis) {
  return async (...command) => {
    try {
      return await withTimeout(redis.sendCommand(command), COUNT_MS, `Redis ${command[0]}`);
    } catch (error) {
      // It loads its scripts once. Where that fails the name will do: the first use finds out, and loads again.
      if (command[0] === 'SCRIPT') return createHash('sha1').update(command[2]).digest('hex');
      // The store knows by the message that a script is to be loaded; anything else is an outage.
      const cause = error instanceof Error ? error.cause : undefined;
      throw messageOf(cause).startsWith('NOSCRIPT') ? cause : error;
    }
  };
}

module.exports = { address, rateLimits };
