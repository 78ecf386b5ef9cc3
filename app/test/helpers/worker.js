'use strict';
/** The queue's worker as one process, without PM2. */

const { once } = require('node:events');
const { join } = require('node:path');
const { SHORT } = require('./app');
const { eventually, freePort, lines, start, START_MS, stop } = require('./children');

/** @import { Services } from '../types' */

const WORKER = join(__dirname, '../../src/worker.js');

/**
 * Starts a worker and waits until it works.
 *
 * @param {Pick<Services, 'env'>} services
 * @param {Record<string, string>} [env]
 * @param {string} [script]
 */
async function startWorker(services, env = {}, script = WORKER) {
  const child = start(process.execPath, [script], {
    env: {
      PATH: process.env.PATH,
      METRICS_PORT: String(await freePort()),
      ...SHORT,
      ...services.env,
      ...env,
    },
  });
  const exited = once(child, 'exit');
  const logged = (/** @type {string} */ message) =>
    lines(child.output).filter((line) => line.message === message);
  const works = () => child.exitCode !== null || logged('working').length;
  await eventually(works, { timeoutMs: START_MS, what: 'the worker' }).catch(async (error) => {
    await stop(child); // it would keep the tests' process alive
    throw error;
  });
  if (child.exitCode !== null) throw new Error(`the worker ended at its start:\n${child.output}`);
  return { child, exited, logged, stop: () => stop(child) };
}

module.exports = { startWorker };
