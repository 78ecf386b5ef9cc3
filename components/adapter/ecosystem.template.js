"use strict";
/** PM2's settings, written by the kit: the app has none of its own. */

const { join } = require("node:path");

const { env } = process;
/** The link, not its target: PM2 would pin today's release. */
const current = env.APP_DIR || join(__dirname, "..");
const own = join(current, ".evenkeel");

module.exports = {
  apps: __APPS__.map(({ serves, own: isOwn, ...each }) => ({
    ...each,
    cwd: join(current, __MEMBER__),
    script: join(isOwn ? own : join(current, __MEMBER__), each.script),
    node_args: [
      "--require",
      join(own, serves ? "adapter.cjs" : "signals.cjs"),
      ...each.node_args,
    ],
    exec_mode: serves ? "cluster" : "fork",
    instances: serves ? env.WEB_CONCURRENCY || "max" : each.instances,
    wait_ready: serves,
    listen_timeout: Number(env.LISTEN_TIMEOUT_MS || 10_000),
    kill_timeout: Number(env.KILL_TIMEOUT_MS || 5000),
    min_uptime: 5000,
    max_restarts: 10,
    exp_backoff_restart_delay: 100,
    merge_logs: true,
    out_file: join(env.LOG_DIR || join(own, "logs"), "out.log"),
    error_file: join(env.LOG_DIR || join(own, "logs"), "error.log"),
  })),
};
