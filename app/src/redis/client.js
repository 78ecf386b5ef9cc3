'use strict';
/** A connection to Redis. An outage costs a command at most its time, and never a process. */

const { createClient } = require('redis');
const { withTimeout } = require('../process/with-timeout');

/** @import { Log, Redis } from '../types' */

const CONNECT_MS = 2000;
const PING_MS = 1000;
const LONGEST_PAUSE_MS = 1000;
/**
 * A connection without any answer for so long leads nowhere. Less than what a session's command may take: the first that
 * is given up ends it. Much more than what the cache's may take: all the workers of a busy machine would connect again.
 */
const SILENCE_MS = 900;
/** What a command may take unless its caller says otherwise. */
const COMMAND_MS = 1000;

/**
 * @param {{ url: string, log: Log, name?: string, commandMs?: Partial<Record<keyof Redis, number>> }} options
 *   name: in the log; commandMs: what a command may take, where that is not a second
 * @returns {Redis}
 */
function openRedis({ url, log, name = 'redis', commandMs = {} }) {
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

  /**
   * @template T
   * @param {() => Promise<T>} command
   */
  async function ask(command) {
    if (unanswered === 0) silentSince = performance.now();
    unanswered += 1;
    try {
      return await command();
    } finally {
      unanswered -= 1;
      silentSince = performance.now();
    }
  }

  /**
   * Whether an error means that the connection has to be left: it is silent, or leads to a replica.
   *
   * @param {unknown} error
   */
  function isStale(error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof Error) return cause.message.startsWith('READONLY');
    return unanswered > 0 && performance.now() - silentSince > SILENCE_MS;
  }

  /** Leaves a Redis that hangs, or that a failover made a replica; the address leads to the new primary. */
  function reconnect() {
    client.destroy();
    client.connect().catch((error) => log.error(name, { error: error.message }));
  }

  /**
   * @template T
   * @param {keyof Redis} verb
   * @param {() => Promise<T>} command
   */
  async function inTime(verb, command) {
    try {
      return await withTimeout(ask(command), commandMs[verb] ?? COMMAND_MS, `Redis ${verb.toUpperCase()}`);
    } catch (error) {
      if (client.isReady && isStale(error)) reconnect();
      throw error;
    }
  }

  return {
    get: (key) => inTime('get', () => client.get(key)),
    set: (key, value, options) => inTime('set', () => client.set(key, value, options)),
    del: (keys) => inTime('del', () => client.del(keys)),
    mGet: (keys) => inTime('mGet', () => client.mGet(keys)),
    eval: (script, options) => inTime('eval', () => client.eval(script, options)),
    sendCommand: (command) => inTime('sendCommand', () => client.sendCommand(command)),
    ping: () => inTime('ping', () => client.ping()),
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
