'use strict';
/** The connection to Redis. An outage costs a request at most COMMAND_MS, and never a process. */

const { createClient } = require('redis');
const { bounded } = require('./bounded');

const CONNECT_MS = 2000;
const COMMAND_MS = 1000;
const LONGEST_PAUSE_MS = 1000;

/**
 * @param {{ url: string, log: ReturnType<import('./log').createLog> }} options
 * @returns what a session store and a health check use; each command is bounded
 */
function openRedis({ url, log }) {
  const client = createClient({
    url,
    // Without this a command waits in the client for Redis to come back, and the request with it.
    disableOfflineQueue: true,
    pingInterval: COMMAND_MS,
    socket: {
      connectTimeout: CONNECT_MS,
      reconnectStrategy: (attempt) => Math.min(50 * 2 ** attempt, LONGEST_PAUSE_MS),
    },
  });
  client.on('error', (error) => log.error('redis', { error: error.message || error.code }));
  client.on('ready', () => log.info('redis connected'));
  const connected = client.connect();

  /** Leaves a Redis that hangs, or that a failover made a replica; the address leads to the new primary. */
  function reconnect() {
    client.destroy();
    client.connect().catch((error) => log.error('redis', { error: error.message }));
  }

  const command =
    (name) =>
    async (...args) => {
      try {
        return await bounded(client[name](...args), COMMAND_MS, `Redis ${name.toUpperCase()}`);
      } catch (error) {
        const stale = error.cause === undefined || error.cause.message.startsWith('READONLY');
        if (stale && client.isReady) reconnect();
        throw error;
      }
    };
  return {
    get: command('get'),
    set: command('set'),
    expire: command('expire'),
    del: command('del'),
    ping: command('ping'),
    /** Resolves when connected, or when a first attempt has had its time: a worker starts without Redis. */
    settled: () =>
      bounded(connected, CONNECT_MS, 'Redis CONNECT').catch((error) =>
        log.error('redis', { error: error.message }),
      ),
    async close() {
      await bounded(client.close(), COMMAND_MS, 'Redis CLOSE').catch(() => client.destroy());
    },
  };
}

module.exports = { openRedis };
