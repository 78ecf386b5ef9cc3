'use strict';
/** Churches whose people use the app while others fuzz it, and whose rows vanish meanwhile. */

const { setTimeout: sleep } = require('node:timers/promises');
const { client } = require('./app');

/** @import { Church, Client } from '../types' */

const PASSWORD = 'a long enough password';
/** Members and messages that a church begins with, and is given again when they are gone. */
const MEMBERS = 3;
/** Rows that a deletion takes, but for a church's. */
const DELETED = 3;
/** Every so many deletions it is a whole church. */
const DEMISE = 7;
/** So often a request is repeated that the app is too busy for. */
const REPEATS = 10;

/** @param {string} name */
const accountOf = (name) => ({
  email: `${name}@example.org`,
  password: PASSWORD,
  churchName: `Church of ${name}`,
});

/**
 * @param {string} url
 * @param {{ name: string, checkToken: string }} options checkToken: of the app, which lets it past the limits of log-ins
 */
async function foundChurch(url, { name, checkToken }) {
  const account = accountOf(name);
  const church = {
    id: '',
    /** @type {string[]} */
    ids: [],
    /** @type {string[]} */
    cookies: [],
    timesFounded: 0,
    messages: 0,
    conversationsDeleted: 0,
    /** Logs in again, and makes what is gone, the church too. */
    async restore() {
      const pastor = client(url, { 'x-check-token': checkToken });
      const logIn = () => patiently(pastor, 'POST', '/login', { email: account.email, password: PASSWORD });
      let answer = await logIn();
      if (answer.status === 401) {
        church.timesFounded += 1;
        await patiently(pastor, 'POST', '/register', account);
        answer = await logIn();
      }
      if (answer.status !== 200) throw new Error(`the log-in of ${name} was answered ${answer.status}`);
      church.id = answer.body.churchId;
      // The cookies of a church that is gone stay in use for a while.
      church.cookies.unshift(pastor.cookie, pastor.cookie);
      church.cookies.splice(4);
      await addMembers(pastor);
    },
  };

  /** @param {Client} pastor */
  async function addMembers(pastor) {
    for (let n = 0; n < MEMBERS; n += 1) {
      const phone = `+155501000${n}`;
      const person = { firstName: 'A', lastName: 'B', phone, optInSms: true };
      const member = await patiently(pastor, 'POST', '/members', person);
      if (member.status !== 201) continue; // it has that one still
      const path = `/members/${member.body.id}/messages`;
      const { status, body } = await patiently(pastor, 'POST', path, { body: 'Hello' });
      church.ids.push(member.body.id);
      if (status !== 202) continue;
      church.ids.push(body.conversationId);
      church.messages += 1;
    }
  }

  await church.restore();
  return church;
}

/**
 * As a client does that heeds Retry-After.
 *
 * @param {Client} person
 * @param {Parameters<Client['request']>} request
 */
async function patiently(person, ...request) {
  let answer = await person.request(...request);
  for (let repeat = 0; repeat < REPEATS && answer.status === 503; repeat += 1) {
    await sleep(Number(answer.headers['retry-after']) * 1000);
    answer = await person.request(...request);
  }
  return answer;
}

/**
 * Deletes rows that are in use, as an operator may, and has people log in again.
 *
 * @param {{ query: (sql: string) => string }} postgres
 * @param {Church} church
 * @param {number} turn decides on what is deleted
 */
async function disturb(postgres, church, turn) {
  const isDemise = turn % DEMISE === 0;
  const table = isDemise ? 'Church' : turn % 3 === 0 ? 'Member' : 'Conversation';
  church.conversationsDeleted += isDemise ? conversationsOf(postgres, [church]) : DELETED;
  postgres.query(
    `DELETE FROM "${table}" WHERE id IN (SELECT id FROM "${table}"
      WHERE ${isDemise ? 'id' : '"churchId"'} = '${church.id}' LIMIT ${DELETED})`,
  );
  await church.restore();
}

/** @param {{ query: (sql: string) => string }} postgres @param {Church[]} churches */
function conversationsOf(postgres, churches) {
  const ids = churches.map(({ id }) => `'${id}'`).join();
  return Number(postgres.query(`SELECT count(*) FROM "Conversation" WHERE "churchId" IN (${ids})`));
}

module.exports = { accountOf, conversationsOf, disturb, foundChurch, patiently };
