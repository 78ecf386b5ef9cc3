'use strict';
/**
 * The way out, in the order that costs no client a request:
 *
 *     0              fail readiness, answer `Connection: close`, stop listening
 *     idleDeadline   close kept-alive sockets that are still idle
 *     + drain        stop waiting for requests in flight
 *     hardStop       exit, whatever is still open; PM2's SIGKILL would come MARGIN_MS later
 *
 * Each step is taken early when nothing is left to wait for. `http.Server.close()` has no place here: since Node 19 it
 * closes idle sockets at once, and resets the client that is about to reuse one.
 */

const { Server: NetServer } = require('node:net');
const { setTimeout: sleep } = require('node:timers/promises');

/** From PM2's kill time-out back to the hard stop, and again to the drain's end: time to close and to log, in ms. */
const MARGIN_MS = 500;
const POLL_MS = 20;

/**
 * Watches the server from now on and the process's signals and unhandled errors.
 *
 * @param {{ server: import('node:http').Server, closers: (() => Promise<void>)[], drainTimeoutMs: number,
 *   killTimeoutMs: number, log: ReturnType<import('./log').createLog> }} options
 * @returns {{ readonly isShuttingDown: boolean }}
 */
function gracefulShutdown({ server, closers, drainTimeoutMs, killTimeoutMs, log }) {
  const sockets = new Set();
  const responses = new Set();
  const state = { isShuttingDown: false };

  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', (_request, response) => {
    responses.add(response);
    response.once('close', () => responses.delete(response));
    if (state.isShuttingDown) response.setHeader('Connection', 'close');
  });

  async function shutDown(reason, code) {
    if (state.isShuttingDown) return;
    state.isShuttingDown = true;
    const hardStopMs = killTimeoutMs - MARGIN_MS;
    const idleDeadlineMs = hardStopMs - MARGIN_MS - drainTimeoutMs;
    setTimeout(() => exit(code || 1, { reason, hardStop: true }), hardStopMs);

    log.info('shutting down', { reason, inFlight: responses.size, connections: sockets.size });
    stopListening(server);
    for (const response of responses) if (!response.headersSent) response.setHeader('Connection', 'close');
    await emptied(sockets, idleDeadlineMs);
    server.closeIdleConnections();
    await emptied(responses, drainTimeoutMs);
    const cutOff = responses.size;
    server.closeAllConnections();
    await Promise.all(closers.map((close) => close()));
    await exit(code, { reason, cutOff });
  }

  async function exit(code, fields) {
    log.info('exit', { code, ...fields });
    await log.flush();
    process.exit(code);
  }

  function failed(reason) {
    return (error) => {
      log.error(reason, { error: error instanceof Error ? error : String(error) });
      shutDown(reason, 1);
    };
  }

  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => shutDown(signal, 0));
  process.on('uncaughtException', failed('uncaughtException'));
  process.on('unhandledRejection', failed('unhandledRejection'));
  return state;
}

/** Stops accepting and leaves the open connections alone. */
function stopListening(server) {
  if (server.listening) NetServer.prototype.close.call(server);
}

/** Resolves when the set is empty, or after the time given. */
async function emptied(set, timeoutMs) {
  const end = Date.now() + timeoutMs;
  while (set.size > 0 && Date.now() < end) await sleep(POLL_MS);
}

module.exports = { gracefulShutdown };
