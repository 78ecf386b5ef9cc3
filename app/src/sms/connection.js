'use strict';
/**
 * The queue's connection to Redis. It is ioredis, not the sessions' client: BullMQ takes that one's "Socket closed
 * unexpectedly" for a failure of the job, while ioredis sends the command again once it is connected.
 */

const { Redis } = require('ioredis');

const CONNECT_MS = 2000;
const KEEP_ALIVE_MS = 10_000;
const LONGEST_PAUSE_MS = 1000;

/** What ioredis calls `reconnectOnError`'s answers. */
const RECONNECT = 1;
const RECONNECT_AND_RESEND = 2;

/**
 * @param {string} url
 * @param {{ timeoutMs: number, waits: boolean }} options
 *   `timeoutMs`: of a Redis that owes an answer and says nothing, after which the connection is made again;
 *   `waits`: whether a command waits for Redis to come back, or fails at once
 * @returns {Redis} connecting; whoever uses it listens to its 'error'
 */
function openConnection(url, { timeoutMs, waits }) {
  return new Redis(url, {
    connectTimeout: CONNECT_MS,
    socketTimeout: timeoutMs,
    keepAlive: KEEP_ALIVE_MS,
    retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, LONGEST_PAUSE_MS),
    // A failover made this primary a replica; the address leads to the new one.
    reconnectOnError: ({ message }) =>
      message.startsWith('READONLY') && (waits ? RECONNECT_AND_RESEND : RECONNECT),
    enableOfflineQueue: waits,
    maxRetriesPerRequest: waits ? null : 0,
  });
}

module.exports = { openConnection };
