'use strict';
/** A connection to Redis. An outage costs a command at most its time, and never a process. */

const { createClient } = require('redis');
const { withTimeout } = require('../process/with-timeout');

const CONNECT_MS = 2000;
const PING_MS = 1000;
const LONGEST_PAUSE_MS = 1000;
/**
 * A connection without any answer for so long leads nowhere. Less than what a session's command may take: the first that
 * is given up ends it. Much more than what the cache's may take: all the workers of a busy machine would connect anew.
 */
const SILENCE_MS = 900;
/** What a session store, the rate limits and a health check use. */
const SESSION_MS = { get: 1000, set: 1000, del: 1000, sendCommand: 1000, ping: PING_MS };

/**
 * @param {{ url: string, log: import('../process/log').Log, name?: string, commandMs?: Record<string, number> }}
 *   options name: in the log; commandMs: the client's commands that are wanted, and what each may take
 * @returns {Redis} which has these commands only
 * @typedef {'get' | 'set' | 'del' | 'sendCommand' | 'ping' | 'mGet' | 'eval'} Command
 * @typedef {Record<Command | 'settled' | 'close', (...args: any[]) => Promise<any>>} Redis
 */
function openRedis({ url, log, name = 'redis', commandMs = SESSION_MS }) {
  const client = createClient({
    url,
    // Without this a command waits in the client for Redis to come back, and the request with it.
    disableOfflineQueue: true,
    pingInterval: PING_MS,
    socket: {
      connectTimeout: CONNECT_MS,
      reconnectStrategy: (attempt) => Math.min(50 * 2 ** attempt, LONGEST_PAUSE_MS),
    },
  });
  client.on('error', (error) => log.error(name, { error: error.message || error.code }));
  client.on('ready', () => log.info(`${name} connected`));
  const connected = client.connect();
  let unanswered = 0;
  let silentSince = 0;

  async function ask(verb, args) {
    if (unanswered === 0) silentSince = performance.now();
    unanswered += 1;
    try {
      return await client[verb](...args);
    } finally {
      unanswered -= 1;
      silentSince = performance.now();
    }
  }

  /** Whether an error means that the connection has to be left: it is silent, or leads to a replica. */
  function isStale({ cause }) {
    const isSilent = unanswered > 0 && performance.now() - silentSince > SILENCE_MS;
    return cause === undefined ? isSilent : cause.message.startsWith('READONLY');
  }

  /** Leaves a Redis that hangs, or that a failover made a replica; the address leads to the new primary. */
  function reconnect() {
    client.destroy();
    client.connect().catch((error) => log.error(name, { error: error.message }));
  }

  const command =
    (verb, timeoutMs) =>
    async (...args) => {
      try {
        return await withTimeout(ask(verb, args), timeoutMs, `Redis ${verb.toUpperCase()}`);
      } catch (error) {
        if (client.isReady && isStale(error)) reconnect();
        throw error;
      }
    };
  return {
    .../** @type {Redis} */ (
      Object.fromEntries(Object.entries(commandMs).map(([verb, ms]) => [verb, command(verb, ms)]))
    ),
    /** Resolves when connected, or when a first attempt has had its time: a worker starts without Redis. */
    settled: () =>
      withTimeout(connected, CONNECT_MS, 'Redis CONNECT').catch((error) =>
        log.error(name, { error: error.message }),
      ),
    async close() {
      await withTimeout(client.close(), PING_MS, 'Redis CLOSE').catch(() => client.destroy());
    },
  };
}

module.exports = { openRedis };
