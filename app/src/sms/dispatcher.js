'use strict';
/**
 * Moves messages from the outbox into the queue as their churches' shares allow, and adds again what the queue has lost.
 * Every server's worker does it, one at a time.
 */

const { setTimeout: sleep } = require('node:timers/promises');
const { withTimeout } = require('../process/with-timeout');

/** @import { Jobs, Log, Outbox } from '../types' */

const INTERVAL_MS = 1000;
const TURN_MS = 10_000;
/** Looks for what is lost once in so many turns. */
const TURNS_OF_DOUBT = 10;
const MOST_DOUBTS = 500;

/**
 * @param {{ outbox: Outbox, sms: Jobs, share: number,
 *   log: Log }} options
 * @returns {{ stop: () => void }}
 */
function startDispatcher({ outbox, sms, share, log }) {
  let isRunning = true;
  run();
  return {
    stop() {
      isRunning = false;
    },
  };

  async function run() {
    for (let turn = 0; isRunning; turn += 1) {
      await withTimeout(dispatch(turn), TURN_MS, 'Dispatching').catch((error) =>
        log.error('dispatcher', { error }),
      );
      await sleep(INTERVAL_MS, undefined, { ref: false });
    }
  }

  /** @param {number} turn */
  async function dispatch(turn) {
    for (const id of await outbox.take({ share, room: await sms.room() })) await put(id);
    if (turn % TURNS_OF_DOUBT > 0) return;
    for (const id of await outbox.doubtful(MOST_DOUBTS)) await settle(id);
    await outbox.forgetDead();
  }

  /** @param {string} id */
  async function put(id) {
    if (!(await sms.send({ messageId: id }))) await outbox.postpone(id);
  }

  /**
   * What the queue knows of a message, the outbox is told.
   *
   * @param {string} id
   */
  async function settle(id) {
    const { state, reason } = await sms.lookUp(id);
    if (state === 'completed') await outbox.remove(id);
    else if (state === 'failed') await outbox.bury(id, reason);
    else if (state === 'unknown') await put(id);
  }
}

module.exports = { startDispatcher };
