"use strict";
/**
 * Loaded before a process that does not serve. PM2 ends a process by SIGINT; many apps, written for containers, finish
 * their work at SIGTERM alone, and SIGINT would cut it off. Without a handler of its own for SIGINT a process gets the
 * handlers of SIGTERM; without either it ends at once, as it would.
 */

const { isMainThread } = require("node:worker_threads");

function onInterrupt() {
  if (process.listenerCount("SIGINT") > 1) return;
  if (process.listenerCount("SIGTERM") > 0) {
    process.emit("SIGTERM", "SIGTERM");
    return;
  }
  process.off("SIGINT", onInterrupt);
  process.kill(process.pid, "SIGINT");
}

if (isMainThread) process.on("SIGINT", onInterrupt);
