'use strict';
/** The queue's worker as one process, without PM2. */

const { once } = require('node:events');
const { join } = require('node:path');
const { SHORT } = require('./app');
const { eventually, lines, start, stop } = require('./children');
const WORKER = join(__dirname, '../../src/worker.js');

/** Starts a worker; it takes jobs once it is connected. */
function startWorker(services, env = {}, script = WORKER) {
  const child = start(process.execPath, [script], {
    env: { PATH: process.env.PATH, ...SHORT, ...services.env, ...env },
  });
  const logged = (message) => lines(child.output).filter((line) => line.message === message);
  return {
    child,
    exited: once(child, 'exit'),
    logged,
    working: () => eventually(() => logged('working').length, { what: 'the worker' }),
    stop: () => stop(child),
  };
}

module.exports = { startWorker };
