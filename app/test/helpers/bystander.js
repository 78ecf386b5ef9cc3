'use strict';
/** Somebody who does what people do all the time, while others fuzz the app. */

const { setTimeout: sleep } = require('node:timers/promises');
const { client } = require('./app');
const { eventually } = require('./children');
const { accountOf, foundChurch, patiently } = require('./churches');

/** @import { SmsGateway } from '../types' */

const PATHS = ['/me', '/members', '/conversations', '/analytics', '/readyz'];
const PAUSE_MS = 20;
const TEXT = 'Are we there yet?';

/**
 * Asks until it leaves.
 *
 * @param {string} url
 * @param {{ gateway: Pick<SmsGateway, 'texts'>, checkToken: string }} options
 */
async function startBystander(url, { gateway, checkToken }) {
  const name = 'cora';
  const church = await foundChurch(url, { name, checkToken });
  const person = client(url);
  const { email, password } = accountOf(name);
  await patiently(person, 'POST', '/login', { email, password });
  /** @type {string[]} */
  const problems = [];
  let answered = 0;
  let isThere = true;

  async function ask() {
    while (isThere) {
      for (const path of PATHS) {
        const { status } = await patiently(person, 'GET', path);
        if (status === 200) answered += 1;
        else problems.push(`somebody else was answered ${status} by ${path}`);
        await sleep(PAUSE_MS);
      }
    }
  }

  const asking = ask();
  asking.catch(() => {}); // who waits for it is told
  const bystander = {
    church,
    get answered() {
      return answered;
    },
    async leave() {
      isThere = false;
      await asking;
    },
    /** @returns {Promise<string[]>} what it met, and whether the SMS that it sends now is delivered */
    async problems() {
      await bystander.leave();
      const { status } = await patiently(person, 'POST', `/members/${church.ids[0]}/messages`, {
        body: TEXT,
      });
      if (status !== 202) return [...problems, `somebody else's message was answered ${status}`];
      const isDelivered = () => gateway.texts.some(({ body }) => body === TEXT);
      await eventually(isDelivered, { timeoutMs: 60_000, what: "somebody else's SMS" });
      return problems;
    },
  };
  return bystander;
}

module.exports = { startBystander };
