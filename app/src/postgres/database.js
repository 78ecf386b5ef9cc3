'use strict';
/** Postgres: one pool a worker, Prisma on top of it. */

const { PrismaPg } = require('@prisma/adapter-pg');
const { PrismaClient } = require('../../generated/client');
const { withTimeout } = require('../process/with-timeout');
const { poolConnections } = require('../metrics/metrics');
const { BoundedPool } = require('./pool');
const { timedClient } = require('./slow-queries');

/** @import { Config, Database, Log } from '../types' */

const PING_MS = 1000;
const KEEP_ALIVE_MS = 10_000;
/** After which a connection is made again, where DNS leads to by then; rare enough that hardly a request waits for it. */
const LIFETIME_S = 1800;
/** Postgres' code for a write to a server that takes none. */
const READ_ONLY = '25006';

/**
 * @param {Config['database'] & { log: Log }} options
 *   The URL's sslmode decides on TLS; NODE_EXTRA_CA_CERTS on whom to trust.
 * @returns {Database}
 */
function openDatabase({
  url,
  poolSize,
  poolTimeoutMs,
  connectTimeoutMs,
  statementTimeoutMs,
  slowQueryMs,
  log,
}) {
  const pool = new BoundedPool({
    Client: timedClient({ slowQueryMs, log }),
    connectionString: url,
    max: poolSize,
    poolTimeoutMs,
    connectionTimeoutMillis: connectTimeoutMs,
    // The budget counts every connection of the pool as open. One that is made again while others boot is slow.
    idleTimeoutMillis: 0,
    statement_timeout: statementTimeoutMs,
    // The server's own limit comes first; this one is for a server that no longer answers.
    query_timeout: statementTimeoutMs + PING_MS,
    // With libuv's ten probes, one a second, an idle connection whose peer is gone is dropped within 20 s.
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    maxLifetimeSeconds: LIFETIME_S * (0.9 + 0.1 * Math.random()), // the workers' ends lie apart
    application_name: 'app',
  });
  // An idle connection that the server drops is an 'error' event, and would end the process unheard.
  pool.on('error', (error) => log.error('postgres', { error: error.message }));
  pool.on('connect', leaveWhenReadOnly);
  Object.assign(poolConnections, {
    collect() {
      poolConnections.set({ state: 'used' }, pool.totalCount - pool.idleCount);
      poolConnections.set({ state: 'idle' }, pool.idleCount);
      poolConnections.set({ state: 'waiting' }, pool.waitingCount);
    },
  });
  const prisma = new PrismaClient({
    adapter: new PrismaPg(pool),
    errorFormat: 'minimal', // without lines of the source
    transactionOptions: { maxWait: connectTimeoutMs, timeout: statementTimeoutMs },
  });
  return {
    prisma,
    /** Every connection is open, so that no request waits for one; where there is no database a worker starts too. */
    async settled() {
      // Each is given back as it opens: the pool would take its wait for the slowest for the length of a query.
      const open = async () => (await pool.connect()).release();
      await Promise.allSettled(Array.from({ length: poolSize }, open));
    },
    query: (text) => pool.query(text),
    ping: () => withTimeout(pool.query('SELECT 1'), PING_MS, 'Postgres SELECT 1'),
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

/**
 * A primary that became a standby keeps its clients; this one leaves it, and the address leads to the new primary.
 *
 * @param {import('pg').PoolClient & { connection?: import('pg').Connection }} client
 */
function leaveWhenReadOnly(client) {
  client.connection?.on('errorMessage', (/** @type {{ code?: string }} */ { code }) => {
    if (code === READ_ONLY) client.end();
  });
}

module.exports = { openDatabase };
