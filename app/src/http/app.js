'use strict';
/** The HTTP side, from the outside in. */

const express = require('express');
const { bodies } = require('./json-body');
const { checks } = require('./check-token');
const { errors, notFound } = require('./errors');
const { createFairQueue } = require('./fair-queue');
const { headers } = require('./headers');
const { health } = require('./health');
const { rateLimits } = require('./rate-limits');
const { requests } = require('./requests');
const { accounts } = require('./routes/accounts');
const { analytics } = require('./routes/analytics');
const { conversations } = require('./routes/conversations');
const { members } = require('./routes/members');
const { createSessions, requireSession } = require('./sessions');

/** @import { Cache, Config, Database, Log, Redis, Shutdown, SmsQueue } from '../types' */

/** A worker has one core, and a hash takes it for a tenth of a second; who is last waits for three. */
const HASHING = { atOnce: 1, longest: 30 };

/**
 * @param {{ config: Config, log: Log,
 *   redis: Redis, database: Database,
 *   cache: Pick<Cache, 'wrap' | 'invalidate'>,
 *   sms: SmsQueue, shutdown: Shutdown }} parts
 */
function createApp({ config, log, redis, database, cache, sms, shutdown }) {
  const { prisma } = database;
  const isCheck = checks(config.checkToken);
  const limits = rateLimits({ redis, limits: config.limits, isCheck, log });
  const hashing = createFairQueue(HASHING);
  const sessions = createSessions({
    redis,
    secrets: config.sessionSecrets,
    cookieSecure: config.cookieSecure,
    perUser: config.limits.sessions,
  });
  return express()
    .set('trust proxy', config.trustedProxies) // they say who the client is, and whether it came over TLS
    .use(requests(log))
    .use(headers())
    .use(health({ config, redis, database, shutdown }))
    .use(sessions.middleware)
    .use(bodies())
    .use(accounts({ prisma, cache, limits, sessions, hashing, isCheck, log }))
    .use('/members', requireSession, members({ prisma, cache, limits, config, sms }))
    .use('/conversations', requireSession, conversations({ prisma, cache, limits }))
    .use('/analytics', requireSession, analytics({ prisma, cache, limits }))
    .use(notFound)
    .use(errors(log));
}

module.exports = { createApp };
