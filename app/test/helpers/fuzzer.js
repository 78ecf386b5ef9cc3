'use strict';
/** Clients that send an app odd requests at the same time, and tell what is wrong with its answers. */

const { connect } = require('node:net');
const { setTimeout: sleep } = require('node:timers/promises');
const { oddRequests } = require('./odd-requests');

/** @import { Known, OddRequest } from '../types' */

/** The app gives a request half a minute to arrive. */
const ANSWER_MS = 90_000;
/** How long a client stays that has not sent all it announced. */
const IMPATIENT_MS = 100;
/** So often a request is answered 503 that makes the app answer that, and is repeated as Retry-After has it. */
const REPEATS = 10;
const RETRY_AFTER_MS = 1000;
/** How much of a request is shown. */
const SHOWN = 1500;
const ID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g;
const STATUS = /(?:^|[\n}])HTTP\/1\.1 (\d{3}) /g;
/** A client knows so many rows. */
const MOST_IDS = 500;

/**
 * @param {{ port: number, seed: number, clients: Known[], isOver: (asked: number) => boolean,
 *   afterEach?: (asked: number) => Promise<void> | void }} options
 *   afterEach: called after each answer, with the request's number
 * @returns {Promise<{ asked: number, statuses: Record<string, number>, faults: string[] }>} faults: requests that the app
 *   failed at: 500, no answer, or 503 whenever it is asked
 */
async function fuzz({ port, seed, clients, isOver, afterEach = () => {} }) {
  /** @type {Record<string, number>} */
  const statuses = {};
  /** @type {string[]} */
  const faults = [];
  let asked = 0;

  /**
   * @param {OddRequest} request
   * @param {{ statuses: number[], isLate: boolean }} answer
   * @returns {Promise<string | undefined>} what is wrong with it
   */
  async function judge(request, { statuses: given, isLate }) {
    if (given.some((status) => status >= 500 && status !== 503)) return 'is an error';
    if (given.includes(503)) {
      // It may have met a moment without a connection to spare. One that always has it is at fault itself.
      for (let repeat = 0; repeat < REPEATS; repeat += 1) {
        await sleep(RETRY_AFTER_MS);
        if (!(await ask(port, request)).statuses.includes(503)) return undefined;
      }
      return 'is always 503';
    }
    if (given.length > 0 || !request.isWhole || request.isLarge) return undefined;
    return isLate ? 'is late' : 'is missing';
  }

  /** @param {Known} known @param {number} number */
  async function client(known, number) {
    const next = oddRequests(seed + number, known);
    while (!isOver(asked)) {
      const count = ++asked;
      const request = next();
      const answer = await ask(port, request);
      const status = answer.statuses.at(-1) ?? 'none';
      statuses[status] = (statuses[status] ?? 0) + 1;
      const fault = await judge(request, answer);
      if (fault) faults.push(`the answer ${status} ${fault}: ${shown(request.bytes)}`);
      remember(known.met, answer.text);
      await afterEach(count);
    }
  }

  await Promise.all(clients.map(client));
  return { asked, statuses, faults };
}

/**
 * The newest take the places of the oldest.
 *
 * @param {string[]} ids
 * @param {string} text
 */
function remember(ids, text) {
  for (const [id] of text.matchAll(ID)) if (!ids.includes(id)) ids.push(id);
  if (ids.length > MOST_IDS) ids.splice(0, ids.length - MOST_IDS);
}

/**
 * Resolves when the connection is closed: by the app, or here when it may wait for more.
 *
 * @param {number} port
 * @param {Pick<OddRequest, 'bytes' | 'isWhole'>} request
 * @returns {Promise<{ statuses: number[], text: string, isLate: boolean }>}
 */
function ask(port, { bytes, isWhole }) {
  return new Promise((resolve) => {
    /** @type {Buffer[]} */
    const chunks = [];
    let isLate = false;
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(isWhole ? ANSWER_MS : IMPATIENT_MS, () => {
      isLate = isWhole;
      socket.destroy();
    });
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => {}); // it closes, too
    socket.on('close', () => {
      const text = Buffer.concat(chunks).toString('latin1');
      const statuses = [...text.matchAll(STATUS)].map(([, status]) => Number(status));
      resolve({ statuses, text, isLate });
    });
    socket.write(bytes);
  });
}

/** @param {Buffer} bytes */
const shown = (bytes) => JSON.stringify(bytes.subarray(0, SHOWN).toString('latin1'));

module.exports = { fuzz };
