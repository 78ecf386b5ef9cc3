'use strict';
/** The app under a PM2 of its own: real cluster mode, real reloads, the ecosystem file that ships. */

const { execFile } = require('node:child_process');
const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { promisify } = require('node:util');
const { eventually, freePort, freePortPair, lines, start, stop } = require('./children');

/** @import { Services } from '../types' */

const APP = join(__dirname, '../..');
const PM2 = join(APP, 'node_modules/.bin/pm2');

/** With the idle phase of a server, and otherwise so much patience that only events decide, however busy the machine is. */
const PATIENT = { DRAIN_TIMEOUT_MS: '120000', KILL_TIMEOUT_MS: '124000', LISTEN_TIMEOUT_MS: '120000' };

/**
 * Starts two workers.
 *
 * @param {Pick<Services, 'env' | 'folder'>} services
 * @param {{ name: string, script?: string }} options script: in place of the ecosystem file's own
 */
async function startCluster(services, { name, script }) {
  const port = await freePort();
  const metricsPort = await freePortPair();
  const home = join(services.folder, name);
  const logs = join(home, 'logs');
  mkdirSync(logs, { recursive: true });
  const ecosystem = join(home, 'ecosystem.config.js');
  writeFileSync(
    ecosystem,
    `const { apps } = require(${JSON.stringify(join(APP, 'ecosystem.config.js'))});
     module.exports = { apps: [{ ...apps[0], ...${JSON.stringify({ script })} }] };`,
  );
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    PM2_HOME: home,
    LOG_DIR: logs,
    WEB_CONCURRENCY: '2',
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    ...PATIENT,
    ...services.env,
  };
  const pm2 = async (/** @type {string[]} */ ...args) =>
    (await promisify(execFile)(PM2, args, { env })).stdout;
  // In the foreground the daemon is our child, and can't outlive us.
  const daemon = start(PM2, ['start', ecosystem, '--no-daemon'], { env });
  const workers = async () => {
    /** @type {{ pid: number, pm2_env: { status: string, restart_time: number, exec_mode: string } }[]} */
    const list = JSON.parse(await pm2('jlist', '--silent'));
    return list.map(({ pid, pm2_env }) => ({
      pid,
      status: pm2_env.status,
      restarts: pm2_env.restart_time,
      mode: pm2_env.exec_mode,
    }));
  };
  const logged = (/** @type {string} */ message) =>
    lines(readFileSync(join(logs, 'out.log'), 'utf8')).filter((line) => line.message === message);
  const url = `http://127.0.0.1:${port}`;
  await eventually(async () => (await fetch(`${url}/readyz`, { headers: { connection: 'close' } })).ok, {
    timeoutMs: 60_000,
    what: `the cluster\n${daemon.output}`,
  });
  await eventually(() => logged('listening').length === 2, { timeoutMs: 60_000, what: 'both workers' });
  return {
    url,
    /** Of the first worker; the second has the next one. */
    metricsPort,
    workers,
    /** The lines of both workers' log with this message. */
    logged,
    /** The pids of all workers that have ever listened. */
    started: () => logged('listening').map(({ pid }) => pid),
    reload: () => pm2('reload', ecosystem, '--update-env'),
    stop: () => stop(daemon),
  };
}

module.exports = { startCluster };
