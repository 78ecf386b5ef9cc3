'use strict';
/** An address that leads to one Redis and later to another; connections that are open stay where they are. */

const { once } = require('node:events');
const { connect, createServer } = require('node:net');
const { portOf } = require('./children');

/**
 * @param {number} firstTarget a port
 */
async function startEndpoint(firstTarget) {
  const server = createServer((socket) => {
    const onward = connect(endpoint.target, '127.0.0.1');
    socket.pipe(onward).pipe(socket);
    socket.on('error', () => onward.destroy());
    onward.on('error', () => socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = { target: firstTarget, port: portOf(server), stop: () => server.close() };
  return endpoint;
}

module.exports = { startEndpoint };
