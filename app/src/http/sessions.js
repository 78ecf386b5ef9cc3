'use strict';
/** Sessions in Redis, so that any worker of any server can answer any request; each user's can be found and ended. */

const { RedisStore } = require('connect-redis');
const session = require('express-session');

/**
 * @import { Request, RequestHandler } from 'express'
 * @import { Redis } from '../types'
 */

const DAY_MS = 24 * 60 * 60 * 1000;
const SESSION = 'sess:';
/** @param {string} userId */
const userKey = (userId) => `user-sessions:${userId}`;

/**
 * Adds a session to its user's, and ends the oldest ones beyond a number.
 * KEYS: the user's; ARGV: now, the session's end, its id, the number, what a session's key begins with.
 */
const ADD = `
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
  redis.call('ZADD', KEYS[1], ARGV[2], ARGV[3])
  local over = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[4])
  if over > 0 then
    for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, over - 1)) do redis.call('DEL', ARGV[5] .. id) end
    redis.call('ZREMRANGEBYRANK', KEYS[1], 0, over - 1)
  end
  redis.call('PEXPIREAT', KEYS[1], ARGV[2])`;

/** KEYS: the user's; ARGV: what a session's key begins with. Returns how many have ended. */
const END_ALL = `
  local ended = 0
  for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do ended = ended + redis.call('DEL', ARGV[1] .. id) end
  redis.call('DEL', KEYS[1])
  return ended`;

/**
 * @param {{ redis: Pick<Redis, 'get' | 'set' | 'del' | 'sendCommand'>, secrets: string[],
 *   cookieSecure: boolean, perUser: number }} options
 *   secrets: the first signs, any verifies; perUser: sessions that one user may have, the latest ones
 */
function createSessions({ redis, secrets, cookieSecure, perUser }) {
  const middleware = session({
    name: 'sid',
    // A session ends a day after its log-in, as its cookie does, whatever is asked for meanwhile: to keep it alive would
    // cost each request another command, and each answer another packet while it waits for that.
    store: new RedisStore({ client: asClient(redis), disableTouch: true, prefix: SESSION }),
    secret: secrets,
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', secure: cookieSecure, maxAge: DAY_MS },
  });

  /**
   * Starts a new session; the old id is worthless from now on (session fixation).
   *
   * @param {Request} request
   * @param {{ userId: string } & Record<string, unknown>} whose what the session holds
   */
  async function signIn(request, whose) {
    await settle(request, 'regenerate');
    const now = Date.now();
    Object.assign(request.session, whose, { loggedInAt: now });
    const added = [now, now + DAY_MS, request.sessionID, perUser, SESSION].map(String);
    await redis.sendCommand(['EVAL', ADD, '1', userKey(whose.userId), ...added]);
    // Saved before the answer, so that whoever sees the cookie has the session.
    await settle(request, 'save');
  }

  /** @param {Request} request */
  async function signOut(request) {
    await redis.sendCommand(['ZREM', userKey(request.session.userId), request.sessionID]);
    await settle(request, 'destroy');
  }

  /** @param {string} userId */
  const endAll = (userId) => endSessions(redis, userId);

  return { middleware, signIn, signOut, endAll };
}

/**
 * Logs a user out everywhere: whoever deletes a user, moves one to another church or changes a password calls it.
 *
 * @param {Pick<Redis, 'sendCommand'>} redis
 * @param {string} userId
 * @returns {Promise<number>} how many sessions have ended
 */
async function endSessions(redis, userId) {
  return Number(await redis.sendCommand(['EVAL', END_ALL, '1', userKey(userId), SESSION]));
}

/**
 * Lets only requests of a logged-in user through, until a day after the log-in: saving a session does not prolong it.
 *
 * @type {RequestHandler}
 */
function requireSession(request, response, next) {
  const { userId, loggedInAt } = request.session;
  if (userId && !(Date.now() - loggedInAt > DAY_MS)) return next();
  response.status(401).json({ error: 'Log in first: POST /login.' });
}

/** @param {Request} request @param {'regenerate' | 'save' | 'destroy'} method */
function settle(request, method) {
  return new Promise((resolve, reject) => {
    request.session[method]((/** @type {unknown} */ error) => (error ? reject(error) : resolve(undefined)));
  });
}

/**
 * The store's type asks for the whole of a client. Without touching it uses these three commands.
 *
 * @param {Pick<Redis, 'get' | 'set' | 'del'>} redis
 */
const asClient = (redis) =>
  /** @type {ConstructorParameters<typeof RedisStore>[0]['client']} */ (/** @type {unknown} */ (redis));

module.exports = { createSessions, endSessions, requireSession };
