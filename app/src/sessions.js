'use strict';
/** Sessions in Redis, so that any worker of any server can answer any request. */

const { RedisStore } = require('connect-redis');
const session = require('express-session');

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * @param {{ redis: import('./redis').Redis, secret: string, cookieSecure: boolean }} options
 * @returns {import('express').RequestHandler}
 */
function sessions({ redis, secret, cookieSecure }) {
  return session({
    name: 'sid',
    // A session ends a day after its log-in, as its cookie does, whatever is asked for meanwhile: to keep it alive would
    // cost each request another command, and each answer another packet while it waits for that.
    store: new RedisStore({ client: redis, disableTouch: true }),
    secret,
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', secure: cookieSecure, maxAge: DAY_MS },
  });
}

/**
 * Starts a new session; the old id is worthless from now on (session fixation).
 *
 * @param {import('express').Request} request
 * @param {{ userId: unknown } & Record<string, unknown>} whose what the session holds
 */
async function signIn(request, whose) {
  await settle(request, 'regenerate');
  Object.assign(request.session, whose);
  // Saved before the answer, so that whoever sees the cookie has the session.
  await settle(request, 'save');
}

async function signOut(request) {
  await settle(request, 'destroy');
}

/** Lets only requests of a logged-in user through. */
function requireSession(request, response, next) {
  if (request.session.userId) return next();
  response.status(401).json({ error: 'Log in first: POST /login.' });
}

function settle(request, method) {
  return new Promise((resolve, reject) => {
    request.session[method]((error) => (error ? reject(error) : resolve(undefined)));
  });
}

module.exports = { requireSession, sessions, signIn, signOut };
