'use strict';
/**
 * An HTTP server's connections and requests, and how they end without a client losing one. `http.Server.close()` has no
 * place here: since Node 19 it closes idle sockets at once, and resets the client that is about to reuse one.
 *
 * It knows requests that end. A WebSocket holds the way out up for its idle time and is then cut off by the exit; a stream of
 * events is cut off after the drain. An app that has either ends them itself when it is told to leave.
 */

const { Server: NetServer } = require('node:net');
const { setTimeout: sleep } = require('node:timers/promises');

/** @import { Work } from '../types' */

const POLL_MS = 20;

/**
 * Watches the server from now on.
 *
 * @param {import('node:http').Server} server
 * @returns {Work}
 */
function connections(server) {
  /** @type {Set<import('node:net').Socket>} */
  const sockets = new Set();
  /** @type {Set<import('node:http').ServerResponse>} */
  const responses = new Set();
  let leaving = false;

  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('request', (_request, response) => {
    responses.add(response);
    response.once('close', () => responses.delete(response));
    if (leaving) response.setHeader('Connection', 'close');
  });

  return {
    underWay: () => ({ inFlight: responses.size, connections: sockets.size }),
    async leave({ idleMs, drainMs }) {
      leaving = true;
      // Only the listener: the open connections are left alone.
      if (server.listening) NetServer.prototype.close.call(server);
      for (const response of responses) if (!response.headersSent) response.setHeader('Connection', 'close');
      await emptied(sockets, idleMs);
      server.closeIdleConnections();
      await emptied(responses, drainMs);
      const cutOff = responses.size;
      server.closeAllConnections();
      return { cutOff };
    },
  };
}

/**
 * Resolves when the set is empty, or after the time given.
 *
 * @param {ReadonlySet<unknown>} set
 * @param {number} timeoutMs
 */
async function emptied(set, timeoutMs) {
  const end = performance.now() + timeoutMs;
  while (set.size > 0 && performance.now() < end) await sleep(POLL_MS);
}

module.exports = { connections };
