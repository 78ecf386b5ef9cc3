'use strict';
/** `/healthz`: this worker lives. `/readyz`: it can do its work; a load balancer asks this one. */

const { Router } = require('express');

/**
 * @param {{ config: import('./config').Config, redis: { ping: () => Promise<unknown> },
 *   database: { ping: () => Promise<unknown> }, shutdown: { readonly isShuttingDown: boolean } }} options
 */
function health({ config, redis, database, shutdown }) {
  const identity = { release: config.release, server: config.serverId, pid: process.pid };
  return Router()
    .get('/healthz', (_request, response) => {
      response.json({ status: 'live', ...identity });
    })
    .get('/readyz', async (_request, response) => {
      const [redisState, postgresState] = await Promise.all([state(redis), state(database)]);
      const checks = {
        redis: redisState,
        postgres: postgresState,
        accepting: shutdown.isShuttingDown ? 'shutting down' : 'ok',
      };
      const ready = Object.values(checks).every((check) => check === 'ok');
      response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'unready', checks, ...identity });
    });
}

async function state(dependency) {
  try {
    await dependency.ping();
    return 'ok';
  } catch {
    // The reason is in the log; here it would tell strangers about the inside.
    return 'unreachable';
  }
}

module.exports = { health };
