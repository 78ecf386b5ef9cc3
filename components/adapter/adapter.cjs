"use strict";
/**
 * Loaded before an app that knows nothing of the kit, in each worker that serves. It does what the kit asks of an app:
 *
 * - the server listens on HOST, whatever host the app names or leaves out, and PM2 is told when it does;
 * - `GET /readyz` is 200, and 503 once the worker is to leave; `GET /healthz` shows RELEASE;
 * - at SIGINT or SIGTERM requests are finished and connections closed in the order of shutdown.js, then the app's own
 *   handlers of these signals run, and the worker exits with 0.
 *
 * The server that listens on PORT is the app's; others are left alone.
 */

const cluster = require("node:cluster");
const http = require("node:http");
const net = require("node:net");
const { isMainThread } = require("node:worker_threads");
const { connections } = require("./connections.js");
const { gracefulShutdown } = require("./shutdown.js");

/** @typedef {(signal: string, number: number) => unknown} Handler Of a signal. */

const { env } = process;
const SIGNALS = ["SIGINT", "SIGTERM"];
/** How long the app's own handlers may take, at most; the hard stop of shutdown.js may come before. */
const HANDLERS_MS = 5000;

function adopt() {
  // PM2's cluster workers inherit the arguments of pm2-runtime, before those of the app.
  if (cluster.isWorker) process.argv.splice(2);
  /** @type {Map<import('node:http').Server, import('../../app/src/types').Work>} */
  const works = new Map();
  /** @type {Set<Handler>} */
  const handlers = new Set();
  const work = {
    underWay: () => total([...works.values()].map((each) => each.underWay())),
    leave: async (/** @type {{ idleMs: number, drainMs: number }} */ times) => {
      const left = await Promise.all(
        [...works.values()].map((each) => each.leave(times)),
      );
      return { cutOff: left.reduce((sum, { cutOff }) => sum + cutOff, 0) };
    },
  };
  const shutdown = gracefulShutdown({
    work,
    closers: [() => runHandlers(handlers)],
    drainTimeoutMs: Number(env.DRAIN_TIMEOUT_MS || 1000),
    killTimeoutMs: Number(env.KILL_TIMEOUT_MS || 5000),
    log,
  });
  keepHandlers(handlers);

  const listen = net.Server.prototype.listen;
  net.Server.prototype.listen = function (...args) {
    if (!(this instanceof http.Server) || !isApps(args))
      return listen.apply(this, args);
    if (!works.has(this)) {
      works.set(this, connections(this));
      this.once("listening", () => process.send?.("ready"));
    }
    return listen.apply(this, onHost(args));
  };

  const emit = http.Server.prototype.emit;
  http.Server.prototype.emit = function (event, ...args) {
    if (
      event === "request" &&
      works.has(this) &&
      answered(args[0], args[1], shutdown)
    )
      return true;
    return emit.call(this, event, ...args);
  };
}

/** Whether a server is to listen on the app's port. @param {any[]} args Those of `listen`. */
function isApps([first]) {
  const port = first !== null && typeof first === "object" ? first.port : first;
  return Number(port) === Number(env.PORT);
}

/** The arguments of `listen` with the server's own address in place of any host. @param {any[]} args */
function onHost([first, ...rest]) {
  if (!env.HOST) return [first, ...rest];
  if (first !== null && typeof first === "object")
    return [{ ...first, host: env.HOST }, ...rest];
  const others = typeof rest[0] === "string" ? rest.slice(1) : rest;
  return [first, env.HOST, ...others.filter((each) => each !== undefined)];
}

/**
 * Whether the request was one of the kit's, and is answered.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 * @param {{ isShuttingDown: boolean }} shutdown
 */
function answered(request, response, shutdown) {
  const path = request.url?.split("?")[0];
  if (request.method !== "GET" || (path !== "/readyz" && path !== "/healthz"))
    return false;
  response.statusCode =
    path === "/readyz" && shutdown.isShuttingDown ? 503 : 200;
  if (shutdown.isShuttingDown) response.setHeader("Connection", "close");
  response.setHeader("Content-Type", "application/json");
  response.end(
    JSON.stringify({
      release: env.RELEASE,
      server: env.SERVER_ID,
      pid: process.pid,
    }),
  );
  return true;
}

/**
 * Keeps the app's handlers of the signals for the end of the way out: at once they would end requests in flight.
 *
 * @param {Set<Handler>} handlers
 */
function keepHandlers(handlers) {
  for (const name of /** @type {const} */ ([
    "on",
    "addListener",
    "once",
    "prependListener",
  ])) {
    const register = process[name].bind(process);
    Object.assign(process, {
      [name]: (/** @type {string} */ event, /** @type {Handler} */ handler) => {
        if (!SIGNALS.includes(event)) return register(event, handler);
        handlers.add(handler);
        return process;
      },
    });
  }
}

/**
 * Runs them, until they have ended, or one asks for the process's end, which comes now anyway.
 *
 * @param {Set<Handler>} handlers
 */
async function runHandlers(handlers) {
  const { exit } = process;
  const asked = new Promise((resolve) =>
    Object.assign(process, { exit: resolve }),
  );
  const ended = Promise.allSettled(
    [...handlers].map(async (handler) => handler.call(process, "SIGTERM", 15)),
  );
  const late = new Promise((resolve) =>
    setTimeout(resolve, HANDLERS_MS).unref(),
  );
  await Promise.race([ended, asked, late]);
  process.exit = exit;
}

/** @param {{ inFlight: number, connections: number }[]} each */
function total(each) {
  return each.reduce(
    (sum, one) => ({
      inFlight: sum.inFlight + one.inFlight,
      connections: sum.connections + one.connections,
    }),
    { inFlight: 0, connections: 0 },
  );
}

/** The lines that the checks of a stack read (pytest_evenkeel), as the reference app writes them. */
const log = {
  info: (/** @type {string} */ message, /** @type {object} */ fields = {}) =>
    write("info", message, fields),
  error: (/** @type {string} */ message, /** @type {any} */ fields = {}) =>
    write("error", message, {
      ...fields,
      error: fields.error?.stack ?? fields.error,
    }),
  flush: () =>
    new Promise((resolve) =>
      process.stdout.write("", () => resolve(undefined)),
    ),
};

function write(
  /** @type {string} */ level,
  /** @type {string} */ message,
  /** @type {object} */ fields,
) {
  const line = {
    level,
    time: new Date().toISOString(),
    message,
    pid: process.pid,
    release: env.RELEASE,
    ...fields,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

if (isMainThread && env.PORT) adopt();
