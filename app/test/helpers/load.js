'use strict';
/** A few clients with kept-alive connections that ask one thing after another, without a single retry. */

const http = require('node:http');
const { setTimeout: sleep } = require('node:timers/promises');
const { eventually } = require('./children');

const CLIENTS = 4;
const PAUSE_MS = 20;
/** A connection that was handed to a dying worker is never answered; longer than any busy machine needs. */
const NEVER_MS = 60_000;

/**
 * Starts the load. `stop` resolves with what became of the requests: `refused` is a 503, which is what an app may say
 * whose Redis or Postgres is slow, as on a busy machine; `failed` had another answer than 200, or none.
 *
 * @param {string} url
 * @param {{ path: string, headers: Record<string, string> }} request
 */
function startLoad(url, { path, headers }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CLIENTS });
  const counts = { answered: 0, refused: 0, failed: 0 };
  let running = true;
  /** @type {(response: http.IncomingMessage) => keyof typeof counts} */
  const outcome = ({ statusCode }) =>
    statusCode === 200 ? 'answered' : statusCode === 503 ? 'refused' : 'failed';
  /** @type {() => Promise<keyof typeof counts>} */
  const ask = () =>
    new Promise((resolve) => {
      const request = http
        .get(url + path, { agent, headers, timeout: NEVER_MS }, (response) => {
          response.resume();
          response.once('end', () => resolve(outcome(response)));
          response.once('error', () => resolve('failed'));
        })
        .once('error', () => resolve('failed'))
        .once('timeout', () => request.destroy());
    });
  const loop = async () => {
    while (running) {
      counts[await ask()] += 1;
      await sleep(PAUSE_MS);
    }
  };
  const loops = Array.from({ length: CLIENTS }, loop);
  return {
    /** Resolves when each client, on the average, has had five more answers. */
    async answers() {
      const wanted = counts.answered + 5 * CLIENTS;
      await eventually(() => counts.answered >= wanted, {
        timeoutMs: 120_000,
        what: 'the answers to the load',
      });
    },
    async stop() {
      running = false;
      await Promise.all(loops);
      agent.destroy();
      return counts;
    },
  };
}

module.exports = { startLoad };
