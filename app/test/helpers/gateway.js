'use strict';
/** An SMS gateway on loopback that counts, and can be told to misbehave. */

const { once } = require('node:events');
const { createServer } = require('node:http');
const { json } = require('node:stream/consumers');
const { setTimeout: sleep } = require('node:timers/promises');

/**
 * `calls` has how often each key was asked for; `texts` what reached a phone, which with `deduplicates` is each key once;
 * `cutOff` counts the callers that were gone before they had an answer.
 */
async function startGateway() {
  const calls = new Map();
  const texts = [];
  let manners;
  const gateway = {
    calls,
    texts,
    cutOff: 0,
    /**
     * How it is from now on: `answer` gives the status for a key, or with headers; `delayMs` lies between a text's
     * delivery and the answer, and `until` is waited for.
     */
    behave({ answer = () => 200, delayMs = 0, until = Promise.resolve(), deduplicates = true } = {}) {
      manners = { answer, delayMs, until, deduplicates };
    },
  };
  gateway.behave();
  const server = createServer(async (request, response) => {
    response.once('close', () => {
      if (!response.writableFinished) gateway.cutOff += 1;
    });
    const sms = await json(request);
    const key = request.headers['idempotency-key'];
    const { answer, delayMs, until, deduplicates } = manners;
    const given = answer(key);
    const { status, headers } = typeof given === 'number' ? { status: given } : given;
    const known = calls.has(key) && texts.some((text) => text.key === key);
    calls.set(key, (calls.get(key) ?? 0) + 1);
    if (status === 200 && !(deduplicates && known)) texts.push({ key, at: Date.now(), ...sms });
    await sleep(delayMs);
    await until;
    response.writeHead(status, headers).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  gateway.url = `http://127.0.0.1:${server.address().port}/messages`;
  gateway.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return gateway;
}

module.exports = { startGateway };
