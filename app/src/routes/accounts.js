'use strict';
/** Sign up, log in, log out, who am I. */

const { Router } = require('express');
const { z } = require('zod');
const { caches, shownIn } = require('../caches');
const { RequestError } = require('../errors');
const { hashPassword, verifyPassword } = require('../passwords');
const { text } = require('../text');
const { requireSession, signIn, signOut } = require('../sessions');

/** Prisma's code for a unique constraint that a row would break. */
const UNIQUE = 'P2002';

const address = z.email().max(254).toLowerCase();
const registration = z.strictObject({
  email: address,
  password: z.string().min(12).max(200),
  churchName: text(200),
});
const credentials = z.strictObject({ email: address, password: z.string().max(200) });

/**
 * @param {{ prisma: import('../../generated/client').PrismaClient,
 *   cache: Pick<import('../cache/cache').Cache, 'wrap'>,
 *   limits: import('../rate_limits').RateLimits }} parts
 */
function accounts({ prisma, cache, limits }) {
  return Router()
    .post('/register', limits.signUp, async (request, response) => {
      const { email, password, churchName } = registration.parse(request.body);
      const passwordHash = await hashPassword(password);
      const user = await prisma.user
        .create({ data: { email, passwordHash, church: { create: { name: churchName } } } })
        .catch((error) => {
          if (error.code === UNIQUE)
            throw new RequestError(409, 'This address has an account already. Log in.');
          throw error;
        });
      response.status(201).json({ id: user.id, email: user.email, churchId: user.churchId });
    })
    .post('/login', limits.logIn, async (request, response) => {
      const { email, password } = credentials.parse(request.body);
      const user = await prisma.user.findUnique({ where: { email } });
      const known = await verifyPassword(password, user?.passwordHash);
      if (!user || !known) throw new RequestError(401, 'Address or password is wrong.');
      await signIn(request, { userId: user.id, churchId: user.churchId });
      response.json({ id: user.id, email: user.email, churchId: user.churchId });
    })
    .post('/logout', requireSession, async (request, response) => {
      await signOut(request);
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
