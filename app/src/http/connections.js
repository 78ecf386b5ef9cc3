'use strict';
/**
 * An HTTP server's connections and requests, and how they end without a client losing one. `http.Server.close()` has no
 * place here: since Node 19 it closes idle sockets at once, and resets the client that is about to reuse one.
 *
 * What never ends by itself is ended in order: a WebSocket is told that the server is going away (code 1001), a stream of events is
 * ended. Either client then connects again, to another server.
 */

const { Server: NetServer } = require('node:net');
const { setTimeout: sleep } = require('node:timers/promises');

/** @import { Work } from '../types' */

const POLL_MS = 20;

/** A WebSocket's close frame with code 1001, going away (RFC 6455, 5.5.1 and 7.4.1). */
const GOING_AWAY = Buffer.from([0x88, 0x02, 0x03, 0xe9]);

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
  /** @type {Map<import('node:stream').Duplex, boolean>} Sockets that speak another protocol, and whether it is WebSocket. */
  const upgraded = new Map();
  let leaving = false;

  // No listener: with one, a server without WebSockets would leave such requests unanswered.
  const emit = server.emit.bind(server);
  server.emit = (/** @type {string} */ event, /** @type {any[]} */ ...args) => {
    if (event === 'upgrade') {
      const [request, socket] = args;
      upgraded.set(socket, /^websocket$/i.test(request.headers.upgrade ?? ''));
      socket.once('close', () => upgraded.delete(socket));
    }
    return emit(event, ...args);
  };
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.prependListener('request', (_request, response) => {
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
      for (const response of responses) {
        if (!response.headersSent) response.setHeader('Connection', 'close');
        else if (isEventStream(response)) response.end();
      }
      for (const [socket, isWebSocket] of upgraded)
        if (isWebSocket && socket.writable) socket.write(GOING_AWAY);
      await emptied(sockets, idleMs);
      for (const socket of upgraded.keys()) socket.destroy();
      server.closeIdleConnections();
      await emptied(responses, drainMs);
      const cutOff = responses.size;
      server.closeAllConnections();
      return { cutOff };
    },
  };
}

/**
 * Whether it is one, by the header as it was sent: `getHeader` knows none that `writeHead` was given.
 *
 * @param {import('node:http').ServerResponse} response
 */
function isEventStream(response) {
  const { _header: sent } = /** @type {{ _header?: string }} */ (/** @type {unknown} */ (response));
  return /^content-type: *text\/event-stream/im.test(sent ?? '');
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
