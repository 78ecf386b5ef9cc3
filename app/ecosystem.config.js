'use strict';
/** PM2's settings: one worker a core, replaced one after another at a reload. */

const { join } = require('node:path');

/** A link such as /opt/app/current has to be given: `__dirname` is its target, and would pin today's release. */
const appDir = process.env.APP_DIR || __dirname;
const logDir = process.env.LOG_DIR || join(__dirname, 'logs');

module.exports = {
  apps: [
    {
      name: 'app',
      cwd: appDir,
      script: join(appDir, 'src/server.js'),
      exec_mode: 'cluster',
      instances: process.env.WEB_CONCURRENCY || 'max',
      wait_ready: true,
      listen_timeout: Number(process.env.LISTEN_TIMEOUT_MS || 10_000),
      kill_timeout: Number(process.env.KILL_TIMEOUT_MS || 5000),
      max_memory_restart: '1G',
      // A worker that dies within 5 s of its start, ten times on end, is left for dead.
      min_uptime: 5000,
      max_restarts: 10,
      exp_backoff_restart_delay: 100,
      merge_logs: true,
      out_file: join(logDir, 'out.log'),
      error_file: join(logDir, 'error.log'),
      env_production: { NODE_ENV: 'production' },
    },
  ],
};
