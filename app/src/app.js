'use strict';
/** The HTTP side, from the outside in. */

const express = require('express');
const helmet = require('helmet');
const { errors, notFound } = require('./errors');
const { health } = require('./health');
const { requests } = require('./requests');
const { accounts } = require('./routes/accounts');
const { analytics } = require('./routes/analytics');
const { conversations } = require('./routes/conversations');
const { members } = require('./routes/members');
const { requireSession, sessions } = require('./sessions');

/**
 * @param {{ config: import('./config').Config, log: ReturnType<import('./log').createLog>,
 *   redis: ReturnType<import('./redis').openRedis>, database: ReturnType<import('./database').openDatabase>,
 *   cache: Pick<ReturnType<import('./cache/cache').createCache>, 'wrap' | 'invalidate'>,
 *   shutdown: { readonly isShuttingDown: boolean } }} parts
 */
function createApp({ config, log, redis, database, cache, shutdown }) {
  const { prisma } = database;
  return express()
    .set('trust proxy', 1) // the load balancer, which says whether the client came over TLS
    .use(requests(log))
    .use(helmet())
    .use(health({ config, redis, database, shutdown }))
    .use(sessions({ redis, secret: config.sessionSecret, cookieSecure: config.cookieSecure }))
    .use(express.json({ limit: '100kb' }))
    .use(accounts({ prisma, cache }))
    .use('/members', requireSession, members({ prisma, cache }))
    .use('/conversations', requireSession, conversations({ prisma, cache }))
    .use('/analytics', requireSession, analytics({ prisma, cache }))
    .use(notFound)
    .use(errors(log));
}

module.exports = { createApp };
