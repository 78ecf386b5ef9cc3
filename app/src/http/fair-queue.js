'use strict';
/** Turns at something scarce: a few at once, a short queue, and no client before another who has had fewer. */

/** The queue is full; the caller may come again. */
class Busy extends Error {
  name = 'Busy';
}

/**
 * Clients take turns, whoever of them has asked more often. When the queue is full it is the client with most in it who
 * is refused, so that nobody can fill it for the others.
 *
 * @param {{ atOnce: number, longest: number }} options longest: how many may wait
 */
function createFairQueue({ atOnce, longest }) {
  /** Who waits, by client; the client whose turn is next comes first. @type {Map<string, Waiting[]>} */
  const lines = new Map();
  let running = 0;
  let waiting = 0;

  /**
   * Does the work when it is the client's turn.
   *
   * @template T
   * @param {string} client
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   * @throws {Busy}
   */
  async function run(client, work) {
    if (running < atOnce) running += 1;
    else await turnOf(client); // whoever has finished hands the place on
    try {
      return await work();
    } finally {
      handOn();
    }
  }

  /** @param {string} client */
  function turnOf(client) {
    const line = lines.get(client) ?? [];
    if (waiting >= longest) makeRoomFor(line);
    return new Promise((begin, refuse) => {
      line.push({ begin, refuse });
      lines.set(client, line);
      waiting += 1;
    });
  }

  /** @param {Waiting[]} line */
  function makeRoomFor(line) {
    const [client, most] = [...lines].reduce((one, other) => (other[1].length > one[1].length ? other : one));
    if (most.length < line.length + 2) throw new Busy('too many wait');
    most.pop()?.refuse(new Busy('too many of this client wait'));
    waiting -= 1;
    if (most.length === 0) lines.delete(client);
  }

  function handOn() {
    const next = lines.entries().next().value;
    if (!next) {
      running -= 1;
      return;
    }
    const [client, line] = next;
    lines.delete(client);
    waiting -= 1;
    line.shift()?.begin();
    if (line.length > 0) lines.set(client, line);
  }

  return { run };
}

/** @typedef {{ begin: (nothing?: unknown) => void, refuse: (error: Busy) => void }} Waiting */

module.exports = { Busy, createFairQueue };
