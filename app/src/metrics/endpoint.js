'use strict';
/** `/metrics` for a Prometheus on this machine: what this process counts, and Node's own figures. */

const { createServer } = require('node:http');
const { collectDefaultMetrics, register } = require('prom-client');

/** @import { Log } from '../types' */

/**
 * Listens on a loopback address. Without its port, which another program may have, the process does its work all the same.
 *
 * @param {{ host: string, port: number, log: Log }} options
 * @returns {{ close: () => Promise<void> }}
 */
function serveMetrics({ host, port, log }) {
  collectDefaultMetrics();
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') return response.writeHead(404).end();
    register.metrics().then(
      (text) => response.setHeader('Content-Type', register.contentType).end(text),
      (error) => {
        log.error('metrics endpoint', { error: error.stack });
        response.writeHead(500).end();
      },
    );
  });
  server.on('error', (error) => log.error('metrics endpoint', { error: error.message }));
  server.listen(port, host);
  return {
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

module.exports = { serveMetrics };
