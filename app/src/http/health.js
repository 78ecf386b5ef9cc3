'use strict';
/**
 * `/healthz`: this worker lives. `/readyz`: it may be given requests; a load balancer asks this one.
 *
 * Ready is once Postgres and Redis have both answered since the worker's start, until it shuts down. Every worker
 * shares them: one that failed its check for their outage would have the whole group replaced, and nothing be fixed.
 * Routes answer a fast 503 meanwhile, and the check says `degraded`.
 */

const { Router } = require('express');
const { setTimeout: sleep } = require('node:timers/promises');

/** @import { Config, Pingable } from '../types' */

/** Between two looks of a worker that is not ready yet. */
const POLL_MS = 250;
/** How long a look answers for: anybody may ask, as often as they like. */
const LOOK_MS = 500;

/**
 * @param {{ config: Config, redis: { ping: () => Promise<unknown> },
 *   database: { ping: () => Promise<unknown> }, shutdown: { readonly isShuttingDown: boolean } }} options
 */
function health({ config, redis, database, shutdown }) {
  const identity = { release: config.release, server: config.serverId, pid: process.pid };
  const answered = { redis: false, postgres: false };

  async function look() {
    const [redisState, postgresState] = await Promise.all([state(redis), state(database)]);
    const checks = { redis: redisState, postgres: postgresState };
    answered.redis ||= redisState === 'ok';
    answered.postgres ||= postgresState === 'ok';
    return checks;
  }

  /** @type {ReturnType<typeof look> | undefined} */
  let latest;
  /** A look that is under way or recent. */
  function lately() {
    latest ??= look().finally(() => {
      setTimeout(() => (latest = undefined), LOOK_MS).unref();
    });
    return latest;
  }

  const hasStarted = () => answered.redis && answered.postgres;

  // It looks by itself: which worker a load balancer's checks meet is chance, and an outage may come before the first.
  async function start() {
    while (!hasStarted() && !shutdown.isShuttingDown) {
      await look();
      await sleep(POLL_MS, undefined, { ref: false });
    }
  }
  start();

  return Router()
    .get('/healthz', (_request, response) => {
      response.json({ status: 'live', ...identity });
    })
    .get('/readyz', async (_request, response) => {
      const dependencies = await lately();
      const accepting = shutdown.isShuttingDown ? 'shutting down' : 'ok';
      const ready = hasStarted() && !shutdown.isShuttingDown;
      const degraded = Object.values(dependencies).some((check) => check !== 'ok');
      response.status(ready ? 200 : 503).json({
        status: ready ? (degraded ? 'degraded' : 'ready') : 'unready',
        checks: { ...dependencies, accepting },
        ...identity,
      });
    });
}

/** @param {Pingable} dependency */
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
