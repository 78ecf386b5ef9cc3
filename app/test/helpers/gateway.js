'use strict';
/** An SMS gateway on loopback that counts, and can be told to misbehave. */

const { once } = require('node:events');
const { createServer } = require('node:http');
const { json } = require('node:stream/consumers');
const { setTimeout: sleep } = require('node:timers/promises');
const { at } = require('../../src/process/thrown');
const { portOf } = require('./children');

/** @import { Manners, Text } from '../types' */

/**
 * `calls` has how often each key was asked for; `texts` what reached a phone, which with `deduplicates` is each key once;
 * `cutOff` counts the callers that had asked and were gone before they had an answer.
 */
async function startGateway() {
  /** @type {Map<string, number>} */
  const calls = new Map();
  /** @type {Text[]} */
  const texts = [];
  /** @type {Manners} */
  const kind = { answer: () => 200, delayMs: 0, until: Promise.resolve(), deduplicates: true };
  let manners = kind;
  let cutOff = 0;
  const server = createServer(async (request, response) => {
    const sms = await read(request);
    response.once('close', () => {
      if (!response.writableFinished) cutOff += 1;
    });
    const key = String(request.headers['idempotency-key']);
    const { answer, delayMs, until, deduplicates } = manners;
    const given = answer(key);
    const { status, headers } = typeof given === 'number' ? { status: given, headers: {} } : given;
    const known = calls.has(key) && texts.some((text) => text.key === key);
    calls.set(key, (calls.get(key) ?? 0) + 1);
    if (status === 200 && !(deduplicates && known)) texts.push({ key, at: Date.now(), ...sms });
    await sleep(delayMs);
    await until;
    response.writeHead(status, headers).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    calls,
    texts,
    get cutOff() {
      return cutOff;
    },
    url: `http://127.0.0.1:${portOf(server)}/messages`,
    /** How it is from now on. @param {Partial<Manners>} [changes] */
    behave(changes) {
      manners = { ...kind, ...changes };
    },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @returns {Promise<{ to: string, body: string }>}
 */
async function read(request) {
  const sms = await json(request);
  return { to: String(at(sms, 'to')), body: String(at(sms, 'body')) };
}

module.exports = { startGateway };
