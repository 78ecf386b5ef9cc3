'use strict';
/** PM2's settings: the app's workers, one a core, replaced one after another at a reload; and the queue's one worker. */

const { existsSync, realpathSync } = require('node:fs');
const { join } = require('node:path');

/** On a server PM2 must be given the link: a target's path would pin today's release, and reload it for ever. */
const CURRENT = '/opt/app/current';
const onServer = existsSync(CURRENT) && realpathSync(CURRENT) === __dirname;
const appDir = onServer ? CURRENT : __dirname;
const logDir = process.env.LOG_DIR || (onServer ? '/var/log/app' : join(__dirname, 'logs'));

/** What both have in common. Neither has an `env`: when PM2 starts an app again, that would be its whole environment. */
const each = {
  cwd: appDir,
  wait_ready: true,
  listen_timeout: Number(process.env.LISTEN_TIMEOUT_MS || 10_000),
  kill_timeout: Number(process.env.KILL_TIMEOUT_MS || 5000),
  // A worker that dies within 5 s of its start, ten times on end in its first minute, is left for dead; one that begins to
  // later is started again and again, up to 15 s apart.
  min_uptime: 5000,
  max_restarts: 10,
  exp_backoff_restart_delay: 100,
  merge_logs: true,
  out_file: join(logDir, 'out.log'),
  error_file: join(logDir, 'error.log'),
};

module.exports = {
  apps: [
    // The first: what the kit tests before it starts PM2.
    {
      ...each,
      name: 'app',
      script: join(appDir, 'src/server.js'),
      exec_mode: 'cluster',
      instances: process.env.WEB_CONCURRENCY || 'max',
      max_memory_restart: '1G',
    },
    {
      ...each,
      name: 'worker',
      script: join(appDir, 'src/worker.js'),
      // It has no port to share, and a job waits for the second that a restart takes.
      exec_mode: 'fork',
      max_memory_restart: '500M',
    },
  ],
};
