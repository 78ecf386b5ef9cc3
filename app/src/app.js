'use strict';
/** The HTTP side, from the outside in. */

const express = require('express');
const { bodies } = require('./bodies');
const { errors, notFound } = require('./errors');
const { headers } = require('./headers');
const { health } = require('./health');
const { rateLimits } = require('./rate_limits');
const { requests } = require('./requests');
const { accounts } = require('./routes/accounts');
const { analytics } = require('./routes/analytics');
const { conversations } = require('./routes/conversations');
const { members } = require('./routes/members');
const { requireSession, sessions } = require('./sessions');

/**
 * @param {{ config: import('./config').Config, log: import('./log').Log,
 *   redis: import('./redis').Redis, database: import('./database').Database,
 *   cache: Pick<import('./cache/cache').Cache, 'wrap' | 'invalidate'>,
 *   sms: import('./sms/queue').SmsQueue, shutdown: { readonly isShuttingDown: boolean } }} parts
 */
function createApp({ config, log, redis, database, cache, sms, shutdown }) {
  const { prisma } = database;
  const limits = rateLimits({ redis, limits: config.limits, log });
  return express()
    .set('trust proxy', 1) // the load balancer, which says whether the client came over TLS
    .use(requests(log))
    .use(headers())
    .use(health({ config, redis, database, shutdown }))
    .use(sessions({ redis, secret: config.sessionSecret, cookieSecure: config.cookieSecure }))
    .use(bodies())
    .use(accounts({ prisma, cache, limits }))
    .use('/members', requireSession, members({ prisma, cache, limits, sms }))
    .use('/conversations', requireSession, conversations({ prisma, cache }))
    .use('/analytics', requireSession, analytics({ prisma, cache }))
    .use(notFound)
    .use(errors(log));
}

module.exports = { createApp };
