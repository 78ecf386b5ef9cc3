'use strict';
/**
 * Sign up, log in, log out, who am I.
 *
 * Who has an account can be found out by signing up, as often as the limit allows, and an address is taken without
 * proof: only a mail to it would change either. A log-in tells nobody.
 */

const { Router } = require('express');
const { z } = require('zod');
const { caches, shownIn } = require('../../cache/caches');
const { RequestError } = require('../errors');
const { codeOf } = require('../../process/thrown');
const { Busy } = require('../fair-queue');
const { hashPassword, isOutdated, verifyPassword } = require('../passwords');
const { address } = require('../rate-limits');
const { text } = require('../text-field');
const { requireSession } = require('../sessions');

/**
 * @import { Request, Response } from 'express'
 * @import { Cache, FairQueue, IsCheck, Log, PrismaClient, RateLimits, Sessions } from '../../types'
 */

/** Prisma's code for a unique constraint that a row would break. */
const UNIQUE = 'P2002';

const mailbox = z.email().max(254).toLowerCase();
const registration = z.strictObject({
  email: mailbox,
  password: z.string().min(12).max(200),
  churchName: text(200),
});
const credentials = z.strictObject({ email: mailbox, password: z.string().max(200) });
const departure = z.strictObject({ everywhere: z.boolean().default(false) });

/**
 * @typedef {import('express').Request<{}, unknown, z.infer<typeof registration>>} SignUp
 * @typedef {import('express').Request<{}, unknown, z.infer<typeof credentials>>} LogIn
 */

/**
 * Before any limit: what is no sign-up or log-in is not counted, and leaves nothing behind in Redis.
 *
 * @template Body
 * @param {z.ZodType<Body>} schema
 * @returns {import('express').RequestHandler<{}, unknown, Body>}
 */
const parsed = (schema) => (request, _response, next) => {
  request.body = schema.parse(request.body);
  next();
};

/**
 * @param {{ prisma: PrismaClient,
 *   cache: Pick<Cache, 'wrap'>,
 *   limits: RateLimits,
 *   sessions: Sessions,
 *   hashing: FairQueue,
 *   isCheck: IsCheck,
 *   log: Log }} parts
 *   hashing: the turns at hashing a password, which takes a core
 */
function accounts({ prisma, cache, limits, sessions, hashing, isCheck, log }) {
  /**
   * Does it when it is the client's turn. A refusal is no 503: strangers could have a rollout's alarm count those.
   *
   * @template T
   * @param {Request} request
   * @param {() => Promise<T>} hash
   * @returns {Promise<T>}
   */
  async function inTurn(request, hash) {
    if (isCheck(request)) return hash();
    try {
      return await hashing.run(address(request), hash);
    } catch (error) {
      if (!(error instanceof Busy)) throw error;
      throw new RequestError(429, 'Too many people log in at the moment. Try again in a second.', {
        retryAfter: 1,
      });
    }
  }

  return Router()
    .post(
      '/register',
      parsed(registration),
      limits.signUp,
      async (/** @type {SignUp} */ request, response) => {
        const { email, password, churchName } = request.body;
        const passwordHash = await inTurn(request, () => hashPassword(password));
        const user = await prisma.user
          .create({ data: { email, passwordHash, church: { create: { name: churchName } } } })
          .catch((error) => {
            if (codeOf(error) === UNIQUE)
              throw new RequestError(409, 'This address has an account already. Log in.');
            throw error;
          });
        log.info('signed up', { user: user.id, church: user.churchId });
        response.status(201).json({ id: user.id, email: user.email, churchId: user.churchId });
      },
    )
    .post(
      '/login',
      parsed(credentials),
      limits.logIn,
      async (/** @type {LogIn} */ request, /** @type {Response} */ response) => {
        const { email, password } = request.body;
        const user = await prisma.user.findUnique({ where: { email } });
        const known = await inTurn(request, () => verifyPassword(password, user?.passwordHash));
        if (!user || !known) {
          log.info('log-in refused', { user: user?.id, church: user?.churchId });
          throw new RequestError(401, 'Address or password is wrong.');
        }
        if (isOutdated(user.passwordHash)) {
          const passwordHash = await inTurn(request, () => hashPassword(password));
          await prisma.user.update({ where: { id: user.id }, data: { passwordHash } });
        }
        await sessions.signIn(request, { userId: user.id, churchId: user.churchId });
        log.info('logged in', { user: user.id, church: user.churchId });
        response.json({ id: user.id, email: user.email, churchId: user.churchId });
      },
    )
    .post('/logout', requireSession, async (request, response) => {
      const { everywhere } = departure.parse(request.body ?? {});
      const { userId: user, churchId: church } = request.session;
      if (everywhere) await sessions.endAll(user);
      await sessions.signOut(request);
      log.info('logged out', { user, church, everywhere });
      response.clearCookie('sid').status(204).end();
    })
    .get('/me', requireSession, async (request, response) => {
      const { userId } = request.session;
      const user = await cache.wrap(shownIn(response, caches.me(userId)), () =>
        prisma.user.findUnique({
          where: { id: userId },
          select: { id: true, email: true, church: { select: { id: true, name: true, timezone: true } } },
        }),
      );
      if (!user) throw new RequestError(401, 'This account is gone.');
      response.json(user);
    });
}

module.exports = { accounts };
