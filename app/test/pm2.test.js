'use strict';
/** The five scripts of package.json, as one types them on a laptop, which has none of the kit's settings. */
const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { once } = require('node:events');
const { existsSync, mkdirSync } = require('node:fs');
const { join } = require('node:path');
const { test } = require('node:test');
const { promisify } = require('node:util');
const { eventually, freePort, start, stop } = require('./helpers/children');
const { share } = require('./helpers/harness');
const { startServices } = require('./helpers/services');

/** @import { Env, Services } from './types' */

const APP = join(__dirname, '..');
const LAPTOP = { PATH: String(process.env.PATH), TERM: 'xterm', PM2_DISCRETE_MODE: 'true' };

/** @type {Services} */
let services;
/** @type {Env} */
let env;
/** @type {string} */
let url;
share(async (keep) => {
  services = keep(await startServices());
  const home = join(services.folder, 'pm2');
  mkdirSync(home);
  const port = String(await freePort());
  url = `http://127.0.0.1:${port}`;
  const own = { HOME: home, PM2_HOME: home, LOG_DIR: join(home, 'logs'), WEB_CONCURRENCY: '2', PORT: port };
  env = { ...LAPTOP, ...own, ...services.env };
  // The one that a script would start by itself outlives everyone; this one is our child.
  const daemon = start(process.execPath, [require.resolve('pm2/lib/Daemon.js')], { env, cwd: APP });
  keep({ stop: () => stop(daemon) });
  await eventually(() => existsSync(join(home, 'rpc.sock')), { what: `PM2\n${daemon.output}` });
  await run('start:pm2');
});

const run = (/** @type {string} */ script, more = {}) =>
  promisify(execFile)('npm', ['run', '--silent', script], { cwd: APP, env: { ...env, ...more } });

/** What PM2 lists. */
async function processes() {
  const pm2 = join(APP, 'node_modules/.bin/pm2');
  const { stdout } = await promisify(execFile)(pm2, ['jlist', '--silent'], { env });
  /** @type {{ name: string, pid: number, pm2_env: { status: string, NODE_ENV?: string } }[]} */
  const list = JSON.parse(stdout);
  return list.map(({ name, pid, pm2_env }) => ({
    ...{ name, pid, status: pm2_env.status, mode: pm2_env.NODE_ENV },
  }));
}

/** The pids of the workers that serve and of the queue's, which are online and ready, and run in this mode. */
async function runningIn(/** @type {string | undefined} */ mode) {
  await eventually(async () => (await fetch(`${url}/readyz`, { headers: { connection: 'close' } })).ok);
  const running = (await processes()).sort(
    (/** @type {{ name: string }} */ one, /** @type {{ name: string }} */ other) =>
      one.name.localeCompare(other.name),
  );
  assert.deepEqual(
    running.map(({ pid: _pid, ...one }) => one),
    ['app', 'app', 'worker'].map((name) => ({ name, status: 'online', mode })),
  );
  return running.map(({ pid }) => pid);
}

/** Starts a script that runs until one ends it, and waits until it shows what is expected. */
async function shows(
  /** @type {string} */ command,
  /** @type {string[]} */ args,
  /** @type {RegExp} */ expected,
) {
  const child = start(command, args, { cwd: APP, env, detached: true });
  try {
    await eventually(() => expected.test(child.output), { what: `${expected} in ${child.output}` });
  } finally {
    process.kill(-Number(child.pid)); // npm and what it runs
    await once(child, 'close');
  }
}

test('start:pm2 starts the workers, not in production mode', async () => {
  await runningIn(undefined);
});

test('reload:pm2 replaces every process', async () => {
  const old = await runningIn(undefined);
  await run('reload:pm2');
  const now = await runningIn(undefined);
  assert.ok(
    now.every((/** @type {number} */ pid) => !old.includes(pid)),
    `${old} became ${now}`,
  );
});

test('logs:pm2 shows what the workers write', () =>
  shows('npm', ['run', '--silent', 'logs:pm2'], /"message":"listening"/));

test('monit:pm2 shows the workers on a terminal', () =>
  shows(
    'script',
    ['--quiet', '--command', 'stty rows 40 cols 120; npm run --silent monit:pm2', '/dev/null'],
    /PM2 Dashboard[^]*\] app/,
  ));

test('start:pm2:prod moves what runs to production mode, and a reload leaves it there', async () => {
  // PM2's own `--env production` would leave an app that runs without any other variable.
  const settings = { SESSION_SECRET: 'a secret of thirty-two characters' };
  await run('start:pm2:prod', settings);
  await runningIn('production');
  await run('reload:pm2', settings);
  await runningIn('production');
});

test('without any setting there is a worker a core, which has 5 s to leave', async () => {
  const print = "console.log(JSON.stringify(require('./ecosystem.config.js').apps[0]))";
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', print], { cwd: APP, env: LAPTOP });
  const { instances, exec_mode, kill_timeout, max_memory_restart, merge_logs, out_file } = JSON.parse(stdout);
  assert.deepEqual(
    [instances, exec_mode, kill_timeout, max_memory_restart, merge_logs, out_file],
    ['max', 'cluster', 5000, '1G', true, join(APP, 'logs/out.log')],
  );
});
