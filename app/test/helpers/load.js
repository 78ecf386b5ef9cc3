'use strict';
/** Steady load over kept-alive connections, without a single retry. */

const http = require('node:http');
const { setTimeout: sleep } = require('node:timers/promises');

/** Starts the load; `stop` resolves with what became of the requests. */
function startLoad(url, { path, headers, connections = 16 }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const counts = { answered: 0, failed: 0 };
  let running = true;
  const once = () =>
    new Promise((resolve) => {
      const request = http
        .get(url + path, { agent, headers, timeout: 5000 }, (response) => {
          response.resume();
          response.once('end', () => resolve(response.statusCode === 200));
          response.once('error', () => resolve(false));
        })
        .once('error', () => resolve(false))
        // A connection that was handed to a dying worker is never answered.
        .once('timeout', () => request.destroy());
    });
  const loop = async () => {
    while (running) {
      counts[(await once()) ? 'answered' : 'failed'] += 1;
      await sleep(2);
    }
  };
  const loops = Array.from({ length: connections }, loop);
  return {
    async stop() {
      running = false;
      await Promise.all(loops);
      agent.destroy();
      return counts;
    },
  };
}

module.exports = { startLoad };
