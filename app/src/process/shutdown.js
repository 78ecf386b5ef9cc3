'use strict';
/**
 * The way out of a process, in the order that costs no client a request and no job its delivery:
 *
 *     0          HTTP: fail readiness, answer `Connection: close`, stop listening; a queue's worker: take no more jobs
 *     idle       close kept-alive sockets that are still idle
 *     + drain    stop waiting for requests in flight; hand the jobs in flight back to the queue
 *     hardStop   exit, whatever is still open; PM2's SIGKILL would come MARGIN_MS later
 *
 * Each step is taken early when nothing is left to wait for. After an error that nobody caught it is the same way: requests
 * in flight are answered by a process whose state is unknown, rather than broken off.
 */

/** @import { ProcessLog, Shutdown, Work } from '../types' */

/** From PM2's kill time-out back to the hard stop, and again to the drain's end: time to close and to log, in ms. */
const MARGIN_MS = 500;

/** What a reader of the log that does not read may cost beyond the hard stop. */
const FLUSH_MS = 200;

/**
 * Watches the process's signals and unhandled errors from now on.
 *
 * @param {{ work: Work, closers: (() => Promise<void>)[], drainTimeoutMs: number, killTimeoutMs: number,
 *   log: ProcessLog }} options
 * @returns {Shutdown}
 */
function gracefulShutdown({ work, closers, drainTimeoutMs, killTimeoutMs, log }) {
  const state = { isShuttingDown: false };

  /** @param {string} reason @param {number} code */
  async function shutDown(reason, code) {
    if (state.isShuttingDown) return;
    state.isShuttingDown = true;
    const hardStopMs = killTimeoutMs - MARGIN_MS;
    const idleMs = hardStopMs - MARGIN_MS - drainTimeoutMs;
    setTimeout(() => exit(code || 1, { reason, hardStop: true }), hardStopMs);
    setTimeout(() => process.exit(code || 1), hardStopMs + FLUSH_MS);

    log.info('shutting down', { reason, ...work.underWay() });
    const left = await work.leave({ idleMs, drainMs: drainTimeoutMs });
    const closed = await Promise.allSettled(closers.map((close) => close()));
    for (const part of closed) if (part.status === 'rejected') log.error('close', { error: part.reason });
    await exit(code, { reason, ...left });
  }

  /** @param {number} code @param {object} fields */
  async function exit(code, fields) {
    log.info('exit', { code, ...fields });
    await log.flush();
    process.exit(code);
  }

  /** @param {string} reason */
  function failed(reason) {
    return (/** @type {unknown} */ error) => {
      log.error(reason, { error: error instanceof Error ? error : String(error) });
      shutDown(reason, 1);
    };
  }

  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => shutDown(signal, 0));
  process.on('uncaughtException', failed('uncaughtException'));
  process.on('unhandledRejection', failed('unhandledRejection'));
  return state;
}

module.exports = { gracefulShutdown };
